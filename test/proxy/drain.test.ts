import t, { type Test } from 'tap'
import { gated, stallBeforeHead, stallMidStream } from '../support/model-behaviours.ts'
import { type RawConnection, rawConnect } from '../support/raw-client.ts'
import { startTraffic } from '../support/traffic.ts'
import { chatBody, chatBytes, checkAudit, startWorld, type World } from '../support/world.ts'

const MODEL = 'gpt-4o-mini-scripted'
const streamBody = chatBody(MODEL, { stream: true })

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

t.test('what runs for longer than `drain` is cut and audited', async (t) => {
  const world = await startWorld(t, { listen: { timeouts: { drain: '300ms' } } })
  const { proxy, model } = world
  model.script(MODEL, stallMidStream)
  model.script('gpt-4o-mini-silent', stallBeforeHead)
  const stream = await rawConnect(proxy.port)
  stream.send(chatBytes(await world.token(), streamBody))
  await stream.receives('data: ')
  const silent = await rawConnect(proxy.port)
  silent.send(chatBytes(await world.token(), chatBody('gpt-4o-mini-silent')))
  await model.arrival(2)
  proxy.signal('SIGTERM')
  await Promise.all([stream.ended(), silent.ended()])
  t.notMatch(stream.pending.toString(), /\[DONE\]|\r\n0\r\n\r\n$/, 'the client can tell that it is not complete')
  t.equal(silent.pending.length, 0)
  await endedInOrder(t, world, 'SIGTERM')
  t.equal(proxy.audit.withAction('completion-aborted').length, 2)
  t.same(await Promise.all(model.requests.map(({ over }) => over)), ['aborted', 'aborted'], 'the upstream is told')
})

t.test('a second signal, of whichever kind, cuts at once', async (t) => {
  const world = await startWorld(t, { listen: { timeouts: { drain: '5m' } } })
  const { proxy, model } = world
  model.script(MODEL, stallMidStream)
  const stream = await rawConnect(proxy.port)
  stream.send(chatBytes(await world.token(), streamBody))
  await stream.receives('data: ')
  proxy.signal('SIGTERM')
  await proxy.audit.action('proxy-draining')
  t.equal(proxy.audit.withAction('proxy-stopped').length, 0, 'the first one waits')
  proxy.signal('SIGINT')
  await stream.ended()
  await endedInOrder(t, world, 'SIGTERM')
  t.equal(proxy.audit.withAction('completion-aborted').length, 1)
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
