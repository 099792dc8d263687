import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { AuditStream } from '../support/audit-stream.ts'
import { gated } from '../support/model-behaviours.ts'
import { polled } from '../support/proxy.ts'
import { type RawConnection, rawConnect, rawRequest } from '../support/raw-client.ts'
import { startTraffic } from '../support/traffic.ts'
import { within } from '../support/within.ts'
import { chatBody, chatBytes, checkAudit, endInOrder, startWorld, type World } from '../support/world.ts'

/** Requests one after the other until one is refused; those before it were served. Bounded. */
async function untilRefused(world: World, bytes: Buffer): Promise<{ served: number; code: string | undefined }> {
  for (let served = 0; served < 2000; served++) {
    const answer = await rawRequest(world.proxy.port, bytes)
    if (answer.status !== 200) return { served, code: `${answer.status} ${answer.code}` }
  }
  return { served: 2000, code: undefined }
}

const ready = async ({ proxy }: World) => (await proxy.admin('/readyz')).status

for (const stdout of ['full', 'closed'] as const) {
  t.test(`stdout is ${stdout === 'full' ? '/dev/full' : 'closed'} from the start`, async (t) => {
    const world = await startWorld(t, { stdout })
    const { proxy, model } = world
    const bytes = chatBytes(await world.token())
    await polled(async () => (await ready(world)) === 503, 'readiness to fail')
    for (let round = 0; round < 5; round++) {
      const answer = await rawRequest(proxy.port, bytes)
      t.same([answer.status, answer.code], [503, 'audit_unavailable'])
      t.ok(answer.header('retry-after'), 'says that it may be tried again')
    }
    const stranger = await rawRequest(proxy.port, chatBytes('nonsense'))
    t.same([stranger.status, stranger.code], [503, 'audit_unavailable'], 'strangers, too')
    t.same([model.connections, model.bytesReceived], [0, 0], 'the upstream got no byte')
    t.equal((await proxy.admin('/healthz')).status, 200, 'the process lives')
    t.match(proxy.stderr, /audit/, 'a diagnostic says why')
    t.notMatch(proxy.stderr, new RegExp(await world.token()))
  })
}

t.test('stdout is closed while it runs', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const bytes = chatBytes(await world.token())
  t.equal((await rawRequest(proxy.port, bytes)).status, 200, 'served while it was open')
  await proxy.audit.action('completion-finished')
  proxy.closeStdout()
  const { served, code } = await untilRefused(world, bytes)
  t.same([served, code], [0, '503 audit_unavailable'], 'the first request behind the close is refused')
  t.equal(model.requests.length, 1, 'the upstream got none of it')
  t.equal(await ready(world), 503)
  t.equal((await rawRequest(proxy.port, bytes)).status, 503, 'and stays refused')
  checkAudit(t, world)
})

t.test('nobody reads stdout for a while', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const bytes = chatBytes(await world.token())
  t.equal((await rawRequest(proxy.port, bytes)).status, 200)
  proxy.stopReading()
  const { served, code } = await untilRefused(world, bytes)
  t.equal(code, '503 audit_unavailable')
  t.ok(served > 0, `${served} were served while the pipe took their events`)
  t.equal(model.requests.length, served + 1, 'the refused one did not reach the upstream')
  const reached = model.requests.length
  for (let round = 0; round < 3; round++) t.equal((await rawRequest(proxy.port, bytes)).status, 503)
  t.equal(model.requests.length, reached, 'nor did any other')
  t.equal(await ready(world), 503)
  proxy.resumeReading()
  await polled(async () => (await ready(world)) === 200, 'recovery')
  t.equal((await rawRequest(proxy.port, bytes)).status, 200, 'served again')
  await proxy.audit.action('audit-recovered')
  t.equal(await proxy.stop(), 0)
  // A busy machine may starve the reader a second time: then that is another outage, told like the first.
  const recovered = proxy.audit.withAction('audit-recovered')
  t.equal(proxy.audit.withAction('audit-degraded').length, recovered.length, 'each outage is told once, and its end')
  const named = recovered.filter((line) => line.get('sallyport.refused_request_id') !== undefined).length
  const authorized = proxy.audit.withAction('request-authorized').length
  t.equal(authorized - named, model.requests.length, 'one authorization for each request that reached the upstream')
  checkAudit(t, world)
})

t.test('stdout is a file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'audit.ndjson')
  const world = await startWorld(t, { stdout: { file } })
  const bytes = chatBytes(await world.token())
  for (let round = 0; round < 3; round++) t.equal((await rawRequest(world.proxy.port, bytes)).status, 200)
  t.equal(await world.proxy.stop(), 0)
  const stream = new AuditStream()
  stream.push(readFileSync(file))
  t.equal(stream.withAction('request-authorized').length, 3)
  t.equal(stream.withAction('completion-finished').length, 3)
  t.equal(stream.all().at(-1)?.action, 'proxy-stopped')
})

/** The models that requests named upstream, and those that decisions let through, each as often as it was named. */
function named({ proxy, model }: World): { readonly arrived: string[]; readonly decided: string[] } {
  const refused = new Set(proxy.audit.all().map((line) => line.get('sallyport.refused_request_id')))
  const decisions = proxy.audit.withAction('request-authorized').filter(({ requestId }) => !refused.has(requestId))
  return {
    arrived: model.requests.map(({ body }) => /"model":"([^"]+)"/.exec(body.toString())?.[1] ?? 'unreadable').sort(),
    decided: decisions.map((line) => String(line.get('gen_ai.request.model'))).sort(),
  }
}

t.test('many clients while nobody reads stdout, again and again', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const token = await world.token()
  let count = 0
  const traffic = startTraffic(proxy.port, 16, () => {
    const number = ++count
    return chatBytes(token, chatBody(`gpt-4o-mini-${number}`, { stream: number % 3 === 0 }))
  })
  for (let stall = 1; stall <= 3; stall++) {
    proxy.stopReading()
    const refusals = () => traffic.answers.filter(({ status }) => status === 503).length
    const before = refusals()
    await polled(async () => refusals() >= before + 100, 'requests to be refused')
    t.equal(await ready(world), 503, 'not ready')
    const reached = model.requests.length
    await polled(async () => refusals() >= before + 200, 'more of them')
    t.equal(model.requests.length, reached, 'not one more reaches the upstream')
    proxy.resumeReading()
    await proxy.audit.action('audit-recovered', stall)
    const done = proxy.audit.withAction('completion-finished').length
    await proxy.audit.action('completion-finished', done + 50)
    t.equal(await ready(world), 200, 'ready again')
  }
  await traffic.stop()
  const outcomes = new Set(traffic.answers.map(({ status, code, complete }) => `${status} ${code} ${complete}`))
  t.same(outcomes, new Set(['200 undefined true', '503 audit_unavailable true']))
  t.equal(await proxy.stop(), 0)
  const { arrived, decided } = named(world)
  t.same(decided, arrived, `each of ${arrived.length} requests upstream has its decision, and there is no other`)
  t.equal(new Set(arrived).size, arrived.length)
  checkAudit(t, world)
})

/** A stream that has begun and waits for its gate. */
async function begin(world: World, gate: Promise<void>): Promise<RawConnection> {
  world.model.script('gpt-4o-mini-gated', gated(gate))
  const connection = await rawConnect(world.proxy.port)
  connection.send(chatBytes(await world.token(), chatBody('gpt-4o-mini-gated', { stream: true })))
  await connection.receives('data: ')
  return connection
}

t.test('a stream that runs while nobody reads stdout comes to its end, and so does its audit', async (t) => {
  const world = await startWorld(t)
  const { proxy } = world
  const gate = Promise.withResolvers<void>()
  const stream = await begin(world, gate.promise)
  proxy.stopReading()
  await untilRefused(world, chatBytes(await world.token()))
  gate.resolve()
  const answer = await stream.answer()
  t.match(answer.body.toString(), /\[DONE\]\n\n$/)
  stream.close()
  proxy.resumeReading()
  const complete = await proxy.audit.complete(answer.header('x-request-id') ?? '')
  t.equal(complete.action, 'completion-finished')
  await endInOrder(t, world)
})

t.test('stdout is closed while a stream runs: it comes to its end, and it is the last one', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const gate = Promise.withResolvers<void>()
  const stream = await begin(world, gate.promise)
  proxy.closeStdout()
  const refused = await rawRequest(proxy.port, chatBytes(await world.token()))
  t.equal(refused.code, 'audit_unavailable')
  gate.resolve()
  t.match((await stream.answer()).body.toString(), /\[DONE\]\n\n$/)
  stream.close()
  t.equal(model.requests.length, 1)
  proxy.signal('SIGTERM')
  t.equal((await within(proxy.exited, 'the proxy to stop')).code, 0, 'it still ends in order')
})

t.test('SIGTERM while nobody reads stdout does not wait for ever', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  proxy.stopReading()
  await untilRefused(world, chatBytes(await world.token()))
  proxy.signal('SIGTERM')
  t.equal((await within(proxy.exited, 'the proxy to stop')).code, 0)
  t.match(proxy.stderr, /the last audit events could not be written/, 'and says what is missing')
  proxy.resumeReading()
  await proxy.drained
  const { arrived } = named(world)
  t.equal(proxy.audit.withAction('request-authorized').length, arrived.length, 'no decision is')
  t.equal(model.streams.active, 0)
})

t.test('stdout is a file that is cut to nothing, as log rotation does', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'audit.ndjson')
  const world = await startWorld(t, { stdout: { file } })
  const bytes = chatBytes(await world.token())
  t.equal((await rawRequest(world.proxy.port, bytes)).status, 200)
  await polled(async () => readFileSync(file, 'utf8').includes('completion-finished'), 'the end of the request')
  truncateSync(file)
  t.equal((await rawRequest(world.proxy.port, bytes)).status, 200)
  t.equal(await world.proxy.stop(), 0)
  const stream = new AuditStream()
  stream.push(readFileSync(file))
  const actions = stream.all().map(({ action }) => action)
  t.same(actions, ['request-authorized', 'completion-finished', 'proxy-draining', 'proxy-stopped'], 'from its start')
})
