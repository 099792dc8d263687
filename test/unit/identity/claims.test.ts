import t from 'tap'
import type { Principal } from '../../../src/model/identity.ts'
import type { IssuerSettings } from '../../../src/model/identity-settings.ts'
import { goodClaims, makeKey, NOW, NOW_S, outcome, scene, token, without } from './forge.ts'

const key = makeKey('ES256', 'es')
const claims = goodClaims
const plain = { alg: 'ES256', kid: 'es', typ: 'JWT' }

type Row = readonly [string, string, string]
const rows: readonly Row[] = [
  ['aud is one of ours', token(key, claims({ aud: 'sallyport' })), 'verified'],
  ['aud lists one of ours', token(key, claims({ aud: ['other', 'sallyport'] })), 'verified'],
  ['aud is another', token(key, claims({ aud: 'sallyport2' })), 'wrong_aud'],
  ['aud begins like ours', token(key, claims({ aud: 'sally' })), 'wrong_aud'],
  ['aud is an empty list', token(key, claims({ aud: [] })), 'wrong_aud'],
  ['aud is an object', token(key, claims({ aud: { 0: 'sallyport' } })), 'wrong_aud'],
  ['aud lists something else, too', token(key, claims({ aud: ['sallyport', 1] })), 'wrong_aud'],
  ['there is no aud', token(key, without(claims(), 'aud')), 'claim_missing'],
  ['exp is past the skew', token(key, claims({ exp: NOW_S - 30 })), 'expired'],
  ['exp is within the skew', token(key, claims({ exp: NOW_S - 29 })), 'verified'],
  ['exp has a fraction', token(key, claims({ exp: NOW_S + 0.5 })), 'verified'],
  ['nbf is beyond the skew', token(key, claims({ nbf: NOW_S + 31 })), 'not_yet_valid'],
  ['nbf is within the skew', token(key, claims({ nbf: NOW_S + 30 })), 'verified'],
  ['nbf is text', token(key, claims({ nbf: '0' })), 'malformed'],
  ['iat is in the future', token(key, claims({ iat: NOW_S + 31 })), 'not_yet_valid'],
  ['iat is text', token(key, claims({ iat: 'now' })), 'malformed'],
  ['nbf is null', token(key, claims({ nbf: null })), 'malformed'],
  ['iat is null', token(key, claims({ iat: null })), 'malformed'],
  ['there is no iat', token(key, without(claims(), 'iat')), 'verified'],
  ['there is no sub', token(key, without(claims(), 'sub')), 'claim_missing'],
  ['sub is empty', token(key, claims({ sub: '' })), 'malformed'],
  ['sub is a number', token(key, claims({ sub: 7 })), 'malformed'],
  ['sub has a line break', token(key, claims({ sub: 'a\nb' })), 'malformed'],
  ['sub has a NUL', token(key, claims({ sub: 'a\0' })), 'malformed'],
  ['sub has half a character', token(key, claims({ sub: 'a\ud800' })), 'malformed'],
  ['sub has no end', token(key, claims({ sub: 'a'.repeat(1025) })), 'malformed'],
  ['sub has letters of the world', token(key, claims({ sub: 'Jürgen Żółć 李' })), 'verified'],
  ['typ is JWT', token(key, claims(), plain), 'verified'],
  ['typ is jwt', token(key, claims(), { ...plain, typ: 'jwt' }), 'verified'],
  ['typ is AT+JWT', token(key, claims(), { ...plain, typ: 'AT+JWT' }), 'verified'],
  ['typ has its prefix', token(key, claims(), { ...plain, typ: 'application/at+jwt' }), 'verified'],
  ['typ is absent', token(key, claims(), without(plain, 'typ')), 'verified'],
  ['an ID token, told by nonce', token(key, claims({ nonce: 'n' }), plain), 'wrong_type'],
  ['an access token may have a nonce', token(key, claims({ nonce: 'n' })), 'verified'],
  ['so may a Keycloak one', token(key, claims({ nonce: 'n', typ: 'Bearer' }), plain), 'verified'],
  ['an ID token, told by at_hash', token(key, claims({ at_hash: 'h' }), plain), 'wrong_type'],
  ['at_hash, whatever typ says', token(key, claims({ at_hash: 'h' })), 'wrong_type'],
  ['an ID token, told by c_hash', token(key, claims({ c_hash: 'h' }), plain), 'wrong_type'],
  ['an ID token, told by s_hash', token(key, claims({ s_hash: 'h' }), plain), 'wrong_type'],
  ['an ID token of Keycloak', token(key, claims({ typ: 'ID' }), plain), 'wrong_type'],
  ['a refresh token of Keycloak', token(key, claims({ typ: 'Refresh' }), plain), 'wrong_type'],
  ['an ID token of Cognito', token(key, claims({ token_use: 'id' }), plain), 'wrong_type'],
  ['an access token of Cognito', token(key, claims({ token_use: 'access' }), plain), 'verified'],
  ['a logout token', token(key, claims({ events: {} }), plain), 'wrong_type'],
  ['a token bound to a key of no sound form', token(key, claims({ cnf: { jkt: 'x' } })), 'wrong_type'],
  ['a token bound to a key in another way', token(key, claims({ cnf: { kid: 'x' } })), 'wrong_type'],
  ['a token bound to nothing', token(key, claims({ cnf: {} })), 'wrong_type'],
  ['a token bound to nothing sound', token(key, claims({ cnf: null })), 'wrong_type'],
  ['a token bound to a key that is not shown', token(key, claims({ cnf: { jkt: 'x'.repeat(43) } })), 'proof_missing'],
  [
    'a token bound to a certificate that is not shown',
    token(key, claims({ cnf: { 'x5t#S256': 'x'.repeat(43) } })),
    'proof_missing',
  ],
]
t.test('claims', async (t) => {
  const { verify } = scene(t, [key.jwk])
  for (const [name, text, expected] of rows) t.equal(outcome(await verify(text)), expected, name)
})

const principal = async (
  t: Parameters<typeof scene>[0],
  more: { readonly [name: string]: unknown },
  settings: Partial<IssuerSettings> = {},
) => {
  const { verify } = scene(t, [key.jwk], settings)
  const verification = await verify(token(key, claims(more)))
  if (verification.outcome !== 'verified') throw new Error(verification.reason)
  return verification.principal
}

t.test('a whole principal', async (t) => {
  const more = { name: 'Alice', email: 'a@x.example', groups: ['a', 'b'], workspace: 'w', acr: 'gold', auth_time: 5 }
  const { claims: raw, tokenId, ...rest } = await principal(t, more)
  const expected: Omit<Principal, 'claims' | 'tokenId'> = {
    id: 'alice',
    issuer: 'corp',
    method: 'jwt',
    name: 'Alice',
    email: 'a@x.example',
    groups: ['a', 'b'],
    roles: [],
    workspaces: ['w'],
    mfa: 'no',
    acr: 'gold',
    authTime: 5,
    key: null,
    expiresAt: NOW_S + 300,
  }
  t.same(rest, expected)
  t.same(raw, claims(more))
  t.match(tokenId, /^[0-9a-f]{64}$/)
  t.ok(NOW > 0)
})

const paths = { id: ['sub'], name: ['name'], email: ['email'], groups: ['groups'], workspace: ['workspace'] }
const mappings: readonly (readonly [
  string,
  { readonly [name: string]: unknown },
  Partial<IssuerSettings>,
  Partial<Principal>,
])[] = [
  ['a single group', { groups: 'a' }, {}, { groups: ['a'] }],
  ['no groups are none', { groups: [] }, {}, { groups: [] }],
  ['absent groups cannot be told', {}, {}, { groups: undefined }],
  ['a group that is a number cannot be told', { groups: ['a', 1] }, {}, { groups: undefined }],
  ['groups that are an object cannot be told', { groups: { a: true } }, {}, { groups: undefined }],
  ['groups that are null cannot be told', { groups: null }, {}, { groups: undefined }],
  [
    'a path',
    { realm_access: { roles: ['x'] } },
    { claims: { ...paths, groups: ['realm_access', 'roles'] } },
    { groups: ['x'] },
  ],
  [
    'a name with dots is one step',
    { 'https://x.example/groups': ['x'] },
    { claims: { ...paths, groups: ['https://x.example/groups'] } },
    { groups: ['x'] },
  ],
  ['a path never leaves the claims', {}, { claims: { ...paths, name: ['constructor', 'name'] } }, { name: null }],
  ['nor through text', {}, { claims: { ...paths, name: ['sub', 'length'] } }, { name: null }],
  ['nor into a list', { l: ['a'] }, { claims: { ...paths, name: ['l', '0'] } }, { name: null }],
  [
    '`__proto__` is a name like any other',
    {},
    { claims: { ...paths, groups: ['__proto__', 'x'] } },
    { groups: undefined },
  ],
  ['another id', { email: 'b@x.example' }, { claims: { ...paths, id: ['email'] } }, { id: 'b@x.example' }],
  ['one workspace', { workspace: 'a' }, {}, { workspaces: ['a'] }],
  ['several workspaces', { workspace: ['a', 'b'] }, {}, { workspaces: ['a', 'b'] }],
  ['an absent workspace is none', {}, {}, { workspaces: [] }],
  ['an empty list of workspaces is none', { workspace: [] }, {}, { workspaces: [] }],
  ['a workspace that is a number cannot be told', { workspace: 7 }, {}, { workspaces: undefined }],
  ['a workspace that is null cannot be told', { workspace: null }, {}, { workspaces: undefined }],
  ['a workspace that is an object cannot be told', { workspace: { a: 'b' } }, {}, { workspaces: undefined }],
  ['workspaces of which one is no text cannot be told', { workspace: ['a', 7] }, {}, { workspaces: undefined }],
  ['an acr that is no text cannot be told', { acr: 1 }, {}, { acr: undefined, mfa: 'unknown' }],
  ['an auth_time that is text cannot be told', { auth_time: '5' }, {}, { authTime: undefined }],
  ['an auth_time below zero cannot be told', { auth_time: -5 }, {}, { authTime: undefined }],
]
for (const [name, more, settings, expected] of mappings) {
  t.test(`mapping: ${name}`, async (t) => {
    const got = await principal(t, more, settings)
    for (const [member, value] of Object.entries(expected)) t.same(got[member as keyof Principal], value, member)
  })
}

t.test('a mapped id must be one', async (t) => {
  const { verify } = scene(t, [key.jwk], { claims: { ...paths, id: ['email'] } })
  t.equal(outcome(await verify(token(key, claims()))), 'claim_missing')
  t.equal(outcome(await verify(token(key, claims({ email: ['a'] })))), 'malformed')
  t.equal(outcome(await verify(token(key, claims({ email: 'a' })))), 'verified')
})

const factors: readonly (readonly [string, { readonly [name: string]: unknown }, string])[] = [
  ['neither amr nor acr', {}, 'unknown'],
  ['amr has mfa', { amr: ['pwd', 'mfa'] }, 'yes'],
  ['amr has otp', { amr: ['otp'] }, 'yes'],
  ['amr has hwk', { amr: ['hwk'] }, 'yes'],
  ['amr has swk', { amr: ['swk'] }, 'yes'],
  ['amr has fido', { amr: ['fido'] }, 'yes'],
  ['amr has sc', { amr: ['sc'] }, 'yes'],
  ['amr is a single text', { amr: 'mfa' }, 'yes'],
  ['a password alone', { amr: ['pwd'] }, 'no'],
  ['two of one kind', { amr: ['pwd', 'pin'] }, 'no'],
  ['a password and a message', { amr: ['pwd', 'sms'] }, 'yes'],
  ['a password and a fingerprint', { amr: ['pwd', 'fpt'] }, 'yes'],
  ['a password and presence', { amr: ['pwd', 'user'] }, 'no'],
  ['a password and a place', { amr: ['pwd', 'geo', 'rba', 'wia'] }, 'no'],
  ['a name of the prototype', { amr: ['pwd', 'constructor'] }, 'no'],
  ['in another case', { amr: ['MFA'] }, 'no'],
  ['an empty amr', { amr: [] }, 'no'],
  ['an amr of another type', { amr: { mfa: true } }, 'unknown'],
  ['an amr with a number', { amr: ['mfa', 1] }, 'unknown'],
  ['an acr that is listed', { acr: 'gold' }, 'yes'],
  ['an acr that is not', { acr: 'silver' }, 'no'],
  ['an acr that is listed beside a weak amr', { acr: 'gold', amr: ['pwd'] }, 'yes'],
  ['an acr that is not beside an amr that cannot be told', { acr: 'silver', amr: 1 }, 'unknown'],
]
for (const [name, more, expected] of factors) {
  t.test(`mfa: ${name}`, async (t) => {
    t.equal((await principal(t, more, { mfaAcr: ['gold'] })).mfa, expected)
  })
}
