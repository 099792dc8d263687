import t from 'tap'
import * as behaviours from '../support/model-behaviours.ts'
import type { Behaviour } from '../support/model-server.ts'
import { routed, startPassthrough } from '../support/passthrough-world.ts'
import { polled } from '../support/proxy.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { rawConnect } from '../support/raw-client.ts'
import { ALICE, checkAudit, endInOrder, sent } from '../support/world.ts'

const PATH = '/vendor/row'
const PATIENCE = { connect: '1s', first_byte: '1s', idle: '1s', total: '10s' }
const TEXT = ['Content-Type: text/plain']

type Ending = readonly [status: number, action: string, reason?: string]

const failed = (status: number, reason: string): Ending => [status, 'completion-failed', reason]
const finished = (status = 200): Ending => [status, 'completion-finished']
const echoed: Behaviour = ({ request, response }) => {
  const key = request.header('authorization')?.slice('Bearer '.length) ?? ''
  response.writeHead(200, { 'content-type': 'text/plain', 'x-ratelimit-note': key })
  response.write(`the key is ${key.slice(0, 9)}`)
  setImmediate(() => response.end(`${key.slice(9)}, and that was it`))
}

const odd =
  (status: string): Behaviour =>
  (call) =>
    behaviours.raw(call, `HTTP/1.1 ${status} Odd\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{}`)

const rows: readonly (readonly [name: string, behaviour: Behaviour, ending: Ending])[] = [
  ['an answer with private headers', behaviours.privateHeaders, finished()],
  ['no content', behaviours.noContent, finished(204)],
  ['a stream, byte by byte', behaviours.drip, finished()],
  ['informational answers', behaviours.informational, finished()],
  ['a redirect', behaviours.redirect, failed(502, 'upstream_redirect')],
  ['not modified', behaviours.notModified, failed(502, 'upstream_redirect')],
  ['its own 401', behaviours.status(401), failed(502, 'upstream_401')],
  ['a compressed answer', behaviours.compressed, failed(502, 'bad_stream')],
  ['an upgrade that nobody asked for', behaviours.switchProtocols, failed(502, 'upstream_reset')],
  ['a status that is none', odd('099'), failed(502, 'upstream_reset')],
  ['a status past all', odd('999'), failed(502, 'bad_stream')],
  ['a head past any size', behaviours.hugeHeaders, failed(502, 'upstream_reset')],
  ['a split header', behaviours.splitHeader, failed(502, 'upstream_reset')],
  ['two framings', behaviours.bothFramings, failed(502, 'upstream_reset')],
  ['two lengths', behaviours.twoLengths, failed(502, 'upstream_reset')],
  ['a reset before the head', behaviours.resetBeforeHead, failed(502, 'upstream_reset')],
  ['silence before the head', behaviours.stallBeforeHead, failed(504, 'upstream_timeout')],
  ['a 400', behaviours.status(400), failed(400, 'upstream_4xx')],
  ['a 503', behaviours.status(503), failed(503, 'upstream_5xx')],
  ['an error that quotes the key', behaviours.echoKey, failed(400, 'upstream_4xx')],
  ['an answer that quotes the key', echoed, finished()],
  ['a reset in a stream', behaviours.resetMidStream, failed(200, 'upstream_reset')],
  ['silence in a stream', behaviours.stallMidStream, failed(200, 'upstream_timeout')],
  ['a stream of garbage', behaviours.garbageStream, finished()],
]

t.test('whatever the upstream does, the client and the audit are told what it was', async (t) => {
  // In this environment the library would fetch, and follow redirects.
  const world = await startPassthrough(t, { timeouts: PATIENCE, env: { FORCE_FETCH_PATH: 'true' } })
  const alice = await world.token(ALICE)
  for (const [name, behaviour, [status, action, reason]] of rows) {
    world.model.scriptPath(PATH, behaviour)
    const before = world.model.requests.length
    for (const bytes of [routed(alice, `POST ${PATH}`, 'abc', TEXT)]) {
      const { answer, decision } = await sent(world, bytes)
      t.equal(answer.status, status, name)
      t.equal(decision.action, 'request-authorized', `${name}: authorized`)
      const complete = await world.proxy.audit.complete(decision.requestId ?? '')
      t.same([complete.action, complete.get('event.reason')], [action, reason], `${name}: its end`)
      t.equal(complete.get('http.request.body.bytes'), 3, `${name}: what was sent`)
      t.notOk(
        answer.body.includes(UPSTREAM_KEY) || JSON.stringify(answer.headers).includes(UPSTREAM_KEY),
        `${name}: no key`,
      )
      const back = answer.headers.map(([header]) => header)
      const kept = back.filter((header) => Object.hasOwn(behaviours.PRIVATE_HEADERS, header) && header !== 'connection')
      t.same(kept, ['x-request-id'], `${name}: no private header`)
    }
    t.equal(world.model.requests.length, before + 1, `${name}: asked once`)
  }
  await endInOrder(t, world)
})

t.test('an upstream that is not there', async (t) => {
  const world = await startPassthrough(t, { timeouts: PATIENCE })
  const alice = await world.token(ALICE)
  await world.model.close()
  const { answer } = await sent(world, routed(alice, 'POST /vendor/x', 'abc', TEXT))
  t.same([answer.status, answer.code], [502, 'upstream_unavailable'])
  t.equal((await world.proxy.audit.action('completion-failed')).get('event.reason'), 'upstream_reset')
  await endInOrder(t, world)
})

t.test('a client leaves: the upstream is told, and the audit once', async (t) => {
  const world = await startPassthrough(t)
  const alice = await world.token(ALICE)
  let count = 0
  for (const [behaviour, waitFor] of [
    [behaviours.stallBeforeHead, null],
    [behaviours.stallMidStream, 'data: '],
    [behaviours.endless({ bytes: 0 }), 'data: '],
  ] as const) {
    world.model.scriptPath(PATH, behaviour)
    const connection = await rawConnect(world.proxy.port)
    connection.send(routed(alice, `POST ${PATH}`, 'abc', TEXT))
    const upstream = await world.model.arrival(++count)
    if (waitFor !== null) await connection.receives(waitFor)
    connection.close()
    t.equal(await upstream.over, 'aborted')
    t.equal((await world.proxy.audit.action('completion-aborted', count)).get('event.reason'), 'client_closed')
  }
  await polled(async () => world.model.open === 0, 'no connection upstream')
  await endInOrder(t, world)
})

t.test('a body that does not come whole is none for the upstream', async (t) => {
  const world = await startPassthrough(t, {
    listen: { max_upload: '64KiB', max_body: '64KiB', timeouts: { body: '1s' } },
  })
  const alice = await world.token(ALICE)
  world.model.scriptEarly(PATH, () => undefined)
  const begin = async (framing: string, body: string) => {
    const connection = await rawConnect(world.proxy.port)
    const before = world.model.requests.length
    connection.send(routed(alice, `POST ${PATH}`, body, [...TEXT, framing]))
    await polled(async () => world.model.requests.length > before, 'the head upstream')
    return { connection, upstream: world.model.requests[before] }
  }
  const left = await begin('Content-Length: 100', 'abc')
  left.connection.close()
  t.equal(await left.upstream?.over, 'aborted', 'the client left')
  t.equal((await world.proxy.audit.action('completion-aborted')).get('event.reason'), 'client_closed')
  const slow = await begin('Content-Length: 100', 'abc')
  t.equal((await slow.connection.answer()).code, 'request_timeout', 'the client is late')
  t.equal(await slow.upstream?.over, 'aborted')
  const large = await begin('Transfer-Encoding: chunked', `8000\r\n${'x'.repeat(0x8000)}\r\n`)
  large.connection.send(`8001\r\n${'x'.repeat(0x8001)}\r\n`)
  t.equal((await large.connection.answer()).code, 'body_too_large', 'it is too large')
  t.equal(await large.upstream?.over, 'aborted')
  const broken = await begin('Transfer-Encoding: chunked', '3\r\nabc\r\n')
  broken.connection.send('zz\r\n')
  t.equal((await broken.connection.answer()).code, 'invalid_body', 'it is not framed')
  t.equal(await broken.upstream?.over, 'aborted')
  for (const { connection } of [slow, large, broken]) connection.close()
  await endInOrder(t, world)
})

t.test('an answer that comes before the whole body leaves the connection in step', async (t) => {
  const world = await startPassthrough(t)
  const alice = await world.token(ALICE)
  world.model.scriptEarly(PATH, ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '5' }).end('early')
  })
  const connection = await rawConnect(world.proxy.port)
  connection.send(routed(alice, `POST ${PATH}`, 'abc', [...TEXT, 'Content-Length: 100000']))
  const first = await connection.answer()
  t.same([first.status, first.body.toString()], [200, 'early'])
  connection.send('x'.repeat(100000 - 3))
  connection.send(routed(alice, 'GET /vendor/x'))
  const second = await connection.answer('GET')
  t.same([second.status, JSON.parse(second.body.toString())], [200, { path: '/vendor/x', got: 0 }])
  connection.close()
  await endInOrder(t, world)
})

t.test('a drain lets what runs end, and ends what does not', async (t) => {
  for (const isOpened of [true, false]) {
    const world = await startPassthrough(t, { listen: { timeouts: { drain: isOpened ? '20s' : '100ms' } } })
    const alice = await world.token(ALICE)
    const gate = Promise.withResolvers<void>()
    world.model.scriptPath(PATH, behaviours.gated(gate.promise))
    const connection = await rawConnect(world.proxy.port)
    connection.send(routed(alice, `POST ${PATH}`, 'abc', TEXT))
    await connection.receives('data: ')
    world.proxy.signal('SIGTERM')
    await world.proxy.audit.action('proxy-draining')
    if (isOpened) gate.resolve()
    const answer = await connection.answer()
    t.match(answer.body.toString(), isOpened ? /\[DONE\]\n\n$/ : /shutting_down/)
    t.equal((await world.proxy.exited).code, 0)
    await world.proxy.drained
    checkAudit(t, world)
    gate.resolve()
  }
})
