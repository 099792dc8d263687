import t, { type Test } from 'tap'
import { mintKey } from '../../../src/identity/api-keys/key-format.ts'
import { hashSecret } from '../../../src/identity/argon2.ts'
import { openIdentity } from '../../../src/identity/authenticate.ts'
import type { Verification } from '../../../src/model/identity.ts'
import type { StoredKey } from '../../../src/model/ports.ts'
import type { RevocableToken } from '../../../src/model/sign-in.ts'
import {
  bearer,
  folder,
  goodClaims,
  issuerSettings,
  makeKey,
  NOW,
  NOW_S,
  outcome,
  quietPorts,
  token,
  without,
  writeKeys,
} from './forge.ts'
import { scene as ownTokens, signedIn, TOKENS, URL } from './tokens/scene.ts'

const es = makeKey('ES256', 'es')

/** What is asked, and what is answered to it: now, later, or not at all. */
function reader(answer: (token: RevocableToken) => boolean | Promise<boolean> = () => false) {
  const asked: RevocableToken[] = []
  const state = { answer }
  const isRevoked = (one: RevocableToken) => {
    asked.push(one)
    return state.answer(one)
  }
  return { asked, state, isRevoked }
}

function corp(t: Test, revocations: ReturnType<typeof reader>) {
  const settings = issuerSettings(writeKeys(`${folder(t)}/jwks.json`, [es.jwk]), {
    claims: { id: ['email'], name: ['name'], email: ['email'], groups: ['groups'], workspace: ['workspace'] },
  })
  const ports = quietPorts({ now: NOW }, { revocations })
  const identity = openIdentity({ issuers: [settings], apiKeys: { enabled: false } }, ports)
  t.teardown(() => identity.close())
  return async (text: string): Promise<Verification> => identity.authenticate(bearer(text))
}

t.test('what is asked of a token of an issuer', async (t) => {
  const revocations = reader()
  const verify = corp(t, revocations)
  const claims = goodClaims({ email: 'alice@example.org', sid: 'session-1' })
  t.equal(outcome(await verify(token(es, claims))), 'verified')
  t.match(revocations.asked, [
    {
      issuer: 'corp',
      subject: 'alice@example.org',
      sub: 'alice',
      session: 'session-1',
      issuedAt: NOW_S - 5,
      tokenId: /^[0-9a-f]{64}$/,
    },
  ])
  await verify(token(es, without(goodClaims({ email: 'bob@example.org', sid: 1 }), 'iat')))
  t.match(revocations.asked[1], { issuer: 'corp', session: null, issuedAt: null }, 'what it does not say')
})

t.test(
  'what is asked of a token of the proxy: by whom, and from which session, the person was vouched for',
  async (t) => {
    const revocations = reader()
    const { issuer, verify } = ownTokens(t, { revocations })
    const issued = await issuer.issue(signedIn({ subject: 'name-id-1', session: 'session-1' }))
    if (!issued.ok) return t.fail(issued.fault)
    const { tokenId } = issued.value
    t.equal(outcome(await verify(issued.value.token.reveal())), 'verified')
    const asked = { issuer: 'corp', subject: 'alice@example.org', sub: 'name-id-1', session: 'session-1' }
    t.same(revocations.asked, [{ ...asked, tokenId, issuedAt: NOW_S }])
    await verify(issued.value.token.reveal())
    t.equal(revocations.asked[1], revocations.asked[0], 'and when it is remembered by the same object, in each request')
  },
)

const answers: readonly (readonly [string, () => boolean | Promise<boolean>, string])[] = [
  ['no', () => false, 'verified'],
  ['yes', () => true, 'revoked'],
  ['no, later', () => Promise.resolve(false), 'verified'],
  ['yes, later', () => Promise.resolve(true), 'revoked'],
  [
    'nothing',
    () => {
      throw new Error('locked')
    },
    'store_unavailable',
  ],
  ['nothing, later', () => Promise.reject(new Error('gone')), 'store_unavailable'],
]

t.test('what is answered, when it is verified and when it is remembered', async (t) => {
  for (const [name, answer, want] of answers) {
    const revocations = reader()
    const own = ownTokens(t, { revocations })
    const verify = corp(t, revocations)
    const [ours, theirs] = [await own.issued(), token(es, goodClaims({ email: 'alice@example.org' }))]
    for (const [whose, ask, text] of [
      ['ours', own.verify, ours],
      ['theirs', verify, theirs],
    ] as const) {
      revocations.state.answer = answer
      t.equal(outcome(await ask(text)), want, `${name}: ${whose}`)
      t.equal(outcome(await ask(text)), want, `${name}: ${whose}, remembered`)
      revocations.state.answer = () => false
      t.equal(outcome(await ask(text)), 'verified', `${name}: ${whose}, its twin`)
    }
  }
})

t.test('who was verified stands in what is said of it', async (t) => {
  const { verify, issued } = ownTokens(t, { revocations: reader(() => true) })
  t.same(await verify(await issued()), { outcome: 'rejected', reason: 'revoked', method: 'saml', issuer: 'corp' })
})

t.test('a token that is wrong is not asked for', async (t) => {
  const revocations = reader()
  const { verify, issued } = ownTokens(t, { revocations })
  const text = await issued()
  t.equal(outcome(await verify(text.slice(0, -2))), 'bad_signature')
  t.same(revocations.asked, [])
})

t.test('where it is known at once, it is answered at once', async (t) => {
  const revocations = reader()
  const { identity, issued } = ownTokens(t, { revocations })
  const credential = bearer(await issued())
  await identity.authenticate(credential)
  t.notOk(identity.authenticate(credential) instanceof Promise)
})

t.test('an API key goes on, whatever was revoked of its owner', async (t) => {
  const key = mintKey(NOW)
  const base = {
    owner: 'alice',
    roles: [],
    groups: [],
    networks: [],
    models: [],
    workspace: null,
    createdAt: NOW,
    hash: await hashSecret(key.key),
  }
  const record: StoredKey = { ...base, ...key, expiresAt: null, revokedAt: null, rotatedFrom: null, lastUsedAt: null }
  const keys = { find: () => record, touch: () => undefined }
  const revocations = reader(() => true)
  const identity = openIdentity(
    { issuers: [], apiKeys: { enabled: true }, tokens: TOKENS },
    quietPorts({ now: NOW }, { keys, revocations, tokens: { url: () => URL, keys: () => null } }),
  )
  t.teardown(() => identity.close())
  t.equal(outcome(await identity.authenticate(bearer(key.key))), 'verified')
  t.same(revocations.asked, [])
})
