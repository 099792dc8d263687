import { createServer } from 'node:net'
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { changeConfig } from '../support/traffic.ts'
import { endInOrder, startWorld } from '../support/world.ts'

/** The program with a few lines that run in it before its own. */
const within = (lines: string) => ({
  env: { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(lines)}"` },
})
/** Sends it a signal as soon as it can hear one, long before it serves. */
const signalled = (signal: string) =>
  within(`process.on('newListener', (name) => {
    if (name === 'SIGINT') setImmediate(() => process.kill(process.pid, '${signal}'))
  })`)

t.test('what is in force is said first, once it listens', async (t) => {
  const world = await startWorld(t)
  const actions = world.proxy.audit.all().map(({ action }) => action)
  t.same(actions, ['config-loaded', 'policy-loaded', 'proxy-started'])
  await endInOrder(t, world)
})

t.test('a start that fails says nothing of what would be in force', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as { port: number }
  const proxy = await startProxy({ issuer: 'http://127.0.0.1:9', upstream: 'http://127.0.0.1:9/v1' })
  t.teardown(() => proxy.close())
  t.equal(await proxy.stop(), 0)
  const config = { proxy: `127.0.0.1:${port}`, admin: '127.0.0.1:0' }
  changeConfig(proxy, { listen: config })
  const { code, stdout, stderr } = await proxy.command('serve')
  t.same([code, stdout], [2, ''])
  t.match(stderr, /is in use/)
})

t.test('SIGHUP during the start is obeyed once it serves', async (t) => {
  const world = await startWorld(t, signalled('SIGHUP'))
  const reloaded = await world.proxy.audit.action('config-reloaded')
  t.equal(reloaded.get('sallyport.unchanged'), true)
  await endInOrder(t, world)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} during the start ends it in order`, async (t) => {
    const world = await startWorld(t, signalled(signal))
    t.equal((await world.proxy.exited).code, 0)
    await world.proxy.drained
    const actions = world.proxy.audit.all().map(({ action }) => action)
    t.same(actions.slice(-3), ['proxy-started', 'proxy-draining', 'proxy-stopped'])
  })
}

t.test('a bug outside any request ends it in order, with a code of its own', async (t) => {
  const world = await startWorld(t, within(`process.on('SIGUSR2', () => { throw new Error('a bug') })`))
  world.proxy.signal('SIGUSR2')
  t.equal((await world.proxy.exited).code, 70)
  await world.proxy.drained
  const last = world.proxy.audit.all().at(-1)
  t.same([last?.action, last?.get('event.reason')], ['proxy-stopped', 'internal_error'])
})
