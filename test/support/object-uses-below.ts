import { newFile, type ObjectType } from './object-uses.ts'

const MODEL = 'gpt-4o-mini'
const RUN = { type: 'jsonl' as const, source: { type: 'file_content' as const, content: [] } }

/** Types whose objects stand below one another. */
export const NESTED_TYPES: readonly ObjectType[] = [
  {
    name: 'assistants',
    make: async (client) => ({ assistant: (await client.beta.assistants.create({ model: MODEL })).id }),
    uses: {
      get: (client, { assistant = '' }) => client.beta.assistants.retrieve(assistant),
      update: (client, { assistant = '' }) => client.beta.assistants.update(assistant, { model: MODEL }),
      'run it': (client, { assistant = '' }) =>
        client.beta.threads.createAndRun({ assistant_id: assistant, model: MODEL }),
      delete: (client, { assistant = '' }) => client.beta.assistants.delete(assistant),
    },
  },
  {
    name: 'threads, their messages and runs',
    make: async (client) => {
      const thread = (await client.beta.threads.create({})).id
      const message = (await client.beta.threads.messages.create(thread, { role: 'user', content: 'a' })).id
      const assistant = (await client.beta.assistants.create({ model: MODEL })).id
      const run = (await client.beta.threads.runs.create(thread, { assistant_id: assistant, model: MODEL })).id
      const [step] = (await client.beta.threads.runs.steps.list(run, { thread_id: thread })).data
      return { thread, message, run, step: step?.id ?? '', assistant }
    },
    uses: {
      get: (client, { thread = '' }) => client.beta.threads.retrieve(thread),
      update: (client, { thread = '' }) => client.beta.threads.update(thread, { metadata: { a: 'b' } }),
      'list below it': (client, { thread = '' }) => client.beta.threads.messages.list(thread),
      'get a message': (client, { thread = '', message = '' }) =>
        client.beta.threads.messages.retrieve(message, { thread_id: thread }),
      'list from a message on': (client, { thread = '', message = '' }) =>
        client.beta.threads.messages.list(thread, { after: message }),
      'update a message': (client, { thread = '', message = '' }) =>
        client.beta.threads.messages.update(message, { thread_id: thread, metadata: {} }),
      'run it': (client, { thread = '', assistant = '' }) =>
        client.beta.threads.runs.create(thread, { assistant_id: assistant, model: MODEL }),
      'run it as a stream': async (client, { thread = '', assistant = '' }) => {
        const asked = { assistant_id: assistant, model: MODEL, stream: true } as const
        for await (const _ of await client.beta.threads.runs.create(thread, asked));
      },
      'list its runs': (client, { thread = '' }) => client.beta.threads.runs.list(thread),
      'get a run': (client, { thread = '', run = '' }) => client.beta.threads.runs.retrieve(run, { thread_id: thread }),
      'get a step': (client, { thread = '', run = '', step = '' }) =>
        client.beta.threads.runs.steps.retrieve(step, { thread_id: thread, run_id: run }),
      'answer a tool': (client, { thread = '', run = '' }) => {
        const tool_outputs = [{ tool_call_id: 'call_1', output: '{"file_id":"file-1"}' }]
        return client.beta.threads.runs.submitToolOutputs(run, { thread_id: thread, tool_outputs })
      },
      'cancel a run': (client, { thread = '', run = '' }) =>
        client.beta.threads.runs.cancel(run, { thread_id: thread }),
      'delete a message': (client, { thread = '', message = '' }) =>
        client.beta.threads.messages.delete(message, { thread_id: thread }),
      delete: (client, { thread = '' }) => client.beta.threads.delete(thread),
    },
  },
  {
    name: 'vector stores',
    make: async (client) => {
      const file = await newFile(client)
      const store = (await client.vectorStores.create({ file_ids: [file] })).id
      return { store, file, batch: (await client.vectorStores.fileBatches.create(store, { file_ids: [file] })).id }
    },
    uses: {
      get: (client, { store = '' }) => client.vectorStores.retrieve(store),
      'put a file into it': (client, { store = '', file = '' }) =>
        client.vectorStores.files.create(store, { file_id: file }),
      'get a file': (client, { store = '', file = '' }) =>
        client.vectorStores.files.retrieve(file, { vector_store_id: store }),
      'list below it': (client, { store = '' }) => client.vectorStores.files.list(store),
      'get a batch': (client, { store = '', batch = '' }) =>
        client.vectorStores.fileBatches.retrieve(batch, { vector_store_id: store }),
      'list a batch': (client, { store = '', batch = '' }) =>
        client.vectorStores.fileBatches.listFiles(batch, { vector_store_id: store }),
      search: (client, { store = '' }) => client.post(`/vector_stores/${store}/search`, { body: { query: 'x' } }),
      'in a tool': (client, { store = '' }) => {
        const tools = [{ type: 'file_search' as const, vector_store_ids: [store] }]
        return client.responses.create({ model: MODEL, input: 'x', tools })
      },
      'in an assistant': (client, { store = '' }) => {
        const tool_resources = { file_search: { vector_store_ids: [store] } }
        return client.beta.assistants.create({ model: MODEL, tool_resources })
      },
      'cancel a batch': (client, { store = '', batch = '' }) =>
        client.vectorStores.fileBatches.cancel(batch, { vector_store_id: store }),
      delete: (client, { store = '' }) => client.vectorStores.delete(store),
    },
  },
  {
    name: 'containers',
    make: async (client) => {
      const container = (await client.containers.create({ name: 'x' })).id
      const [file] = (await client.containers.files.list(container)).data
      return { container, file: file?.id ?? '' }
    },
    uses: {
      get: (client, { container = '' }) => client.containers.retrieve(container),
      'list below it': (client, { container = '' }) => client.containers.files.list(container),
      'get a file': (client, { container = '', file = '' }) =>
        client.containers.files.retrieve(file, { container_id: container }),
      'the content of a file': (client, { container = '', file = '' }) =>
        client.containers.files.content.retrieve(file, { container_id: container }),
      'in a tool': (client, { container = '' }) =>
        client.responses.create({ model: MODEL, input: 'x', tools: [{ type: 'code_interpreter', container }] }),
      'delete a file': (client, { container = '', file = '' }) =>
        client.delete(`/containers/${container}/files/${file}`),
      delete: (client, { container = '' }) => client.delete(`/containers/${container}`),
    },
  },
  {
    name: 'evals',
    make: async (client) => {
      const data_source_config = { type: 'custom', item_schema: {} } as const
      const id = (await client.evals.create({ data_source_config, testing_criteria: [] })).id
      const run = (await client.evals.runs.create(id, { data_source: RUN })).id
      const [item] = (await client.evals.runs.outputItems.list(run, { eval_id: id })).data
      return { eval: id, run, item: item?.id ?? '' }
    },
    uses: {
      get: (client, ids) => client.evals.retrieve(ids.eval ?? ''),
      update: (client, ids) => client.evals.update(ids.eval ?? '', { name: 'x' }),
      'run it': (client, ids) => client.evals.runs.create(ids.eval ?? '', { data_source: RUN }),
      'list below it': (client, ids) => client.evals.runs.list(ids.eval ?? ''),
      'get a run': (client, ids) => client.evals.runs.retrieve(ids.run ?? '', { eval_id: ids.eval ?? '' }),
      'get an item': (client, { eval: eval_id = '', run: run_id = '', item = '' }) =>
        client.evals.runs.outputItems.retrieve(item, { eval_id, run_id }),
      'cancel a run': (client, ids) => client.evals.runs.cancel(ids.run ?? '', { eval_id: ids.eval ?? '' }),
      delete: (client, ids) => client.evals.delete(ids.eval ?? ''),
    },
  },
]
