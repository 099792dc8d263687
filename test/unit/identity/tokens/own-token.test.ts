import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto'
import { decodeJwt } from 'jose'
import t from 'tap'
import { openIdentity } from '../../../../src/identity/authenticate.ts'
import { ringOfTexts } from '../../../../src/identity/tokens/keys.ts'
import { Secret } from '../../../../src/model/secret.ts'
import {
  b64,
  bearer,
  folder,
  issuerSettings,
  makeKey,
  NOW,
  NOW_S,
  outcome,
  quietPorts,
  type TestKey,
  token,
  without,
  writeKeys,
} from '../forge.ts'
import { LIFETIME_MS, newPem, scene, signedIn, URL, VOUCHED } from './scene.ts'

const pem = newPem()
const ring = ringOfTexts([pem])
const { kid } = ring.signing
/** The very key of the proxy, to sign what it never would. */
const own: TestKey = { kid, alg: 'EdDSA', privateKey: createPrivateKey(pem.reveal()), jwk: {} }
const foreign = makeKey('EdDSA', kid)
const rsa = makeKey('RS256', kid)
const publicKey = createPublicKey(pem.reveal())
const spki = publicKey.export({ type: 'spki', format: 'pem' })

type Members = { readonly [name: string]: unknown }
const head = (more: Members = {}) => ({ alg: 'EdDSA', typ: 'at+jwt', kid, ...more })
const sp = (more: Members = {}) => ({ source: 'corp', method: 'saml', mfa: 'yes', ...more })
const claims = (more: Members = {}): Members => ({
  iss: URL,
  aud: URL,
  sub: 'alice',
  jti: 'token-1',
  iat: NOW_S - 5,
  exp: NOW_S + 300,
  groups: ['staff'],
  sp: sp(),
  claims: {},
  ...more,
})
const signed = (payload: string | Members = claims(), header: string | Members = head(), key = own) =>
  token(key, payload, header)
const good = signed()
const [h = '', p = '', s = ''] = good.split('.')
const hmac = (secret: string | Buffer) => {
  const text = `${b64(head({ alg: 'HS256' }))}.${b64(claims())}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
const jwk = { ...foreign.jwk }

type Row = readonly [name: string, bad: string, reason: string, twin?: string]
const attacks: readonly Row[] = [
  ['alg none without a signature', `${b64(head({ alg: 'none' }))}.${p}.`, 'malformed'],
  ['alg none with a signature', `${b64(head({ alg: 'none' }))}.${p}.${s}`, 'alg_not_allowed'],
  ['the public key as an HMAC secret (PEM)', hmac(String(spki)), 'alg_not_allowed'],
  ['the public key as an HMAC secret (JWK)', hmac(JSON.stringify(ring.signing.publicKey)), 'alg_not_allowed'],
  ['the other name of the algorithm', signed(claims(), head({ alg: 'Ed25519' })), 'alg_not_allowed'],
  ['RS256 with the kid of our key', token(rsa, claims(), head({ alg: 'RS256' })), 'alg_not_allowed'],
  ['an embedded key', signed(claims(), head({ jwk }), foreign), 'malformed', signed(claims(), head())],
  ['a key set elsewhere', signed(claims(), head({ jku: 'https://evil.example/jwks' }), foreign), 'malformed'],
  ['a certificate elsewhere', signed(claims(), head({ x5u: 'https://evil.example/crt' }), foreign), 'malformed'],
  ['an embedded certificate', signed(claims(), head({ x5c: ['MIIB'] }), foreign), 'malformed'],
  ['a critical extension', signed(claims(), head({ crit: ['exp'] })), 'malformed'],
  ['another key under our kid', signed(claims(), head(), foreign), 'bad_signature'],
  ['another kid', signed(claims(), head({ kid: 'other' })), 'unknown_kid'],
  ['a kid of the prototype', signed(claims(), head({ kid: '__proto__' })), 'unknown_kid'],
  ['no kid', signed(claims(), without(head(), 'kid')), 'unknown_kid'],
  ['typ JWT', signed(claims(), head({ typ: 'JWT' })), 'wrong_type'],
  ['typ in capitals', signed(claims(), head({ typ: 'AT+JWT' })), 'wrong_type'],
  ['typ as a media type', signed(claims(), head({ typ: 'application/at+jwt' })), 'wrong_type'],
  ['typ of a logout token', signed(claims(), head({ typ: 'logout+jwt' })), 'wrong_type'],
  ['no typ', signed(claims(), without(head(), 'typ')), 'wrong_type'],
  ['cut by a letter', good.slice(0, -1), 'malformed'],
  ['cut by a part', `${h}.${p}`, 'malformed'],
  ['an edited payload', `${h}.${b64(claims({ groups: ['admins'] }))}.${s}`, 'bad_signature'],
  ['an edited header', `${b64(head({ x: 1 }))}.${p}.${s}`, 'bad_signature'],
]

const payloads: readonly Row[] = [
  ['expired', signed(claims({ exp: NOW_S })), 'expired', signed(claims({ exp: NOW_S + 1 }))],
  ['from the future', signed(claims({ iat: NOW_S + 31 })), 'not_yet_valid', signed(claims({ iat: NOW_S + 29 }))],
  ['for somebody else', signed(claims({ aud: 'https://other.example' })), 'wrong_aud'],
  ['for several', signed(claims({ aud: [URL] })), 'wrong_aud'],
  ['with another slash', signed(claims({ aud: `${URL}/` })), 'wrong_aud'],
  ...['aud', 'sub', 'jti', 'iat', 'exp', 'sp', 'claims'].map(
    (name): Row => [`without ${name}`, signed(without(claims(), name)), 'claim_missing'],
  ),
  ['an empty sub', signed(claims({ sub: '' })), 'malformed'],
  ['a sub that is a number', signed(claims({ sub: 1 })), 'malformed'],
  ['an exp that is a text', signed(claims({ exp: String(NOW_S + 300) })), 'malformed'],
  ['groups that are a text', signed(claims({ groups: 'staff' })), 'malformed'],
  ['groups with a number', signed(claims({ groups: ['staff', 1] })), 'malformed'],
  [
    'roles that are an object',
    signed(claims({ roles: { admin: true } })),
    'malformed',
    signed(claims({ roles: ['a'] })),
  ],
  ['a name that is a list', signed(claims({ name: ['Alice'] })), 'malformed', signed(claims({ name: 'Alice' }))],
  ['an auth_time that is a text', signed(claims({ auth_time: '1' })), 'malformed', signed(claims({ auth_time: 1 }))],
  ['a claim that we never write', signed(claims({ cnf: { jkt: 'x' } })), 'malformed'],
  ['a method that there is not', signed(claims({ sp: sp({ method: 'root' }) })), 'malformed'],
  [
    'an mfa that there is not',
    signed(claims({ sp: sp({ mfa: true }) })),
    'malformed',
    signed(claims({ sp: sp({ mfa: 'no' }) })),
  ],
  ['no source', signed(claims({ sp: without(sp(), 'source') })), 'malformed'],
  ['a member of sp that we never write', signed(claims({ sp: sp({ admin: 'yes' }) })), 'malformed'],
  [
    'groups that are to stand in no claim',
    signed(claims({ sp: sp({ groups_claim: 'groups' }) })),
    'malformed',
    signed(claims({ sp: sp({ groups_claim: 'groups' }), claims: { groups: null } })),
  ],
  ['groups twice in the payload', signed(`{"groups":["admins"],${JSON.stringify(claims()).slice(1)}`), 'malformed'],
]

t.test('the attacks, each with its positive twin', async (t) => {
  const { verify, held } = scene(t)
  held.ring = ring
  for (const [name, bad, reason, twin = good] of [...attacks, ...payloads]) {
    t.equal(outcome(await verify(bad)), reason, name)
    t.equal(outcome(await verify(twin)), 'verified', `${name}: its twin`)
  }
})

t.test('another issuer cannot speak for the proxy', async (t) => {
  const es = makeKey('ES256', 'es')
  const file = writeKeys(`${folder(t)}/jwks.json`, [es.jwk, { ...ring.signing.publicKey, kid }])
  const settings = issuerSettings(file, { issuer: 'https://idp.example', audience: [URL, 'sallyport'] })
  const tokens = { issuer: URL, lifetimeMs: LIFETIME_MS, keys: { kind: 'store' } } as const
  const ports = quietPorts({ now: NOW }, { tokens: { url: () => URL, keys: () => ring } })
  const identity = openIdentity({ issuers: [settings], apiKeys: { enabled: false }, saml: VOUCHED, tokens }, ports)
  t.teardown(() => identity.close())
  const verify = async (text: string) => outcome(await identity.authenticate(bearer(text)))
  const esHead = { alg: 'ES256', typ: 'at+jwt', kid: 'es' }
  const idp = claims({ iss: 'https://idp.example' })
  t.equal(await verify(token(es, claims(), esHead)), 'alg_not_allowed', 'its key and our iss')
  t.equal(await verify(token(es, idp, esHead)), 'verified', 'its key and its iss')
  t.equal(await verify(signed(claims({ iss: 'https://idp.example' }), head(), foreign)), 'bad_signature')
  t.equal(await verify(signed(claims({ iss: 'https://nobody.example' }))), 'wrong_iss', 'our key and nobody’s iss')
  t.equal(await verify(good), 'verified', 'our key and our iss')
})

t.test('events have the method and the issuer of the sign-in', async (t) => {
  const { verify, issued } = scene(t)
  for (const method of ['saml', 'ldap', 'local', 'jwt'] as const) {
    const text = await issued(signedIn({}, { issuer: `by-${method}`, method }))
    t.match(await verify(text), { outcome: 'verified', principal: { method, issuer: `by-${method}`, key: null } })
  }
  t.match(await verify(signed()), { outcome: 'rejected', method: 'jwt', issuer: 'tokens' }, 'a wrong one is of nobody')
})

t.test('keys that are replaced verify until they are gone', async (t) => {
  const { verify, issued, held } = scene(t)
  const [old, next] = [newPem(), newPem()]
  held.ring = ringOfTexts([old])
  const before = await issued()
  t.match(await verify(before), { outcome: 'verified', cache: 'miss' })
  t.match(await verify(before), { outcome: 'verified', cache: 'hit' })
  held.ring = ringOfTexts([next, old])
  const after = await issued()
  t.match([await verify(before), await verify(after)], [{ outcome: 'verified' }, { outcome: 'verified' }])
  held.ring = ringOfTexts([next])
  t.equal(outcome(await verify(before)), 'unknown_kid', 'remembered or not')
  t.equal(outcome(await verify(after)), 'verified')
  held.ring = null
  t.match(await verify(after), { outcome: 'unavailable', reason: 'store_unavailable', retryAfterSeconds: Number })
})

t.test('a reload keeps what is remembered, unless the proxy has another name', async (t) => {
  let url = URL
  const clock = { now: NOW }
  const ports = quietPorts(clock, { tokens: { url: () => url, keys: () => ring } })
  const settings = (issuer: string) => {
    const tokens = { issuer, lifetimeMs: LIFETIME_MS, keys: { kind: 'store' } } as const
    return { issuers: [], apiKeys: { enabled: false }, saml: VOUCHED, tokens }
  }
  const first = openIdentity(settings(URL), ports)
  await first.authenticate(bearer(good))
  const same = openIdentity(settings(URL), ports, first)
  t.match(await same.authenticate(bearer(good)), { outcome: 'verified', cache: 'hit' })
  url = 'https://other.example'
  const other = openIdentity(settings(url), ports, same)
  t.teardown(() => other.close())
  t.equal(outcome(await other.authenticate(bearer(good))), 'wrong_iss')
})

t.test('a token ends with who has vouched for its person', async (t) => {
  const ports = quietPorts({ now: NOW }, { tokens: { url: () => URL, keys: () => ring } })
  const tokens = { issuer: URL, lifetimeMs: LIFETIME_MS, keys: { kind: 'store' } } as const
  const settings = { issuers: [], apiKeys: { enabled: false }, saml: VOUCHED, local: { enabled: true }, tokens }
  const local = signed(claims({ sp: { source: 'local', method: 'local', mfa: 'no' } }))
  const first = openIdentity(settings, ports)
  const isNow = async (identity: typeof first, text: string) => outcome(await identity.authenticate(bearer(text)))
  for (const text of [good, local]) t.equal(await isNow(first, text), 'verified')
  const others = openIdentity({ ...settings, saml: [] }, ports, first)
  t.equal(await isNow(others, good), 'wrong_iss', 'though it was remembered')
  t.equal(await isNow(others, local), 'verified', 'somebody else has')
  const none = openIdentity({ ...settings, local: { enabled: false } }, ports, others)
  t.teardown(() => none.close())
  t.equal(await isNow(none, local), 'wrong_iss')
  t.equal(await isNow(none, good), 'verified')
})

t.test('a remembered token ends when it expires', async (t) => {
  const { verify, issued, clock } = scene(t)
  const text = await issued(signedIn({ notAfter: NOW_S + 10 }))
  t.equal(outcome(await verify(text)), 'verified')
  clock.now += 9999
  t.match(await verify(text), { outcome: 'verified', cache: 'hit' })
  clock.now += 1
  t.equal(outcome(await verify(text)), 'expired')
})

t.test('two tokens of one person are told apart', async (t) => {
  const { issued, verify } = scene(t)
  const [one, other] = [await issued(), await issued()]
  t.not(decodeJwt(one).jti, decodeJwt(other).jti)
  const [first, second] = [await verify(one), await verify(other)]
  if (first.outcome !== 'verified' || second.outcome !== 'verified') return t.fail('not verified')
  t.not(first.principal.tokenId, second.principal.tokenId)
  t.match(first.principal.tokenId, /^[0-9a-f]{64}$/)
})

t.test('the key of a file may have any line ends', async (t) => {
  const crlf = ringOfTexts([new Secret(pem.reveal().replaceAll('\n', '\r\n'))])
  t.equal(crlf.signing.kid, kid)
})
