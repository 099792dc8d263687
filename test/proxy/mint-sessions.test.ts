import t from 'tap'
import type { JsonObject } from '../../src/model/json.ts'
import { asksFor, MINT_POLICY, SESSION, secretOf, soon, startMinting } from '../support/mint-world.ts'
import { MODEL, speak } from '../support/realtime-world.ts'
import { endInOrder } from '../support/world.ts'

const BARE = '/v1/realtime'
const FLAT = '/v1/realtime/sessions'
const WRITTEN = '/v1/realtime/transcription_sessions'

/** Whoever may use any model for as much as they like. */
const OPEN = {
  ...MINT_POLICY,
  rules: MINT_POLICY.rules.map(({ id, effect, roles, operations }) => ({ id, effect, roles, operations })),
}

t.test('the older operations, in which the body is the session', async (t) => {
  // A session that transcribes names no model that serves it: that is for nobody who may use some models alone.
  const wide = await startMinting(t, { policy: OPEN })
  const narrow = await startMinting(t)
  const terms = { client_secret: { expires_after: { anchor: 'created_at', seconds: 60 } } }
  const beta = { model: 'voice', max_response_output_tokens: 500, modalities: ['text'], ...terms }
  const spoken = await asksFor(narrow, beta, { path: FLAT })
  const token = secretOf(narrow, spoken)
  const { model, max_response_output_tokens: limit } = spoken.document
  t.same([model, limit], [MODEL, 500])
  t.same(JSON.parse(narrow.provider.asked.entries[0]?.body ?? ''), { ...beta, model: MODEL })
  const { client } = await speak(narrow, { token, target: BARE })
  await client.event('session.created')
  client.close()
  await client.closed
  const words = { input_audio_transcription: { model: 'gpt-4o-transcribe' } }
  const denied = await asksFor(narrow, words, { path: WRITTEN })
  t.same([denied.status, denied.code], [403, 'policy_denied'], 'no model serves it')
  const written = secretOf(wide, await asksFor(wide, words, { path: WRITTEN }))
  wide.provider.setUp = { ...words, model: undefined as never }
  const heard = await speak(wide, { token: written, target: `${BARE}?intent=transcription` })
  await heard.client.event('session.created')
  heard.client.close()
  await heard.client.closed
  const rows: readonly (readonly [name: string, body: object, code: string])[] = [
    ['another model', { ...beta, model: 'gpt-4o' }, 'policy_denied'],
    ['more output', { ...beta, max_response_output_tokens: 5000 }, 'policy_denied'],
    ['more output by the other name', { ...beta, max_output_tokens: 5000 }, 'policy_denied'],
    ['a tool', { ...beta, tools: [{ type: 'function', name: 'delete' }] }, 'policy_denied'],
    ['a session within', { ...beta, session: { model: MODEL } }, 'invalid_body'],
    ['terms in another spelling', { ...beta, clientSecret: {} }, 'invalid_body'],
  ]
  const before = narrow.provider.asked.entries.length
  for (const [name, body, code] of rows) t.equal((await asksFor(narrow, body, { path: FLAT })).code, code, name)
  t.equal(narrow.provider.asked.entries.length, before, 'nobody is asked')
  for (const world of [wide, narrow]) await endInOrder(t, world)
})

t.test('the transforms of the policy are made in the session that is set up', async (t) => {
  const house = { id: 'house', roles: ['analyst'], set: { max_output_tokens: 50 }, system: { prepend: 'Be brief.' } }
  const world = await startMinting(t, { policy: { ...OPEN, transforms: [house] } })
  const held = { max_output_tokens: 50, instructions: 'Be brief.' }
  const rows: readonly (readonly [name: string, body: object, sent: object, path?: string])[] = [
    ['a session that says neither', { session: { model: MODEL } }, { session: { ...held, model: MODEL } }],
    [
      'more output, and instructions',
      { session: { model: 'voice', max_output_tokens: 900, instructions: 'be kind' } },
      { session: { model: MODEL, max_output_tokens: 50, instructions: 'Be brief.\nbe kind' } },
    ],
    [
      'less output',
      { session: { model: MODEL, max_output_tokens: 5, instructions: null } },
      { session: { model: MODEL, max_output_tokens: 5, instructions: 'Be brief.' } },
    ],
    ['no session', {}, { session: { type: 'realtime', ...held } }],
    ['a session of nothing', { session: null }, { session: { type: 'realtime', ...held } }],
    [
      'what stands beside it',
      { model: 'voice', instructions: 'no', max_output_tokens: 900, session: { model: 'voice' } },
      { model: MODEL, instructions: 'Be brief.\nno', max_output_tokens: 50, session: { ...held, model: MODEL } },
    ],
    [
      'the older form',
      { model: MODEL },
      { max_response_output_tokens: 50, instructions: 'Be brief.', model: MODEL },
      FLAT,
    ],
  ]
  for (const [name, body, sent, path] of rows) {
    const answer = await asksFor(world, body, path === undefined ? {} : { path })
    t.equal(answer.status, 200, name)
    t.same(JSON.parse(world.provider.asked.entries.at(-1)?.body ?? ''), sent, name)
    const complete = await world.proxy.audit.complete(answer.id)
    t.same(complete.get('sallyport.policy.obligations'), ['transform:house'], name)
  }
  const secret = secretOf(world, await asksFor(world, { session: SESSION }))
  const { client, session } = await speak(world, { token: secret, target: BARE })
  await client.event('session.updated')
  t.match(JSON.parse(session.received.entries[0] ?? ''), { session: held }, 'and once more when it is opened')
  client.close()
  await client.closed
  const placeless: readonly (readonly [name: string, body: object, path?: string])[] = [
    ['a stored prompt', { session: { model: MODEL, prompt: { id: 'pmpt_1' } } }],
    ['one that transcribes', { session: { type: 'transcription' } }],
    ['one that transcribes, in the older form', {}, WRITTEN],
  ]
  const before = world.provider.asked.entries.length
  for (const [name, body, path] of placeless) {
    const { id, status } = await asksFor(world, body, path === undefined ? {} : { path })
    t.equal(status, name === 'a stored prompt' ? 400 : 403, name)
    const decision = await world.proxy.audit.decision(id)
    const reason = name === 'a stored prompt' ? 'object_not_allowed' : 'transform_not_applicable'
    t.equal(decision.get('event.reason'), reason, name)
  }
  t.equal(world.provider.asked.entries.length, before, 'nobody is asked')
  await endInOrder(t, world)
})

t.test('a stored prompt goes on where nothing is sealed, but not in the way of a text', async (t) => {
  const house = { id: 'house', models: ['gpt-4o*'], system: { prepend: 'Be brief.' } }
  const policy = { ...OPEN, transforms: [house] }
  const world = await startMinting(t, { policy, upstreams: [{ isolation: 'off' }] })
  const prompt = { id: 'pmpt_1' }
  const free = await asksFor(world, { session: { model: MODEL, prompt } })
  t.equal(free.status, 200, 'and a secret is made whatever the isolation is')
  secretOf(world, free)
  const held = await asksFor(world, { session: { model: 'gpt-4o-x', prompt } })
  t.same([held.status, held.code], [403, 'policy_denied'])
  t.equal((await world.proxy.audit.decision(held.id)).get('event.reason'), 'transform_not_applicable')
  await endInOrder(t, world)
})

t.test('a secret ends with the credential behind it', async (t) => {
  const world = await startMinting(t)
  const exp = Math.floor(Date.now() / 1000) + 60
  const token = await world.idp.mint({ exp })
  world.secrets.add(token)
  const short = await asksFor(world, { session: SESSION }, { token })
  secretOf(world, short)
  t.equal(short.document.expires_at, exp, 'and says so')
  const create = ['keys', 'create', '--owner', 'alice@example.org', '--group', 'analysts', '--json']
  const made = JSON.parse((await world.proxy.command(...create)).stdout) as { id: string; key: string }
  world.secrets.add(made.key)
  const long = await asksFor(world, { session: SESSION }, { token: made.key })
  const secret = secretOf(world, long)
  t.ok(Number(long.document.expires_at) > exp + 60, 'one that has no end is no limit')
  const { client } = await speak(world, { token: secret, target: BARE })
  t.equal((await world.proxy.command('keys', 'revoke', made.id)).code, 0)
  t.match(await client.closed, { code: 1008, reason: 'invalid_api_key' })
  await t.rejects(speak(world, { token: secret, target: BARE }), /: 401$/)
  await endInOrder(t, world)
})

t.test('what cannot be sealed is refused before anybody is asked', async (t) => {
  const world = await startMinting(t)
  const token = await world.idp.mint({ pad: 'x'.repeat(5000) })
  world.secrets.add(token)
  const long = await asksFor(world, { session: SESSION }, { token })
  t.same([long.status, long.code], [400, 'invalid_request'])
  t.match(JSON.stringify(long.document), /too long to be sealed/)
  t.same(world.provider.asked.entries, [])
  const fits = await world.idp.mint({ pad: 'x'.repeat(3000) })
  world.secrets.add(fits)
  const secret = secretOf(world, await asksFor(world, { session: SESSION }, { token: fits }))
  const { client } = await speak(world, { token: secret, target: BARE })
  await client.event('session.created')
  client.close()
  await client.closed
  await endInOrder(t, world)
  const bare = await startMinting(t, {
    identity: { api_keys: { enabled: false } },
    upstreams: [{ isolation: 'off' }],
  })
  const none = await asksFor(bare, { session: SESSION })
  t.same([none.status, none.code], [404, 'unknown_endpoint'])
  t.match(JSON.stringify(none.document), /realtime.client_secrets.create.*sealed by a key of the store/)
  t.same(bare.provider.asked.entries, [])
  await endInOrder(t, bare)
})

t.test('what a session is set up with is what its client is held to', async (t) => {
  const world = await startMinting(t)
  const token = secretOf(world, await asksFor(world, { session: SESSION }))
  const { client } = await speak(world, { token, target: BARE })
  await client.event('session.created')
  client.send({ type: 'session.update', session: { tools: [{ type: 'web_search' }] } })
  t.same((await client.error()).code, 'policy_denied')
  client.send({ type: 'response.create' })
  await client.event('response.done')
  client.close()
  await client.closed
  const other: JsonObject = { value: 'ek_other_0123456789', expires_at: soon(), session: { ...SESSION } }
  world.provider.answer = () => ({ body: JSON.stringify(other) })
  t.not(secretOf(world, await asksFor(world, { session: SESSION })), token, 'each has its own')
  await endInOrder(t, world)
})
