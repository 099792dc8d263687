import t, { type Test } from 'tap'
import { asksFor, MINT_POLICY, secretOf, startMinting } from '../support/mint-world.ts'
import { type RealtimeWorld, speak, type VoiceClient } from '../support/realtime-world.ts'
import { SCIM, SCIM_ENV, SCIM_TOKEN, ScimClient } from '../support/scim.ts'
import { ask, connectTurns, startTurns } from '../support/turn-world.ts'
import { ALICE, CAROL, endInOrder } from '../support/world.ts'

const SESSION = { session: { type: 'realtime', model: 'gpt-realtime', max_output_tokens: 100 } }

async function scene(t: Test): Promise<{ world: RealtimeWorld; scim: ScimClient }> {
  const world = await startMinting(t, {
    policy: MINT_POLICY,
    identity: { api_keys: { enabled: true }, scim: SCIM },
    env: SCIM_ENV,
  })
  world.secrets.add(SCIM_TOKEN)
  return { world, scim: new ScimClient(world.proxy) }
}

/** By a token, and by a secret that was made with it. */
async function sessionsOf(world: RealtimeWorld, person: string): Promise<readonly VoiceClient[]> {
  const token = await world.token(person)
  const secret = secretOf(world, await asksFor(world, SESSION, { token }))
  const own = await speak(world, { token })
  const bySecret = await speak(world, { token: secret, target: '/v1/realtime' })
  return [own.client, bySecret.client]
}

async function end(t: Test, world: RealtimeWorld, sessions: readonly VoiceClient[], reason: string): Promise<void> {
  for (const session of sessions) {
    t.match(await session.closed, { code: 1008, reason: 'invalid_api_key' })
    const complete = await world.proxy.audit.complete(session.requestId)
    t.equal(complete.get('event.reason'), reason)
  }
}

t.test('who is disabled speaks no longer, by a token or by a secret', async (t) => {
  const { world, scim } = await scene(t)
  const id = await scim.user(ALICE)
  const [gone, stay] = [await sessionsOf(world, ALICE), await sessionsOf(world, CAROL)]
  await scim.patch(`/Users/${id}`, { op: 'replace', path: 'active', value: false })
  await end(t, world, gone, 'account_disabled')
  for (const { socket } of stay) t.equal(socket.readyState, socket.OPEN, 'somebody else does')
  for (const client of stay) client.close()
  for (const client of stay) await client.closed
  await endInOrder(t, world)
})

t.test('whose tokens are revoked speaks no longer', async (t) => {
  const { world } = await scene(t)
  const [gone, stay] = [await sessionsOf(world, ALICE), await sessionsOf(world, CAROL)]
  await world.proxy.command('tokens', 'revoke', '--issuer', 'corp', '--user', ALICE)
  await end(t, world, gone, 'revoked')
  for (const { socket } of stay) t.equal(socket.readyState, socket.OPEN, 'somebody else does')
  for (const client of stay) client.close()
  for (const client of stay) await client.closed
  await endInOrder(t, world)
})

t.test('whose tokens are revoked asks no more over a WebSocket', async (t) => {
  const world = await startTurns(t)
  const [gone, stays] = [await connectTurns(world, ALICE), await connectTurns(world, CAROL)]
  for (const connected of [gone, stays]) await ask(connected)
  await world.proxy.command('tokens', 'revoke', '--issuer', 'corp', '--user', ALICE)
  t.match(await gone.client.closed, { code: 1008, reason: 'invalid_api_key' })
  const complete = await world.proxy.audit.complete(gone.client.requestId)
  t.equal(complete.get('event.reason'), 'revoked')
  await ask(stays)
  stays.client.close()
  await stays.client.closed
  await endInOrder(t, world)
})
