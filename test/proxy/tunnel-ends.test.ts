import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { UPSTREAM_KEY, yaml } from '../support/proxy-folder.ts'
import { requestBytes } from '../support/raw-client.ts'
import {
  HANDSHAKE,
  type Opened,
  open,
  ROUTES,
  startTunnels,
  TUNNEL_POLICY,
  type TunnelWorld,
} from '../support/tunnel-world.ts'
import { endInOrder, sent } from '../support/world.ts'

const [RULE] = TUNNEL_POLICY.rules

async function ends(
  t: Test,
  world: TunnelWorld,
  { client, vendor }: Opened,
  [code, reason, why]: readonly [code: number, reason: string, why: string],
): Promise<void> {
  t.same(await client.closed, { code, reason }, `closed: ${why}`)
  t.equal((await vendor.closed).code, 1000, 'and upstream')
  const complete = await world.proxy.audit.complete(client.requestId)
  t.same([complete.action, complete.get('event.reason')], ['completion-failed', why])
  t.equal(complete.get('sallyport.session.close_code'), code)
}

async function leaves(world: TunnelWorld, { client }: Opened): Promise<void> {
  client.socket.close()
  await client.closed
  await world.proxy.audit.complete(client.requestId)
}

t.test('it ends when its token expires', async (t) => {
  const world = await startTunnels(t)
  const exp = Math.floor(Date.now() / 1000) + 3
  const token = await world.idp.mint({ exp })
  world.secrets.add(token)
  const [short, long] = [await open(world, { token }), await open(world)]
  await ends(t, world, short, [1008, 'invalid_api_key', 'expired'])
  t.ok(Date.now() >= exp * 1000, 'not before')
  await long.client.asks('still there')
  await leaves(world, long)
  await endInOrder(t, world)
})

t.test('it ends when its key is revoked', async (t) => {
  const world = await startTunnels(t)
  const create = ['keys', 'create', '--owner', 'alice@example.org', '--group', 'analysts', '--json']
  const [gone, kept] = await Promise.all(
    [0, 1].map(async () => JSON.parse((await world.proxy.command(...create)).stdout) as { id: string; key: string }),
  )
  if (!gone || !kept) throw new Error('no keys')
  for (const { key } of [gone, kept]) world.secrets.add(key)
  const [first, second] = [await open(world, { token: gone.key }), await open(world, { token: kept.key })]
  t.equal((await world.proxy.command('keys', 'revoke', gone.id)).code, 0)
  await ends(t, world, first, [1008, 'invalid_api_key', 'revoked'])
  await second.client.asks('still there')
  await leaves(world, second)
  await endInOrder(t, world)
})

t.test('it ends when a reload does not allow it any more', async (t) => {
  const others = { ...TUNNEL_POLICY, rules: [{ ...RULE, operations: ['passthrough.plain'] }] }
  const [live, plain] = ROUTES
  for (const [name, change, why] of [
    ['the operation is not granted', { policy: others }, 'endpoint_not_allowed'],
    ['no WebSockets there', { routes: [{ ...live, websocket: false }, plain] }, 'route_changed'],
    ['no such route', { routes: [plain], policy: others }, 'route_changed'],
    ['another upstream', { timeouts: { idle: '77s' } }, 'upstream_changed'],
  ] as const) {
    await t.test(name, async (t) => {
      const world = await startTunnels(t)
      const opened = await open(world)
      writeFileSync(world.proxy.policyFile, yaml({ ...TUNNEL_POLICY, models: { spare: ['gpt-*'] } } as never))
      await world.proxy.audit.action('policy-loaded', 2)
      await opened.client.asks('still there')
      reload(world, change)
      await ends(t, world, opened, [1008, 'policy_denied', why])
      await endInOrder(t, world)
    })
  }
})

interface Change {
  readonly policy?: object
  readonly routes?: readonly (object | undefined)[]
  readonly timeouts?: object
}

function reload({ proxy, vendor, idp }: TunnelWorld, { policy = TUNNEL_POLICY, routes = ROUTES, timeouts }: Change) {
  writeFileSync(proxy.policyFile, yaml(policy as never))
  const config = {
    version: 1,
    listen: { proxy: '127.0.0.1:0', admin: '127.0.0.1:0' },
    identity: {
      issuers: [{ name: 'corp', issuer: idp.issuer, audience: ['sallyport'] }],
      api_keys: { enabled: true },
    },
    upstreams: [{ name: 'mock', url: vendor.url, api_key: { env: 'MOCK_KEY' }, models: ['none'], timeouts }],
    policies: ['../policies'],
    passthrough: routes,
  }
  writeFileSync(join(proxy.folder, 'config/sallyport.yaml'), yaml(config as never))
}

t.test('it ends when the policy asks for a fresher sign-in by then', async (t) => {
  const fresh = { ...RULE, when: { mfa: { max_age: '3s' } } }
  const world = await startTunnels(t, { policy: { ...TUNNEL_POLICY, rules: [fresh] } as never })
  const token = await world.idp.mint({ amr: ['mfa'], auth_time: Math.floor(Date.now() / 1000) })
  world.secrets.add(token)
  const opened = await open(world, { token })
  await opened.client.asks('hello')
  await ends(t, world, opened, [1008, 'step_up_required', 'step_up_required'])
  await endInOrder(t, world)
})

t.test('a drain lets it go on, and then ends it', async (t) => {
  const world = await startTunnels(t, { listen: { timeouts: { drain: '1s' } } })
  const opened = await open(world)
  world.proxy.signal('SIGTERM')
  await world.proxy.audit.action('proxy-draining')
  await opened.client.asks('still there')
  await ends(t, world, opened, [1001, 'shutting_down', 'shutting_down'])
  t.equal((await world.proxy.exited).code, 0)
})

t.test('it lasts no longer than the upstream gives it, busy or idle', async (t) => {
  const busy = await startTunnels(t, { timeouts: { total: '2s' } })
  const opened = await open(busy)
  const talking = setInterval(() => opened.client.socket.send('busy'), 200)
  await ends(t, busy, opened, [1001, 'upstream_timeout', 'session_too_long'])
  clearInterval(talking)
  await endInOrder(t, busy)
  const idle = await startTunnels(t, { timeouts: { idle: '2s' } })
  const [silent, spoken] = [await open(idle), await open(idle)]
  const asking = setInterval(() => spoken.vendor.socket.ping(), 200)
  await ends(t, idle, silent, [1001, 'upstream_timeout', 'session_idle'])
  clearInterval(asking)
  await spoken.client.asks('still there')
  await leaves(idle, spoken)
  await endInOrder(t, idle)
})

t.test('between frames there is a goodbye, within one there is none', async (t) => {
  const world = await startTunnels(t, { timeouts: { idle: '1s' } })
  const opened = await open(world)
  const raw = Reflect.get(opened.vendor.socket, '_socket') as { write(bytes: Buffer): void }
  raw.write(Buffer.from([0x81, 5, 0x61]))
  t.equal((await opened.client.closed).code, 1006, 'a client that was in the middle of a frame')
  const complete = await world.proxy.audit.complete(opened.client.requestId)
  t.equal(complete.get('event.reason'), 'session_idle')
  const other = await open(world)
  const own = Reflect.get(other.client.socket, '_socket') as { write(bytes: Buffer): void }
  own.write(Buffer.from([0x81, 0x85, 1, 2, 3, 4, 0x61]))
  t.equal((await other.client.closed).code, 1001)
  t.equal((await other.vendor.closed).code, 1006, 'an upstream that was')
  await endInOrder(t, world)
})

t.test('who leaves, and how, is told to the other one and to the audit', async (t) => {
  const world = await startTunnels(t)
  for (const [name, leave, told, action, reason] of [
    ['the vendor says goodbye', (o: Opened) => o.vendor.socket.close(1000), 1000, 'completion-finished', undefined],
    ['with a code of its own', (o: Opened) => o.vendor.socket.close(4000), 4000, 'completion-finished', undefined],
    ['the vendor breaks off', (o: Opened) => o.vendor.socket.terminate(), 1011, 'completion-failed', 'upstream_reset'],
  ] as const) {
    const opened = await open(world)
    await opened.client.asks('hello')
    leave(opened)
    t.equal((await opened.client.closed).code, told, name)
    const complete = await world.proxy.audit.complete(opened.client.requestId)
    t.same([complete.action, complete.get('event.reason')], [action, reason], name)
    t.equal(complete.get('sallyport.session.close_code'), told, name)
  }
  const gone = await open(world)
  gone.client.socket.terminate()
  t.equal((await gone.vendor.closed).code, 1001, 'a client that is gone')
  const complete = await world.proxy.audit.complete(gone.client.requestId)
  t.same([complete.action, complete.get('event.reason')], ['completion-aborted', 'client_closed'])
  await endInOrder(t, world)
})

t.test('the provider’s key does not reach the client, and nothing else waits', async (t) => {
  const world = await startTunnels(t)
  const { client, vendor } = await open(world)
  await client.asks(UPSTREAM_KEY.slice(0, 12))
  vendor.socket.send(`it is ${UPSTREAM_KEY}, so`)
  await client.heard.until((all) => all[1], 'what the vendor says')
  t.equal(client.heard.entries[1], `it is ${'*'.repeat(UPSTREAM_KEY.length)}, so`)
  await leaves(world, { client, vendor })
  await endInOrder(t, world)
})

t.test('they are bounded for each caller', async (t) => {
  const world = await startTunnels(t)
  const headers = { authorization: `Bearer ${await world.token()}` }
  const url = `ws://127.0.0.1:${world.proxy.port}/live/x`
  const sockets = Array.from({ length: 50 }, () => new WebSocket(url, { headers }))
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('open', resolve))))
  const bytes = requestBytes('GET /live/x HTTP/1.1', [
    'Host: x',
    `Authorization: ${headers.authorization}`,
    ...HANDSHAKE,
  ])
  const { answer, decision } = await sent(world, bytes, 'GET')
  t.same([answer.status, answer.code], [429, 'rate_limit_exceeded'])
  t.equal((await world.proxy.audit.complete(decision.requestId ?? '')).get('event.reason'), 'session_limit')
  sockets[0]?.close()
  await world.proxy.audit.action('completion-finished')
  await leaves(world, await open(world))
  for (const socket of sockets) socket.close()
  await endInOrder(t, world)
})
