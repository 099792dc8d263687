import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { APIError, type OpenAI } from 'openai'
import t, { type Test } from 'tap'
import { listening } from '../support/loopback.ts'
import { pageOf } from '../support/object-pages.ts'
import { clientOf, TWO_WORKSPACES } from '../support/two-workspaces.ts'
import { endInOrder, startWorld, type World } from '../support/world.ts'

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void

interface Scene {
  readonly world: World
  readonly client: OpenAI
  /** The targets that were asked for. */
  readonly seen: string[]
}

interface Running extends Scene {
  answer: Answer
}

async function begin(t: Test): Promise<Running> {
  const seen: string[] = []
  const running: { answer: Answer } = { answer: (_, __, response) => response.destroy() }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    seen.push(request.url ?? '')
    running.answer(request, Buffer.concat(chunks).toString(), response)
  })
  const { origin, close } = await listening(server)
  t.teardown(close)
  const world = await startWorld(t, {
    policy: TWO_WORKSPACES,
    upstream: `${origin}/v1`,
  })
  const client = await clientOf(world)
  return Object.assign(running, { world, client, seen })
}

const send = (response: ServerResponse, status: number, document: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document))
const store = (id: string, metadata: unknown, more = {}) => ({ id, object: 'vector_store', metadata, ...more })
const queryOf = ({ url = '' }: IncomingMessage) => new URLSearchParams(url.split('?')[1])

async function failure(promise: PromiseLike<unknown>): Promise<APIError> {
  const error = await Promise.resolve(promise).then(
    () => null,
    (error: unknown) => error,
  )
  if (!(error instanceof APIError)) throw new Error('it did not fail')
  return error
}

/** Learns the mark from what is made, and lists by `page`. */
function learning(page: (mark: unknown, query: URLSearchParams, response: ServerResponse) => void): Answer {
  let mark: unknown = null
  return (request, body, response) => {
    if (request.method === 'GET') return page(mark, queryOf(request), response)
    mark = JSON.parse(body).metadata
    send(response, 200, store('vs_made', mark))
  }
}

t.test('how the list of an account ends', async (t) => {
  const running = await begin(t)
  const { seen } = running
  const scene = (answer: Answer): Scene => {
    running.answer = answer
    seen.length = 0
    return running
  }
  await t.test('where nothing is found in as much as is looked through it is no empty page', async (t) => {
    const endless = learning((_, query, response) => {
      const from = Number(query.get('after')?.slice(3) ?? 0)
      const data = Array.from({ length: 100 }, (_, at) => store(`vs_${from + at + 1}`, null))
      send(response, 200, { object: 'list', data, has_more: true })
    })
    const { client, seen, world } = scene(endless)
    const { status, code, requestID } = await failure(client.vectorStores.list())
    t.same([status, code, seen.length], [504, 'upstream_timeout', 200])
    const decision = await world.proxy.audit.decision(requestID ?? '')
    t.equal(decision.action, 'request-authorized')
  })

  await t.test('where not all is found the answer goes on', async (t) => {
    const far = learning((mark, query, response) => {
      const from = Number(query.get('after')?.slice(3) ?? 0)
      const data = Array.from({ length: 100 }, (_, at) => {
        const number = from + at + 1
        return store(`vs_${number}`, number === 5 || number === 20_001 ? mark : null)
      })
      send(response, 200, { object: 'list', data, has_more: from < 25_000 })
    })
    const { client, seen } = scene(far)
    await client.vectorStores.create({})
    const found: string[] = []
    for await (const { id } of client.vectorStores.list()) found.push(id.slice(0, -32))
    t.same(found, ['vs_5', 'vs_20001'])
    t.equal(seen.filter((url) => url.includes('limit=100')).length, 200 + 251, 'and the next one begins there')
  })

  await t.test('an error of the upstream passes, without the mark', async (t) => {
    const failing = learning((mark, query, response) => {
      if (query.get('order') === 'asc')
        return send(response, 400, { error: { message: `bad ${JSON.stringify(mark)}` } })
      if (query.has('after')) return send(response, 503, { error: { message: 'busy', code: 'busy' } })
      send(response, 200, { object: 'list', data: [store('vs_1', mark)], has_more: true })
    })
    const { client } = scene(failing)
    await client.vectorStores.create({})
    const bad = await failure(client.vectorStores.list({ order: 'asc' }))
    t.equal(bad.status, 400)
    t.notMatch(JSON.stringify(bad.error), /spm1/)
    const busy = await failure(client.vectorStores.list())
    t.same([busy.status, busy.code], [503, 'busy'], 'also of a later page')
  })

  await t.test('pages that are too large are asked for in smaller ones', async (t) => {
    const name = 'x'.repeat(1024 * 1024)
    const large = learning((mark, query, response) => {
      const all = Array.from({ length: 21 }, (_, at) => store(`vs_${at}`, at % 2 === 0 ? mark : null, { name }))
      send(response, 200, pageOf(all as never, query))
    })
    const { client, seen } = scene(large)
    await client.vectorStores.create({})
    const found: string[] = []
    for await (const { id } of client.vectorStores.list()) found.push(id.slice(0, -32))
    t.same(
      found,
      Array.from({ length: 11 }, (_, at) => `vs_${at * 2}`),
    )
    t.ok(seen.some((url) => url.includes('limit=4')))
  })

  await t.test('what is no list is a fault', async (t) => {
    const { client } = scene((_, __, response) => send(response, 200, { data: 'x' }))
    const { status, code } = await failure(client.vectorStores.list())
    t.same([status, code], [502, 'upstream_unavailable'])
  })

  await t.test('a client that leaves is not looked for any more', async (t) => {
    const arrived = Promise.withResolvers<IncomingMessage>()
    const { client } = scene((request) => arrived.resolve(request))
    const left = new AbortController()
    const list = failure(client.vectorStores.list({}, { signal: left.signal }))
    const request = await arrived.promise
    const closed = new Promise((resolve) => request.socket.once('close', resolve))
    left.abort()
    await list
    await closed
    t.pass('the upstream is told')
  })

  await t.test('a stored chat that streams shows no mark', async (t) => {
    const { client } = scene((_, body, response) => {
      const { metadata } = JSON.parse(body)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const choices = [{ index: 0, delta: { content: 'hello' }, finish_reason: null }]
      for (const char of `data: ${JSON.stringify({ id: 'chatcmpl-1', metadata, choices })}\n\n`) response.write(char)
      response.end('data: [DONE]\n\n')
    })
    const request = { model: 'gpt-4o-mini', store: true, stream: true, metadata: { a: 'b' } } as const
    const stream = await client.chat.completions.create({ ...request, messages: [{ role: 'user', content: 'x' }] })
    const chunks: unknown[] = []
    for await (const chunk of stream) chunks.push(chunk)
    t.match(chunks, [{ metadata: { a: 'b' }, choices: [{ delta: { content: 'hello' } }] }])
    t.notMatch(JSON.stringify(chunks), /sallyport|spm1/)
  })
  await endInOrder(t, running.world)
})
