import type OpenAI from 'openai'

export type Ids = { readonly [name: string]: string }
export type Use = (client: OpenAI, ids: Ids) => Promise<unknown>

/** Everything that can be done with objects of a type by their ids. */
export interface ObjectType {
  readonly name: string
  /** Makes one, and what stands below it. */
  readonly make: (client: OpenAI) => Promise<Ids>
  /** Those that end it come last. Each one names an id of `make`. */
  readonly uses: { readonly [name: string]: Use }
}

const MODEL = 'gpt-4o-mini'
const text = (content: string) => ({ role: 'user' as const, content })

/** A file as far as JSON reaches: the one that an upload becomes. */
export async function newFile(client: OpenAI): Promise<string> {
  const upload = await client.uploads.create({ bytes: 1, filename: 'a', mime_type: 'text/plain', purpose: 'user_data' })
  const { file } = await client.uploads.complete(upload.id, { part_ids: [] })
  return file?.id ?? ''
}

const LINE = '{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"gpt-4o-mini","input":"x"}}'

/** A file that was judged for embeddings. */
export async function newBatchFile(client: OpenAI): Promise<string> {
  return (await client.files.create({ file: new File([LINE], 'a.jsonl'), purpose: 'batch' })).id
}

const one = (list: { readonly data: readonly { readonly id?: string | null }[] }) => list.data[0]?.id ?? ''

export const OBJECT_TYPES: readonly ObjectType[] = [
  {
    name: 'files',
    make: async (client) => ({ file: await newFile(client) }),
    uses: {
      get: (client, { file = '' }) => client.files.retrieve(file),
      content: (client, { file = '' }) => client.files.content(file),
      'in a message': (client, { file: file_id = '' }) => {
        const content = [{ type: 'input_file' as const, file_id }]
        return client.responses.create({ model: MODEL, input: [{ role: 'user', content }] })
      },
      'in a chat': (client, { file: file_id = '' }) => {
        const content = [{ type: 'file' as const, file: { file_id } }]
        return client.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content }] })
      },
      delete: (client, { file = '' }) => client.files.delete(file),
    },
  },
  {
    name: 'uploads',
    make: async (client) => {
      const made = await client.uploads.create({
        bytes: 1,
        filename: 'a',
        mime_type: 'text/plain',
        purpose: 'user_data',
      })
      return { upload: made.id }
    },
    uses: {
      complete: (client, { upload = '' }) => client.uploads.complete(upload, { part_ids: [] }),
      cancel: (client, { upload = '' }) => client.uploads.cancel(upload),
    },
  },
  {
    name: 'responses',
    make: async (client) => {
      const made = await client.responses.create({ model: MODEL, input: 'hello' })
      return { response: made.id, item: made.output[0]?.id ?? '' }
    },
    uses: {
      get: (client, { response = '' }) => client.responses.retrieve(response),
      'get as a stream': async (client, { response = '' }) => {
        for await (const _ of await client.responses.retrieve(response, { stream: true }));
      },
      'list below it': (client, { response = '' }) => client.responses.inputItems.list(response),
      'go on with it': (client, { response = '' }) =>
        client.responses.create({ model: MODEL, input: 'x', previous_response_id: response }),
      'go on with it as a stream': async (client, { response = '' }) => {
        const asked = { model: MODEL, input: 'x', previous_response_id: response, stream: true } as const
        for await (const _ of await client.responses.create(asked));
      },
      'refer to an item': (client, { item: id = '' }) =>
        client.responses.create({ model: MODEL, input: [{ type: 'item_reference', id }] }),
      compact: (client, { response = '' }) =>
        client.responses.compact({ model: MODEL, previous_response_id: response }),
      cancel: (client, { response = '' }) => client.responses.cancel(response),
      delete: (client, { response = '' }) => client.delete(`/responses/${response}`),
    },
  },
  {
    name: 'conversations',
    make: async (client) => {
      const { id } = await client.conversations.create({})
      const items = await client.conversations.items.create(id, { items: [{ ...text('a'), type: 'message' }] })
      return { conversation: id, item: one(items) }
    },
    uses: {
      get: (client, { conversation = '' }) => client.conversations.retrieve(conversation),
      update: (client, { conversation = '' }) => client.conversations.update(conversation, { metadata: { a: 'b' } }),
      'go on with it': (client, { conversation = '' }) =>
        client.responses.create({ model: MODEL, input: 'x', conversation }),
      'go on with it as an object': (client, { conversation: id = '' }) =>
        client.responses.create({ model: MODEL, input: 'x', conversation: { id } }),
      'list below it': (client, { conversation = '' }) => client.conversations.items.list(conversation),
      'get an item': (client, { conversation = '', item = '' }) =>
        client.conversations.items.retrieve(item, { conversation_id: conversation }),
      'delete an item': (client, { conversation = '', item = '' }) =>
        client.conversations.items.delete(item, { conversation_id: conversation }),
      delete: (client, { conversation = '' }) => client.conversations.delete(conversation),
    },
  },
  {
    name: 'stored chats',
    make: async (client) => {
      const asked = { model: MODEL, messages: [text('a')], store: true, modalities: ['text', 'audio'] as never }
      const { id, choices } = await client.chat.completions.create(asked)
      return { chat: id, audio: choices[0]?.message.audio?.id ?? '' }
    },
    uses: {
      get: (client, { chat = '' }) => client.chat.completions.retrieve(chat),
      update: (client, { chat = '' }) => client.chat.completions.update(chat, { metadata: { a: 'b' } }),
      'list below it': (client, { chat = '' }) => client.chat.completions.messages.list(chat),
      'go on with what was said': (client, { audio: id = '' }) => {
        const messages = [{ role: 'assistant' as const, audio: { id } }, text('b')]
        return client.chat.completions.create({ model: MODEL, messages })
      },
      delete: (client, { chat = '' }) => client.chat.completions.delete(chat),
    },
  },
  {
    name: 'batches',
    make: async (client) => {
      const file = await newBatchFile(client)
      const asked = { input_file_id: file, endpoint: '/v1/embeddings', completion_window: '24h' } as const
      return { file, batch: (await client.batches.create(asked)).id }
    },
    uses: {
      get: (client, { batch = '' }) => client.batches.retrieve(batch),
      create: (client, { file = '' }) =>
        client.batches.create({ input_file_id: file, endpoint: '/v1/embeddings', completion_window: '24h' }),
      cancel: (client, { batch = '' }) => client.batches.cancel(batch),
    },
  },
  {
    name: 'videos',
    make: async (client) => {
      const { id }: { id: string } = await client.post('/videos', { body: { model: MODEL, prompt: 'x' } })
      return { video: id }
    },
    uses: {
      get: (client, { video = '' }) => client.videos.retrieve(video),
      content: (client, { video = '' }) => client.videos.downloadContent(video),
      edit: (client, { video: id = '' }) => client.post('/videos/edits', { body: { prompt: 'x', video: { id } } }),
      remix: (client, { video = '' }) => client.post(`/videos/${video}/remix`, { body: { prompt: 'x' } }),
      delete: (client, { video = '' }) => client.videos.delete(video),
    },
  },
  {
    name: 'fine-tuning jobs',
    make: async (client) => {
      const { id } = await client.fineTuning.jobs.create({ model: MODEL, training_file: await newFile(client) })
      return { job: id, file: await newFile(client) }
    },
    uses: {
      get: (client, { job = '' }) => client.fineTuning.jobs.retrieve(job),
      create: (client, { file = '' }) => client.fineTuning.jobs.create({ model: MODEL, training_file: file }),
      'list below it': (client, { job = '' }) => client.fineTuning.jobs.listEvents(job),
      checkpoints: (client, { job = '' }) => client.fineTuning.jobs.checkpoints.list(job),
      pause: (client, { job = '' }) => client.fineTuning.jobs.pause(job),
      resume: (client, { job = '' }) => client.fineTuning.jobs.resume(job),
      cancel: (client, { job = '' }) => client.fineTuning.jobs.cancel(job),
    },
  },
]
