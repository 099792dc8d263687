import t from 'tap'
import type { JsonObject } from '../../src/model/json.ts'
import { asksFor, SESSION, secretOf, soon, startMinting } from '../support/mint-world.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import type { ProviderAnswer } from '../support/realtime-server.ts'
import { MODEL, speak } from '../support/realtime-world.ts'
import { PROVIDER_SECRET } from '../support/session-secrets.ts'
import { endInOrder } from '../support/world.ts'

const BARE = '/v1/realtime'
const TOLD = { type: 'realtime', model: MODEL, max_output_tokens: 500 }
const encoded = Buffer.from(PROVIDER_SECRET).toString('base64')

/** An answer of the provider, and whether a secret can be made of it. */
function rows(): readonly (readonly [name: string, answer: ProviderAnswer, isGood: boolean])[] {
  const good = { value: PROVIDER_SECRET, expires_at: soon(), session: TOLD }
  const json = (more: object): ProviderAnswer => ({ body: JSON.stringify({ ...good, ...more }) })
  const text = JSON.stringify(good)
  return [
    ['as it should be', json({}), true],
    ['created', { ...json({}), status: 201 }, true],
    ['of no type', { ...json({}), headers: { 'content-type': 'text/plain' } }, true],
    ['of a session that it does not tell of', json({ session: undefined }), true],
    ['of a model with a day behind its name', json({ session: { model: `${MODEL}-2025-08-28` } }), true],
    ['of a model that may be used, too', json({ session: { model: 'gpt-4o-transcribe' } }), true],
    ['of a model that may not be used', json({ session: { model: 'gpt-4o' } }), false],
    ['of a model that begins alike', json({ session: { model: `${MODEL}-mini` } }), false],
    ['of a model that is none', json({ session: { model: 5 } }), false],
    ['without a secret', json({ value: undefined }), false],
    ['a secret of nothing', json({ value: '' }), false],
    ['a short secret', json({ value: 'ek_1' }), false],
    ['a secret that fits no header', json({ value: 'ek_0123456789\r\nx: y' }), false],
    ['a long secret', json({ value: `ek_${'x'.repeat(600)}` }), false],
    ['a list of secrets', json({ value: [PROVIDER_SECRET] }), false],
    ['a secret in an object', json({ value: { value: PROVIDER_SECRET } }), false],
    ['in the form of the beta', json({ value: undefined, client_secret: { ...good } }), false],
    ['without an end', json({ expires_at: undefined }), false],
    ['an end in words', json({ expires_at: 'soon' }), false],
    ['an end that was', json({ expires_at: Math.floor(Date.now() / 1000) - 1 }), false],
    ['an end before time', json({ expires_at: -5 }), false],
    ['an end between seconds', json({ expires_at: soon() + 0.5 }), false],
    ['an end that nobody can count to', { body: text.replace(/"expires_at":\d+/, '"expires_at":1e300') }, false],
    ['a list', { body: `[${text}]` }, false],
    ['nothing', { body: '' }, false],
    ['no content', { status: 204, body: '' }, false],
    ['cut off', { body: text.slice(0, -1) }, false],
    ['two secrets', { body: text.replace('{', `{"value":"ek_another_0123456789",`) }, false],
    ['two secrets, one escaped', { body: text.replace('{', `{"val\\u0075e":"ek_another_0123456789",`) }, false],
    ['the secret once more', json({ again: PROVIDER_SECRET }), false],
    ['the secret in a text', json({ session: { ...TOLD, instructions: `it is ${PROVIDER_SECRET}` } }), false],
    ['the secret as a key', json({ [PROVIDER_SECRET]: 1 }), false],
    ['the secret in another spelling', json({ again: encoded }), false],
    ['the secret escaped', { body: text.replace('{', `{"again":"\\u0065${PROVIDER_SECRET.slice(1)}",`) }, false],
    ['more than can be the settings of a session', json({ pad: 'x'.repeat(1_100_000) }), false],
    ['in a stream', { headers: { 'content-type': 'text/event-stream' }, body: `data: ${text}\n\n` }, false],
  ]
}

t.test('a secret is made of an answer that can be meant in one way alone', async (t) => {
  const world = await startMinting(t)
  world.secrets.add(encoded)
  for (const [name, answer, isGood] of rows()) {
    world.provider.answer = () => answer
    const said = await asksFor(world, { session: SESSION })
    const complete = await world.proxy.audit.complete(said.id)
    if (isGood) {
      t.equal(said.status, answer.status ?? 200, name)
      t.equal(complete.action, 'completion-finished', name)
      secretOf(world, said)
      continue
    }
    t.same([said.status, said.code], [502, 'upstream_unavailable'], name)
    t.notOk(said.text.includes('ek_'), `${name}: nothing of it is handed on`)
    t.same([complete.action, complete.get('event.reason')], ['completion-failed', 'bad_stream'], name)
  }
  await endInOrder(t, world)
})

t.test('what the answer says beside the secret is handed on, without what looks like one', async (t) => {
  const world = await startMinting(t)
  const other = 'ek_another_0123456789'
  const document = {
    session: TOLD,
    value: PROVIDER_SECRET,
    note: `not ${other}`,
    expires_at: Math.floor(Date.now() / 1000) + 60,
    key: UPSTREAM_KEY,
  }
  world.provider.answer = () => ({
    headers: { 'set-cookie': 'a=b', 'openai-organization': 'org', 'x-ratelimit-limit-requests': '7' },
    body: JSON.stringify(document),
  })
  const said = await asksFor(world, { session: SESSION })
  const value = secretOf(world, said)
  t.same(said.document, { ...document, value, note: 'not [secret]', key: '*'.repeat(UPSTREAM_KEY.length) })
  await endInOrder(t, world)
})

t.test('an error of the provider passes, without what looks like a secret', async (t) => {
  const world = await startMinting(t)
  const error = { code: 'invalid_value', message: `no ${PROVIDER_SECRET} for ${UPSTREAM_KEY}` }
  world.provider.answer = () => ({ status: 400, body: JSON.stringify({ error }) })
  const said = await asksFor(world, { session: SESSION })
  t.same([said.status, said.document], [400, { error: { ...error, message: 'no [secret] for [secret]' } }])
  t.equal((await world.proxy.audit.complete(said.id)).get('event.reason'), 'upstream_4xx')
  for (const status of [302, 401]) {
    world.provider.answer = () => ({ status, headers: { location: '/v1/x' }, body: '{}' })
    t.same((await asksFor(world, { session: SESSION })).status, 502, `${status}`)
  }
  await endInOrder(t, world)
})

t.test('the model that is told of a session', async (t) => {
  const world = await startMinting(t)
  const dated = `${MODEL}-2025-08-28`
  const rows: readonly (readonly [name: string, made: string | undefined, started: string | null, opens: boolean])[] = [
    ['as it was asked for', MODEL, MODEL, true],
    ['with a day, both times', dated, dated, true],
    ['with a day at the start', MODEL, dated, true],
    ['with a day when it was made', dated, MODEL, true],
    ['not when it was made', undefined, dated, true],
    ['one that may be used, both times', 'gpt-4o-transcribe', 'gpt-4o-transcribe', true],
    ['one that may be used, at the start alone', MODEL, 'gpt-4o-transcribe', false],
    ['another one', MODEL, 'gpt-realtime-mini', false],
    ['with what is no day', MODEL, `${MODEL}-2025-08-2`, false],
    ['none', MODEL, null, false],
  ]
  for (const [name, made, started, opens] of rows) {
    const session: JsonObject = made === undefined ? {} : { model: made }
    world.provider.answer = () => ({
      body: JSON.stringify({ value: PROVIDER_SECRET, expires_at: soon(), session }),
    })
    const token = secretOf(world, await asksFor(world, { session: SESSION }))
    world.provider.setUp = { ...TOLD, model: started }
    const { client } = await speak(world, { token, target: BARE })
    if (opens) await client.event('session.created')
    else t.same(await client.closed, { code: 1008, reason: 'policy_denied' }, name)
    client.close()
    await client.closed
  }
  await endInOrder(t, world)
})
