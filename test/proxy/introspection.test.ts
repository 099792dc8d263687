import OpenAI from 'openai'
import t from 'tap'
import { TEXT } from '../support/model-answers.ts'
import { ASKING_CLIENT, OpaqueProvider } from '../support/opaque-provider.ts'
import { polled } from '../support/proxy.ts'
import { rawRequest } from '../support/raw-client.ts'
import { allows, chatBytes, endInOrder, refuses, startWorld } from '../support/world.ts'

const PEOPLE = {
  alice: { groups: ['analysts'], sub: 'alice@example.org', amr: ['pwd', 'otp'] },
  bob: { groups: ['interns'], sub: 'bob@example.org' },
  nobody: { groups: ['analysts'] },
}
const FAILED = 'authentication-failed'
const REJECTED = { status: 401, code: 'invalid_api_key', action: FAILED }

t.test('opaque tokens of a real provider', async (t) => {
  const provider = await OpaqueProvider.start(PEOPLE)
  t.teardown(() => provider.stop())
  const world = await startWorld(t, {
    issuers: [
      {
        name: 'corp',
        issuer: provider.issuer,
        audience: ['sallyport'],
        introspection: { client_id: ASKING_CLIENT.id, client_secret: { env: 'ASKING_SECRET' }, cache: '1s' },
      },
    ],
    env: { ASKING_SECRET: ASKING_CLIENT.secret },
  })
  const { proxy, secrets } = world
  secrets.add(ASKING_CLIENT.secret)
  const token = async (person: string, audience?: string | null) => {
    const text = await provider.token(person, audience)
    secrets.add(text)
    return text
  }
  const alice = await token('alice')
  t.notMatch(alice, /\./, 'it is no JWT')
  const client = new OpenAI({ baseURL: proxy.baseUrl, apiKey: alice, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'hello' }]
  const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages }).withResponse()
  t.equal(answer.data.choices[0]?.message.content, TEXT, 'the official SDK')
  const decision = await proxy.audit.decision(answer.request_id ?? '')
  t.same(
    ['user.id', 'sallyport.auth.method', 'sallyport.auth.issuer', 'sallyport.auth.mfa'].map((name) =>
      decision.get(name),
    ),
    ['alice@example.org', 'jwt', 'corp', 'yes'],
  )
  await allows(t, world, 'again', chatBytes(alice))
  await refuses(t, world, 'whose groups may nothing', chatBytes(await token('bob')), {
    status: 403,
    code: 'policy_denied',
  })
  const reasons = [
    ['for somebody else', await token('alice', 'other'), 'wrong_aud'],
    ['for nobody in particular', await token('alice', null), 'claim_missing'],
    ['of a service without a subject', await token('nobody'), 'claim_missing'],
    ['unknown', 'no-such-token', 'inactive'],
    ['cut', alice.slice(0, -1), 'inactive'],
  ] as const
  for (const [name, text, reason] of reasons) {
    await refuses(t, world, name, chatBytes(text), { ...REJECTED, reason })
  }

  await provider.revoke('alice', alice)
  const isRefused = async () => (await rawRequest(proxy.port, chatBytes(alice))).status === 401
  await polled(isRefused, 'the revocation to be seen')

  const later = await token('alice')
  await provider.stop()
  const gone = { status: 503, code: 'identity_unavailable', action: FAILED, reason: 'introspection_unavailable' }
  const down = await refuses(t, world, 'a provider that is down', chatBytes(later), gone)
  t.equal(down.answer.header('retry-after'), '5')
  await proxy.audit.action('introspection-failed')
  await provider.again()
  await polled(async () => (await rawRequest(proxy.port, chatBytes(later))).status === 200, 'the recovery')
  await proxy.audit.action('introspection-recovered')
  await endInOrder(t, world)
})

t.test('a client that the provider does not know', async (t) => {
  const provider = await OpaqueProvider.start(PEOPLE)
  t.teardown(() => provider.stop())
  const introspection = { client_id: ASKING_CLIENT.id, client_secret: { env: 'ASKING_SECRET' } }
  const world = await startWorld(t, {
    issuers: [{ name: 'corp', issuer: provider.issuer, audience: ['sallyport'], introspection }],
    env: { ASKING_SECRET: 'wrong-secret-of-the-proxy' },
  })
  world.secrets.add('wrong-secret-of-the-proxy')
  const token = await provider.token('alice')
  world.secrets.add(token)
  const gone = { status: 503, code: 'identity_unavailable', action: FAILED, reason: 'introspection_unavailable' }
  await refuses(t, world, 'nobody is let in, and nobody is told that the token is wrong', chatBytes(token), gone)
  const event = await world.proxy.audit.action('introspection-failed')
  t.ok(JSON.stringify(event).includes('client_refused'))
  await endInOrder(t, world)
})
