import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { yaml } from '../support/proxy-folder.ts'
import type { ProviderSession } from '../support/realtime-server.ts'
import {
  REALTIME_POLICY,
  type RealtimeWorld,
  speak,
  startRealtime,
  type VoiceClient,
} from '../support/realtime-world.ts'
import { endInOrder } from '../support/world.ts'

const [VOICE] = REALTIME_POLICY.rules
const SHORT = { ...REALTIME_POLICY, rules: [{ ...VOICE, when: { ...VOICE.when, max_output_tokens: { at_most: 10 } } }] }
const NOBODY = { ...REALTIME_POLICY, rules: [{ ...VOICE, operations: ['chat'] }] }
const SPOKEN = {
  ...REALTIME_POLICY,
  transforms: [{ id: 'house', roles: ['analyst'], operations: ['realtime'], system: { prepend: 'Be brief.' } }],
}

async function ends(
  t: Test,
  world: RealtimeWorld,
  { client, session }: { client: VoiceClient; session: ProviderSession },
  [code, reason, why]: readonly [code: number, reason: string, why: string],
): Promise<void> {
  t.same(await client.closed, { code, reason }, `closed: ${why}`)
  t.equal((await client.error()).code, reason, 'with an error before')
  t.equal(await session.closed, 1000, 'and upstream')
  const complete = await world.proxy.audit.complete(client.requestId)
  t.same([complete.action, complete.get('event.reason')], ['completion-failed', why])
  t.equal(complete.get('sallyport.session.close_code'), code)
}

async function goesOn({ client, session }: { client: VoiceClient; session: ProviderSession }): Promise<void> {
  const before = session.received.entries.length
  client.send({ type: 'output_audio_buffer.clear' })
  await session.received.until((all) => all[before], 'a message that goes on')
}

t.test('a session ends when its token expires', async (t) => {
  const world = await startRealtime(t)
  const exp = Math.floor(Date.now() / 1000) + 3
  const token = await world.idp.mint({ exp })
  world.secrets.add(token)
  const [short, long] = [await speak(world, { token }), await speak(world)]
  await ends(t, world, short, [1008, 'invalid_api_key', 'expired'])
  t.ok(Date.now() >= exp * 1000, 'not before')
  await goesOn(long)
  long.client.close()
  await long.client.closed
  await endInOrder(t, world)
})

t.test('a session in which nothing is said ends when its sign-in is too old', async (t) => {
  const fresh = { ...VOICE, when: { ...VOICE.when, mfa: { max_age: '4s' } } }
  const world = await startRealtime(t, { policy: { ...REALTIME_POLICY, rules: [fresh] } })
  const signedIn = Math.floor(Date.now() / 1000)
  const token = await world.idp.mint({ amr: ['pwd', 'mfa'], auth_time: signedIn })
  world.secrets.add(token)
  await ends(t, world, await speak(world, { token }), [1008, 'step_up_required', 'step_up_required'])
  t.ok(Date.now() >= (signedIn + 4) * 1000, 'not before')
  await endInOrder(t, world)
})

t.test('a session ends when its key is revoked', async (t) => {
  const world = await startRealtime(t)
  const create = ['keys', 'create', '--owner', 'alice@example.org', '--group', 'analysts', '--json']
  const [gone, kept] = await Promise.all(
    [0, 1].map(async () => JSON.parse((await world.proxy.command(...create)).stdout) as { id: string; key: string }),
  )
  if (!gone || !kept) throw new Error('no keys')
  for (const { key } of [gone, kept]) world.secrets.add(key)
  const [first, second] = [await speak(world, { token: gone.key }), await speak(world, { token: kept.key })]
  t.equal((await world.proxy.command('keys', 'revoke', gone.id)).code, 0)
  await ends(t, world, first, [1008, 'invalid_api_key', 'revoked'])
  await goesOn(second)
  second.client.close()
  await second.client.closed
  await endInOrder(t, world)
})

t.test('a reloaded policy that does not allow it ends a session', async (t) => {
  for (const [name, policy, code, why] of [
    ['the operation is not granted', NOBODY, 'policy_denied', 'endpoint_not_allowed'],
    ['the policy asks something of sessions', SPOKEN, 'policy_denied', 'policy_changed'],
  ] as const) {
    await t.test(name, async (t) => {
      const world = await startRealtime(t)
      const opened = await speak(world)
      writeFileSync(world.proxy.policyFile, yaml({ ...REALTIME_POLICY, models: { spare: ['gpt-*'] } } as never))
      await world.proxy.audit.action('policy-loaded', 2)
      await goesOn(opened)
      writeFileSync(world.proxy.policyFile, yaml(policy as never))
      await ends(t, world, opened, [1008, code, why])
      await endInOrder(t, world)
    })
  }
})

t.test('a reloaded policy is that of the next message', async (t) => {
  const world = await startRealtime(t)
  const opened = await speak(world)
  const { client } = opened
  client.send({ type: 'response.create', response: { max_output_tokens: 100 } })
  await client.event('response.done')
  writeFileSync(world.proxy.policyFile, yaml(SHORT as never))
  await world.proxy.audit.action('policy-loaded', 2)
  client.send({ type: 'response.create', response: { max_output_tokens: 100 } })
  t.equal((await client.error()).code, 'policy_denied')
  client.send({ type: 'response.create', response: { max_output_tokens: 10 } })
  await client.event('response.done')
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('a drain lets a session go on, and then ends it', async (t) => {
  const world = await startRealtime(t, { listen: { timeouts: { drain: '1s' } } })
  const opened = await speak(world)
  world.proxy.signal('SIGTERM')
  await world.proxy.audit.action('proxy-draining')
  await goesOn(opened)
  await ends(t, world, opened, [1001, 'shutting_down', 'shutting_down'])
  t.equal((await world.proxy.exited).code, 0)
})

t.test('a session lasts no longer than the upstream gives it', async (t) => {
  const world = await startRealtime(t, { upstreams: [{ timeouts: { total: '2s' } }] })
  await ends(t, world, await speak(world), [1001, 'upstream_timeout', 'session_too_long'])
  await endInOrder(t, world)
})

t.test('what the upstream says at the end is passed on', async (t) => {
  const world = await startRealtime(t)
  for (const [code, told, action] of [
    [1000, { code: 1000, reason: '' }, 'completion-finished'],
    [4000, { code: 1011, reason: 'upstream_unavailable' }, 'completion-failed'],
    [1006, { code: 1011, reason: 'upstream_unavailable' }, 'completion-failed'],
  ] as const) {
    const { client, session } = await speak(world)
    if (code === 1006) session.socket.terminate()
    else session.socket.close(code)
    t.same(await client.closed, told, String(code))
    t.equal((await world.proxy.audit.complete(client.requestId)).action, action, String(code))
  }
  const { client, session } = await speak(world)
  session.socket.send(Buffer.from('bytes'), { binary: true })
  t.same(await client.closed, { code: 1011, reason: 'upstream_unavailable' }, 'bytes are no message')
  const gone = await speak(world)
  gone.client.socket.terminate()
  const complete = await world.proxy.audit.complete(gone.client.requestId)
  t.same([complete.action, complete.get('event.reason')], ['completion-aborted', 'client_closed'])
  await endInOrder(t, world)
})

t.test('a side that shows no sign of life is gone', async (t) => {
  const world = await startRealtime(t, {
    upstreams: [{ timeouts: { idle: '3s' } }],
    listen: { timeouts: { keep_alive: '3s' } },
  })
  const [dead, left, idle] = [await speak(world), await speak(world), await speak(world)]
  const rawOf = (socket: object) => Reflect.get(socket, '_socket') as Socket
  rawOf(dead.session.socket).pause()
  rawOf(left.client.socket).pause()
  t.same(await dead.client.closed, { code: 1001, reason: 'upstream_timeout' })
  const complete = await world.proxy.audit.complete(left.client.requestId)
  t.equal(complete.action, 'completion-aborted')
  await goesOn(idle)
  for (const { client, session } of [dead, left, idle]) {
    client.socket.terminate()
    session.socket.terminate()
  }
  await endInOrder(t, world)
})
