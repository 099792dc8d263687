import OpenAI from 'openai'
import t from 'tap'
import { sendJson } from '../support/model-answers.ts'
import type { ModelCall } from '../support/model-server.ts'
import { CAROL, endInOrder, startWorld, type World } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: { admin: { members: [{ group: 'admins' }] } },
  aliases: { voice: 'gpt-4o-mini-tts' },
  rules: [{ id: 'all', effect: 'allow', roles: ['admin'] }],
}
const MODEL = 'gpt-4o-mini'
const SOUND = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256))

/** An answer of the provider, as JSON. */
const says = (document: Parameters<typeof sendJson>[2]) => (call: ModelCall) => sendJson(call.response, 200, document)

const sends = (type: string, content: Buffer | string) => (call: ModelCall) =>
  void call.response.writeHead(200, { 'content-type': type, 'content-length': content.length }).end(content)

const streams =
  (...events: readonly (readonly [name: string, data: object])[]) =>
  (call: ModelCall) => {
    call.response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const [name, data] of events) call.response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    call.response.end('event: done\ndata: [DONE]\n\n')
  }

/** What went upstream last: method, target, and its headers by name. */
function last({ model }: World) {
  const request = model.requests.at(-1)
  if (!request) throw new Error('nothing went upstream')
  return { line: `${request.method} ${request.target}`, header: request.header, body: String(request.body) }
}

t.test('the official SDK calls other operations, and notices nothing', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off' })
  const { model, proxy } = world
  const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: await world.token(CAROL), maxRetries: 0 })
  const complete = (id: string | null | undefined) => proxy.audit.complete(id ?? '')

  await t.test('speech is bytes, whatever they are', async (t) => {
    model.scriptPath('/v1/audio/speech', sends('audio/mpeg', SOUND))
    const answer = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'hello' })
    t.ok(SOUND.equals(Buffer.from(await answer.arrayBuffer())), 'not one is changed')
    t.equal(answer.headers.get('content-type'), 'audio/mpeg')
    t.equal(last(world).header('accept'), '*/*')
    t.equal(JSON.parse(last(world).body).model, 'gpt-4o-mini-tts', 'the alias is resolved')
    t.equal((await complete(answer.headers.get('x-request-id'))).get('gen_ai.request.model'), 'gpt-4o-mini-tts')
  })

  await t.test('an image tells its usage', async (t) => {
    const usage = { input_tokens: 3, output_tokens: 5, total_tokens: 8 }
    model.scriptPath('/v1/images/generations', says({ created: 1, data: [{ b64_json: 'A'.repeat(9000) }], usage }))
    const { data, request_id: id } = await client.images.generate({ model: MODEL, prompt: 'a tree' }).withResponse()
    t.equal(data.data?.[0]?.b64_json?.length, 9000)
    const event = await complete(id)
    t.same([event.get('gen_ai.usage.input_tokens'), event.get('gen_ai.usage.output_tokens')], [3, 5])
  })

  await t.test('files are listed, read and deleted', async (t) => {
    model.scriptPath('/v1/files', says({ object: 'list', data: [{ id: 'file-1' }], has_more: false }))
    model.scriptPath('/v1/files/file-1', says({ id: 'file-1', object: 'file', deleted: true }))
    model.scriptPath('/v1/files/file-1/content', sends('application/octet-stream', SOUND))
    const page = await client.files.list({ after: 'file-0', purpose: 'batch', limit: 2 })
    t.same([page.data[0]?.id, last(world).line], ['file-1', 'GET /v1/files?after=file-0&purpose=batch&limit=2'])
    const content = await client.files.content('file-1')
    t.ok(SOUND.equals(Buffer.from(await content.arrayBuffer())), 'the content is what it was')
    t.equal((await client.files.delete('file-1')).deleted, true)
    t.equal(last(world).line, 'DELETE /v1/files/file-1')
  })

  await t.test('what is asked for without a body', async (t) => {
    model.scriptPath('/v1/batches/batch_1/cancel', says({ id: 'batch_1', status: 'cancelling' }))
    t.equal((await client.batches.cancel('batch_1')).status, 'cancelling')
    t.same([last(world).line, last(world).body], ['POST /v1/batches/batch_1/cancel', ''])
  })

  await t.test('a run of an assistant as a stream, under its beta header', async (t) => {
    const usage = { prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 }
    const run = { id: 'run_1', object: 'thread.run', model: MODEL, status: 'completed', usage }
    model.scriptPath('/v1/threads/thread_1/runs', streams(['thread.run.created', {}], ['thread.run.completed', run]))
    const { data: stream, request_id: id } = await client.beta.threads.runs
      .create('thread_1', { assistant_id: 'asst_1', model: MODEL, stream: true, include: ['x' as never] })
      .withResponse()
    const events: string[] = []
    for await (const { event } of stream) events.push(event)
    t.same(events, ['thread.run.created', 'thread.run.completed'])
    t.same([last(world).header('openai-beta'), last(world).header('accept')], ['assistants=v2', 'text/event-stream'])
    t.equal(last(world).line, 'POST /v1/threads/thread_1/runs?include%5B%5D=x')
    const event = await complete(id)
    t.same([event.get('gen_ai.request.model'), event.get('gen_ai.usage.output_tokens')], [MODEL, 4])
  })

  await t.test('a stored response as a stream', async (t) => {
    model.scriptPath('/v1/responses/resp_1', streams(['response.completed', { type: 'response.completed' }]))
    const stream = await client.responses.retrieve('resp_1', { stream: true, starting_after: 3 })
    const types: string[] = []
    for await (const { type } of stream) types.push(type)
    t.same([types, last(world).line], [['response.completed'], 'GET /v1/responses/resp_1?stream=true&starting_after=3'])
  })

  await t.test('pages follow one another', async (t) => {
    model.scriptPath('/v1/vector_stores/vs_1/files', (call) => {
      const isSecond = call.request.target.includes('after=')
      const data = [{ id: isSecond ? 'file-2' : 'file-1', object: 'vector_store.file' }]
      sendJson(call.response, 200, { object: 'list', data, has_more: !isSecond })
    })
    const ids: string[] = []
    for await (const file of client.vectorStores.files.list('vs_1', { limit: 1 })) ids.push(file.id)
    t.same([ids, last(world).line], [['file-1', 'file-2'], 'GET /v1/vector_stores/vs_1/files?limit=1&after=file-1'])
  })

  await t.test('an alias is one only where the model can stand in its place', async (t) => {
    const count = model.requests.length
    const grader = { type: 'score_model' as const, name: 'x', input: [], model: 'voice' }
    const graded = client.fineTuning.alpha.graders.run({ model_sample: 'x', grader })
    await t.rejects(graded, { status: 404, code: 'model_not_found' }, 'not further down in a body')
    const listed = client.chat.completions.list({ model: 'voice' })
    await t.rejects(listed, { status: 404, code: 'model_not_found' }, 'not in a query')
    t.equal(model.requests.length, count, 'nothing went upstream')
    model.scriptPath('/v1/fine_tuning/checkpoints/gpt-4o-mini-tts/permissions', says({ data: [] }))
    await client.get('/fine_tuning/checkpoints/voice/permissions')
    t.equal(last(world).line, 'GET /v1/fine_tuning/checkpoints/gpt-4o-mini-tts/permissions', 'but in a path')
  })

  await t.test('what is not carried is an error of the SDK’s own', async (t) => {
    const count = model.requests.length
    const call = client.realtime.calls.accept('rtc_1', { type: 'realtime' })
    await t.rejects(call, { status: 404, code: 'unknown_endpoint' })
    t.equal(model.requests.length, count, 'nothing went upstream')
  })

  await endInOrder(t, world)
})
