import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { AuditStream } from '../support/audit-stream.ts'
import { polled } from '../support/proxy.ts'
import { rawRequest } from '../support/raw-client.ts'
import { chatBytes, checkAudit, startWorld, type World } from '../support/world.ts'

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
  t.equal(proxy.audit.withAction('audit-degraded').length, 1)
  t.equal(await proxy.stop(), 0)
  const recovered = proxy.audit.withAction('audit-recovered')[0]
  const named = recovered?.get('sallyport.refused_request_id') === undefined ? 0 : 1
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
