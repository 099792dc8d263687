import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { endless, gated, stallBeforeHead, stallMidStream } from '../support/model-behaviours.ts'
import type { Behaviour } from '../support/model-server.ts'
import { polled } from '../support/proxy.ts'
import { type RawConnection, rawConnect } from '../support/raw-client.ts'
import { startTraffic } from '../support/traffic.ts'
import { chatBody, chatBytes, checkAudit, startWorld, type World } from '../support/world.ts'

const MODEL = 'gpt-4o-mini-scripted'
const streamBody = chatBody(MODEL, { stream: true })

/** The head and the first bytes of an answer that is no stream. */
const halfAnswer: Behaviour = ({ response }) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
  response.write('{"id"')
}

/** A stream that has begun and waits for its gate. */
async function begin(world: World, body = streamBody): Promise<RawConnection> {
  const connection = await rawConnect(world.proxy.port)
  connection.send(chatBytes(await world.token(), body))
  await connection.receives('"role":"assistant"')
  return connection
}

/** It has ended by itself with 0, `proxy-stopped` is its last word, and nothing of the audit is missing. */
async function endedInOrder(t: Test, world: World, reason: string): Promise<void> {
  t.equal((await world.proxy.exited).code, 0, 'exit code 0')
  await world.proxy.drained
  const last = world.proxy.audit.all().at(-1)
  t.same([last?.action, last?.get('event.reason')], ['proxy-stopped', reason], 'its last event')
  checkAudit(t, world)
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} lets what runs end, and lets nobody in`, async (t) => {
    const world = await startWorld(t)
    const { proxy, model } = world
    const gate = Promise.withResolvers<void>()
    model.script(MODEL, gated(gate.promise))
    const stream = await begin(world)
    t.equal((await proxy.admin('/readyz')).status, 200, 'ready before')
    proxy.signal(signal)
    await proxy.audit.action('proxy-draining')
    const { status, body } = await proxy.admin('/readyz')
    t.equal(status, 503, 'not ready while it drains')
    t.same(JSON.parse(body).reasons, ['draining'])
    t.equal((await proxy.admin('/healthz')).status, 200, 'but alive')
    await t.rejects(rawConnect(proxy.port), { code: 'ECONNREFUSED' }, 'a new connection is refused')
    gate.resolve()
    const answer = await stream.answer()
    t.match(answer.body.toString(), /\[DONE\]\n\n$/, 'the stream comes to its end')
    t.ok(answer.complete)
    t.equal(await stream.ended(), 'end', 'and its connection is closed')
    await endedInOrder(t, world, signal)
    t.equal(proxy.audit.withAction('completion-finished').length, 1)
  })
}

const shuttingDown = { code: 'shutting_down', type: 'server_error', param: null }

/** A request of each kind that does not come to its end by itself, and what became of it once the proxy ends it. */
async function unfinished(world: World) {
  const { proxy, model } = world
  model.script(MODEL, stallMidStream)
  model.script('gpt-4o-mini-silent', stallBeforeHead)
  model.script('gpt-4o-mini-half', halfAnswer)
  const bytes = async (model: string, stream = false) => chatBytes(await world.token(), chatBody(model, { stream }))
  const open = async (sent: Buffer) => {
    const connection = await rawConnect(proxy.port)
    connection.send(sent)
    return connection
  }
  const stream = await open(await bytes(MODEL, true))
  await stream.receives('data: ')
  const half = await open(await bytes('gpt-4o-mini-half'))
  await half.receives('{"id"')
  const silent = await open(await bytes('gpt-4o-mini-silent'))
  await model.arrival(3)
  const upload = await open((await bytes(MODEL)).subarray(0, -1))
  await polled(
    async () => /^sallyport_requests_active 4$/m.test((await proxy.admin('/metrics')).body),
    'the upload to be among those that run',
  )
  return { stream, half, silent, upload }
}

async function cutInOrder(t: Test, world: World, running: Awaited<ReturnType<typeof unfinished>>): Promise<void> {
  const { stream, half, silent, upload } = running
  const { proxy, model } = world
  for (const [name, connection] of [
    ['a request without an answer', silent],
    ['an upload', upload],
  ] as const) {
    const answer = await connection.answer()
    t.equal(answer.status, 503, name)
    t.match(JSON.parse(answer.body.toString()).error, shuttingDown, name)
    t.equal(answer.header('connection'), 'close', name)
  }
  const { body, complete } = await stream.answer()
  const events = body.toString().split('\n\n').filter(Boolean)
  t.match(
    JSON.parse(events.at(-1)?.replace('data: ', '') ?? '').error,
    shuttingDown,
    'a stream ends with an error event',
  )
  t.ok(complete, 'and in order')
  await Promise.all([half.ended(), stream.ended(), silent.ended(), upload.ended()])
  t.match(half.pending.toString(), /\{"id"$/, 'half an answer stays one')
  await endedInOrder(t, world, 'SIGTERM')
  const failed = proxy.audit.withAction('completion-failed')
  t.same(
    failed.map((line) => [line.get('event.reason'), line.get('error.type')]),
    Array.from({ length: 3 }, () => ['shutting_down', 'shutting_down']),
  )
  const [denied] = proxy.audit.withAction('request-denied')
  t.same([denied?.get('event.reason'), denied?.get('event.outcome')], ['shutting_down', 'failure'], 'the upload')
  t.equal(proxy.audit.withAction('completion-aborted').length, 0, 'no client has left')
  t.same(await Promise.all(model.requests.map(({ over }) => over)), ['aborted', 'aborted', 'aborted'])
}

t.test('what runs for longer than `drain` is told so, and audited as ended by the proxy', async (t) => {
  const world = await startWorld(t, { listen: { timeouts: { drain: '300ms' } } })
  const running = await unfinished(world)
  world.proxy.signal('SIGTERM')
  await cutInOrder(t, world, running)
})

t.test('a second signal, of whichever kind, ends what runs at once', async (t) => {
  const world = await startWorld(t, { listen: { timeouts: { drain: '5m' } } })
  const { proxy } = world
  const running = await unfinished(world)
  proxy.signal('SIGTERM')
  await proxy.audit.action('proxy-draining')
  t.equal(proxy.audit.withAction('proxy-stopped').length, 0, 'the first one waits')
  proxy.signal('SIGINT')
  await cutInOrder(t, world, running)
})

t.test('a client that does not read how its request ended does not hold the exit', async (t) => {
  const world = await startWorld(t, { listen: { timeouts: { drain: '100ms' } } })
  const { proxy, model } = world
  model.script(MODEL, endless({ bytes: 0 }))
  const stream = await rawConnect(proxy.port)
  t.teardown(() => stream.close())
  stream.send(chatBytes(await world.token(), streamBody))
  await stream.receives('data: ')
  stream.socket.pause()
  proxy.signal('SIGTERM')
  await endedInOrder(t, world, 'SIGTERM')
  t.equal(proxy.audit.withAction('completion-failed').at(0)?.get('event.reason'), 'shutting_down')
})

t.test('connections on which nothing runs do not hold the exit', async (t) => {
  const world = await startWorld(t, { listen: { timeouts: { drain: '5m', head: '5m', keep_alive: '5m' } } })
  const { proxy } = world
  const bytes = chatBytes(await world.token())
  const used = await rawConnect(proxy.port)
  used.send(bytes)
  t.equal((await used.answer()).status, 200)
  const silent = await rawConnect(proxy.port)
  // Answered on a later connection: the proxy has accepted the silent one by then.
  const later = await rawConnect(proxy.port)
  later.send(bytes)
  t.equal((await later.answer()).status, 200)
  proxy.signal('SIGTERM')
  t.equal(await used.ended(), 'end', 'one that was used')
  t.equal(await silent.ended(), 'end', 'one that never said anything')
  await endedInOrder(t, world, 'SIGTERM')
})

t.test('under load every request is answered whole or never began', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const bytes = [
    chatBytes(await world.token()),
    chatBytes(await world.token(), chatBody('gpt-4o-mini', { stream: true })),
  ]
  let count = 0
  const traffic = startTraffic(proxy.port, 16, () => bytes[count++ % 2] as Buffer)
  await model.arrival(100)
  proxy.signal('SIGTERM')
  await traffic.over
  await endedInOrder(t, world, 'SIGTERM')
  const statuses = new Set(traffic.answers.map(({ status, complete }) => `${status} ${complete}`))
  t.same([...statuses], ['200 true'], 'no answer is an error or cut')
  const authorized = proxy.audit.withAction('request-authorized').length
  t.same([model.requests.length, traffic.answers.length], [authorized, authorized], 'and each is in the audit')
})

t.test('who is cut while its credential is being checked: the event says what the answer said', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void silent.close())
  const issuer = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const world = await startWorld(t, {
    issuers: [{ name: 'corp', issuer, audience: ['sallyport'] }],
    listen: { timeouts: { drain: '200ms' } },
  })
  const [head, claims] = [
    { alg: 'RS256', typ: 'at+jwt' },
    { iss: issuer, aud: 'sallyport', sub: 'x', exp: 4e9 },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const connection = await rawConnect(world.proxy.port)
  connection.send(chatBytes(`${head}.${claims}.${'A'.repeat(342)}`))
  await polled(
    async () => /^sallyport_requests_active 1$/m.test((await world.proxy.admin('/metrics')).body),
    'the request',
  )
  const stopped = world.proxy.stop()
  const answer = await connection.answer()
  t.same([answer.status, answer.code], [503, 'shutting_down'])
  t.equal(await stopped, 0)
  const decision = await world.proxy.audit.decision(answer.header('x-request-id') ?? '')
  t.same([decision.action, decision.get('event.reason')], ['request-denied', 'shutting_down'])
  checkAudit(t, world)
})
