import { Readable } from 'node:stream'
import OpenAI, { toFile } from 'openai'
import t, { type Test } from 'tap'
import { type ReadPart, readBusboy, readFetch } from '../support/form-readers.ts'
import type { Behaviour } from '../support/model-server.ts'
import { ALICE, endInOrder, startWorld } from '../support/world.ts'

const WAVE = Buffer.from('RIFF\r\n--sallyport\r\n\0\xff wave', 'latin1')
const POLICY = {
  version: 1,
  aliases: { hear: 'gpt-4o-transcribe' },
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    {
      id: 'media',
      effect: 'allow',
      roles: ['analyst'],
      models: ['gpt-4o-transcribe', 'gpt-image-1'],
      operations: ['audio.transcribe', 'audio.translate', 'images.edit', 'images.variation'],
    },
    { id: 'files', effect: 'allow', roles: ['analyst'], operations: ['files.*', 'uploads.*'] },
  ],
}

const answering =
  (document: object): Behaviour =>
  ({ response }) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))

async function world(t: Test) {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off' })
  const client = new OpenAI({ baseURL: world.proxy.baseUrl, apiKey: await world.token(ALICE), maxRetries: 0 })
  /** What the upstream was sent last, as two other readers take it, and what the audit says of it. */
  const sent = async (id: string | null | undefined) => {
    const request = world.model.requests.at(-1)
    const type = request?.header('content-type') ?? ''
    const body = request?.body ?? Buffer.alloc(0)
    const [busboy, fetched] = await Promise.all([readBusboy(type, body), readFetch(type, body)])
    t.same(busboy, fetched, 'two readers take it for the same')
    t.equal(request?.header('content-length'), String(body.length), 'with its length')
    t.match(type, /^multipart\/form-data; boundary=[0-9a-f]{48}$/, 'the boundary is ours')
    return { parts: busboy ?? [], decision: await world.proxy.audit.decision(id ?? '') }
  }
  return { world, client, sent, ...world }
}

/** The status of a refusal and the parameter that it names. */
const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no refusal',
    (error: unknown) => (error instanceof OpenAI.APIError ? [error.status, error.param] : error),
  )

const fieldOf = (parts: readonly ReadPart[], name: string) =>
  parts.filter((part) => part.name === name).map(({ text }) => text)

t.test('the official SDK sends forms', async (t) => {
  const { world: all, client, sent, model } = await world(t)
  const wave = () => toFile(WAVE, 'hello.wav', { type: 'audio/wav' })
  const usage = { type: 'tokens', input_tokens: 14, output_tokens: 5, total_tokens: 19 }

  await t.test('audio.transcriptions, under an alias', async (t) => {
    model.scriptPath('/v1/audio/transcriptions', answering({ text: 'hello', usage }))
    const { data, request_id: id } = await client.audio.transcriptions
      .create({ file: await wave(), model: 'hear', include: ['logprobs'], chunking_strategy: { type: 'server_vad' } })
      .withResponse()
    t.equal(data.text, 'hello')
    const { parts, decision } = await sent(id)
    t.same(fieldOf(parts, 'file'), [WAVE.toString('latin1')], 'the file is the very one')
    t.same(fieldOf(parts, 'model'), ['gpt-4o-transcribe'], 'one model part, with the model that was decided')
    t.equal(decision.get('gen_ai.request.model'), 'gpt-4o-transcribe')
    t.equal(decision.get('sallyport.operation'), 'audio.transcribe')
    const complete = await all.proxy.audit.complete(id ?? '')
    t.equal(complete.get('gen_ai.usage.input_tokens'), 14, 'the audit knows the usage')
  })

  await t.test('audio.transcriptions as a stream', async (t) => {
    model.scriptPath('/v1/audio/transcriptions', ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"type":"transcript.text.delta","delta":"hel"}\n\n')
      response.end('data: {"type":"transcript.text.done","text":"hello"}\n\n')
    })
    const { data, request_id: id } = await client.audio.transcriptions
      .create({ file: await wave(), model: 'gpt-4o-transcribe', stream: true })
      .withResponse()
    const types: string[] = []
    for await (const event of data) types.push(event.type)
    t.same(types, ['transcript.text.delta', 'transcript.text.done'])
    const { parts, decision } = await sent(id)
    t.same(fieldOf(parts, 'stream'), ['true'])
    t.equal(decision.get('sallyport.stream'), true)
    t.equal(model.requests.at(-1)?.header('accept'), 'text/event-stream')
  })

  await t.test('images', async (t) => {
    model.scriptPath('/v1/images/edits', answering({ created: 1, data: [] }))
    model.scriptPath('/v1/images/variations', answering({ created: 1, data: [] }))
    const image = () => toFile(Buffer.from('PNG'), 'a.png', { type: 'image/png' })
    const edit = await client.images
      .edit({ image: [await image(), await image()], prompt: 'a cat', model: 'gpt-image-1', n: 2 })
      .withResponse()
    const edited = await sent(edit.request_id)
    t.same(fieldOf(edited.parts, 'image[]'), ['PNG', 'PNG'])
    t.same(fieldOf(edited.parts, 'model'), ['gpt-image-1'])
    t.equal(edited.decision.get('gen_ai.request.model'), 'gpt-image-1')
    const varied = await client.images.createVariation({ image: await image(), model: 'gpt-image-1' }).withResponse()
    t.same(fieldOf((await sent(varied.request_id)).parts, 'image'), ['PNG'])
    t.same(await refusal(client.images.edit({ image: await image(), prompt: 'x', model: 'dall-e-2' })), [404, 'model'])
  })

  await t.test('files and uploads in parts', async (t) => {
    model.scriptPath('/v1/files', answering({ id: 'file-1', object: 'file' }))
    model.scriptPath('/v1/uploads/upload_1/parts', answering({ id: 'part_1', object: 'upload.part' }))
    // Chunked, and larger than what is kept in memory.
    const large = Buffer.alloc(300 * 1024, 'line of a file\r\n')
    const stream = await toFile(Readable.from([large.subarray(0, 100_000), large.subarray(100_000)]), 'a.txt')
    const file = await client.files.create({ file: stream, purpose: 'user_data' }).withResponse()
    const { parts } = await sent(file.request_id)
    t.same(fieldOf(parts, 'file'), [large.toString('latin1')])
    t.same(fieldOf(parts, 'purpose'), ['user_data'])
    const part = await client.uploads.parts
      .create('upload_1', { data: await toFile(Buffer.from('part'), 'part') })
      .withResponse()
    t.same(fieldOf((await sent(part.request_id)).parts, 'data'), ['part'])

    const before = model.requests.length
    const lines = await toFile(Buffer.from('{}\n'), 'a.jsonl')
    t.same(await refusal(client.files.create({ file: lines, purpose: 'batch' })), [400, 'purpose'])
    const whole = { bytes: 3, filename: 'a.jsonl', mime_type: 'application/jsonl' }
    t.same(await refusal(client.uploads.create({ ...whole, purpose: 'batch' })), [400, 'purpose'])
    t.equal(model.requests.length, before, 'where no seal could bind them, batches are refused by name')
  })
  await endInOrder(t, all)
})
