import { createHmac, createPublicKey } from 'node:crypto'
import t from 'tap'
import { b64, goodClaims, makeKey, NOW_S, outcome, scene, type TestKey, token, without } from './forge.ts'

const es = makeKey('ES256', 'es')
const rs = makeKey('RS256', 'rs')
const ed = makeKey('EdDSA', 'ed')
const unpinned = makeKey('RS256', 'unpinned')
const foreign = makeKey('ES256', 'es')
const PUBLISHED = [es.jwk, rs.jwk, ed.jwk, without(unpinned.jwk, 'alg')]

const head = (more: { readonly [name: string]: unknown } = {}, key: TestKey = es) => ({
  alg: key.alg,
  kid: key.kid,
  typ: 'at+jwt',
  ...more,
})
const claims = goodClaims
const good = token(es)
const [h = '', p = '', s = ''] = good.split('.')
const pem = createPublicKey(rs.privateKey).export({ type: 'spki', format: 'pem' })
const pkcs1 = createPublicKey(rs.privateKey).export({ type: 'pkcs1', format: 'pem' })

/** A token of RS256's public key, used as a secret. */
function confused(secret: string | Buffer, alg = 'HS256'): string {
  const text = `${b64({ alg, kid: 'rs', typ: 'at+jwt' })}.${b64(claims())}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
const unsigned = (header: { readonly [name: string]: unknown }, signature: string) =>
  `${b64(header)}.${b64(claims())}.${signature}`
/** The same bytes, other unused bits at the end. */
function flipTail(part: string): string {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return part.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(part.at(-1) ?? '') ^ 1)
}
/** A payload whose base64url has unused bits at its end. */
const odd = (() => {
  for (let pad = ''; ; pad += 'x') if (b64(claims({ pad })).length % 4 === 2) return claims({ pad })
})()
const oddToken = token(es, odd)
const oddParts = oddToken.split('.')
const json = (value: object) => JSON.stringify(value)
const raw = json(claims())

type Row = readonly [name: string, bad: string, reason: string, twin?: string]
const algorithms: readonly Row[] = [
  ['alg none', unsigned({ alg: 'none', typ: 'at+jwt' }, ''), 'malformed'],
  ['alg none with a signature', unsigned(head({ alg: 'none' }), s), 'alg_not_allowed'],
  ['alg nOnE', unsigned(head({ alg: 'nOnE' }), s), 'alg_not_allowed'],
  ['alg with a space', token(es, claims(), head({ alg: ' ES256' })), 'alg_not_allowed'],
  ['alg in lower case', token(es, claims(), head({ alg: 'es256' })), 'alg_not_allowed'],
  ['alg that is a list', token(es, claims(), head({ alg: ['ES256'] })), 'malformed'],
  ['no alg', token(es, claims(), without(head(), 'alg')), 'malformed'],
  ['the public key as an HMAC secret (PEM)', confused(pem), 'alg_not_allowed', token(rs)],
  ['the public key as an HMAC secret (PKCS#1)', confused(pkcs1), 'alg_not_allowed'],
  ['the JWK as an HMAC secret', confused(json(rs.jwk)), 'alg_not_allowed'],
  ['HMAC named RS256', confused(pem, 'RS256'), 'bad_signature', token(rs)],
  ['PS256 with a key pinned to RS256', token(rs, claims(), head({ alg: 'PS256' }, rs), 'PS256'), 'alg_not_allowed'],
  [
    'RS512 by an issuer that does not list it',
    token(unpinned, claims(), head({ alg: 'RS512' }, unpinned), 'RS512'),
    'alg_not_allowed',
    token(unpinned, claims(), head({ alg: 'PS256' }, unpinned), 'PS256'),
  ],
  ['ES256 with the kid of an RSA key', token(es, claims(), head({ kid: 'rs' })), 'alg_not_allowed'],
  ['EdDSA with the kid of an EC key', token(ed, claims(), head({ kid: 'es' }, ed)), 'alg_not_allowed', token(ed)],
  ['Ed25519, where the issuer lists EdDSA', token(ed, claims(), head({ alg: 'Ed25519' }, ed)), 'alg_not_allowed'],
]

const zero = (length: number) => b64(Buffer.alloc(length))
const signatures: readonly Row[] = [
  ['r = s = 0', unsigned(head(), zero(64)), 'bad_signature'],
  ['r = s = n', unsigned(head(), b64(Buffer.from('ff'.repeat(64), 'hex'))), 'bad_signature'],
  ['an empty ECDSA signature', unsigned(head(), zero(1)), 'bad_signature'],
  ['an ECDSA signature in DER', unsigned(head(), b64(Buffer.from('3006020101020101', 'hex'))), 'bad_signature'],
  ['an RSA signature of zeros', unsigned(head({}, rs), zero(256)), 'bad_signature', token(rs)],
  ['an Ed25519 signature of zeros', unsigned(head({}, ed), zero(64)), 'bad_signature', token(ed)],
  ['another key with the same kid', token(foreign), 'bad_signature', good],
  ['a changed payload', `${h}.${b64(claims({ sub: 'root' }))}.${s}`, 'bad_signature', good],
  ['a changed header', `${b64(head({ x: 1 }))}.${p}.${s}`, 'bad_signature', good],
]

const keyIds: readonly Row[] = [
  ['a kid that nobody has', token(es, claims(), head({ kid: 'other' })), 'unknown_kid', good],
  ['a kid that is a path', token(es, claims(), head({ kid: '../../etc/passwd' })), 'unknown_kid'],
  ['a kid that is SQL', token(es, claims(), head({ kid: "x' UNION SELECT 'k" })), 'unknown_kid'],
  ['a kid of the prototype', token(es, claims(), head({ kid: '__proto__' })), 'unknown_kid'],
  ['an empty kid', token(es, claims(), head({ kid: '' })), 'unknown_kid'],
  ['a kid that is a number', token(es, claims(), head({ kid: 1 })), 'malformed'],
  ['a kid without end', token(es, claims(), head({ kid: 'k'.repeat(600) })), 'malformed'],
  [
    'no kid where two keys fit',
    token(rs, claims(), without(head({}, rs), 'kid')),
    'unknown_kid',
    token(es, claims(), without(head(), 'kid')),
  ],
]

const refusedHeader: readonly (readonly [string, unknown])[] = [
  ['jku', 'https://evil.example/jwks'],
  ['jwk', foreign.jwk],
  ['x5u', 'https://evil.example/cert'],
  ['x5c', ['MIIB']],
  ['crit', ['exp']],
  ['crit', []],
  ['crit', ['http://example.com/UNDEFINED']],
  ['b64', false],
  ['b64', true],
  ['zip', 'DEF'],
  ['enc', 'A128GCM'],
]
const headers: readonly Row[] = [
  ...refusedHeader.map(
    ([name, value]): Row => [`${name}: ${json({ value })}`, token(es, claims(), head({ [name]: value })), 'malformed'],
  ),
  ['typ of an ID token', token(es, claims(), head({ typ: 'ID' })), 'wrong_type'],
  ['typ of a logout token', token(es, claims(), head({ typ: 'logout+jwt' })), 'wrong_type'],
  ['typ of a DPoP proof', token(es, claims(), head({ typ: 'dpop+jwt' })), 'wrong_type'],
  ['typ that is no text', token(es, claims(), head({ typ: 1 })), 'wrong_type'],
  ['typ with a space', token(es, claims(), head({ typ: 'at+jwt ' })), 'wrong_type'],
  ['alg twice', token(es, claims(), `{"alg":"none","alg":"ES256","kid":"es"}`), 'malformed'],
  ['alg twice, one escaped', token(es, claims(), `{"\\u0061lg":"none","alg":"ES256","kid":"es"}`), 'malformed'],
  ['a header that is a list', token(es, claims(), '["ES256"]'), 'malformed'],
  ['a header with a byte order mark', token(es, claims(), `\ufeff${json(head())}`), 'malformed'],
  ['a header that is too long', token(es, claims(), head({ x: 'x'.repeat(4096) })), 'malformed'],
]

const forms: readonly Row[] = [
  ['padding after the token', `${good}==`, 'malformed', good],
  ['padding inside of it', `${h}=.${p}.${s}`, 'malformed'],
  ['a line break after it', `${good}\n`, 'malformed'],
  ['a line break inside of it', `${h}.${p.slice(0, 8)}\n${p.slice(8)}.${s}`, 'malformed'],
  ['a tab before it', `\t${good}`, 'malformed'],
  ['the other base64 alphabet', `${h}.${p}.+/${s.slice(2)}`, 'malformed'],
  ['a letter that is no base64', `${h}.${p}.é${s.slice(1)}`, 'malformed'],
  ['flipped tail bits in the signature', `${h}.${p}.${flipTail(s)}`, 'malformed'],
  [
    'flipped tail bits in the payload',
    `${oddParts[0]}.${flipTail(oddParts[1] ?? '')}.${oddParts[2]}`,
    'malformed',
    oddToken,
  ],
  ['one part', h, 'malformed'],
  ['two parts', `${h}.${p}`, 'malformed'],
  ['four parts', `${good}.${s}`, 'malformed'],
  ['five parts, as a JWE has', `${h}.${p}.${s}.${s}.${s}`, 'malformed'],
  ['an empty part', `${h}..${s}`, 'malformed'],
  ['no signature', `${h}.${p}.`, 'malformed'],
  ['the JSON form of a JWS', json({ protected: h, payload: p, signature: s }), 'malformed'],
  [
    'an oversized token',
    token(es, claims({ x: 'x'.repeat(13_000) })),
    'malformed',
    token(es, claims({ x: 'x'.repeat(9000) })),
  ],
  ['a token inside of a token', token(es, good), 'malformed'],
  [
    'a claim twice',
    token(es, raw.replace('{', '{"sub":"root",')),
    'malformed',
    token(es, raw.replace('{', '{"x":"root",')),
  ],
  ['a claim twice, one escaped', token(es, raw.replace('{', '{"\\u0073ub":"root",')), 'malformed'],
  ['a nested key twice', token(es, raw.replace('{', '{"a":{"b":1,"b":2},')), 'malformed'],
  ['a payload that is no UTF-8', token(es, Buffer.from(raw.replace('alice', 'al\xffice'), 'latin1')), 'malformed'],
  [
    'a payload that is nested too deep',
    token(es, claims({ x: JSON.parse('['.repeat(40) + ']'.repeat(40)) })),
    'malformed',
  ],
  ['a payload that is a list', token(es, `[${raw}]`), 'malformed'],
  ['text after the payload', token(es, `${raw} x`), 'malformed', token(es, `${raw} `)],
]

const named: readonly Row[] = [
  ['an iss that nobody has', token(es, claims({ iss: 'https://evil.example' })), 'wrong_iss'],
  ['an iss with a slash more', token(es, claims({ iss: `${claims().iss}/` })), 'wrong_iss'],
  ['an iss in another case', token(es, claims({ iss: String(claims().iss).toUpperCase() })), 'wrong_iss'],
  ['an iss that is a list', token(es, claims({ iss: [claims().iss] })), 'wrong_iss'],
  ['no iss', token(es, without(claims(), 'iss')), 'claim_missing'],
  ['no exp', token(es, without(claims(), 'exp')), 'claim_missing'],
  ['an exp that is text', token(es, claims({ exp: String(NOW_S + 60) })), 'malformed'],
  ['an exp in milliseconds', token(es, claims({ exp: (NOW_S + 60) * 1000 })), 'malformed'],
  ['an exp that is null', token(es, claims({ exp: null })), 'malformed'],
  ['an exp below zero', token(es, claims({ exp: -1 })), 'malformed'],
]

for (const [group, rows] of Object.entries({ algorithms, signatures, keyIds, headers, forms, named })) {
  t.test(group, async (t) => {
    const { verify } = scene(t, PUBLISHED)
    t.equal(outcome(await verify(good)), 'verified')
    for (const [name, bad, reason, twin = good] of rows) {
      t.equal(outcome(await verify(bad)), reason, `refused: ${name}`)
      t.equal(outcome(await verify(bad)), reason, `refused again: ${name}`)
      t.equal(outcome(await verify(twin)), 'verified', `accepted: the twin of ${name}`)
    }
  })
}

t.test('every algorithm of the default list verifies its own', async (t) => {
  const { verify } = scene(t, PUBLISHED)
  const tokens = [
    token(es),
    token(rs),
    token(ed),
    token(unpinned),
    token(unpinned, claims(), head({ alg: 'PS256' }, unpinned), 'PS256'),
  ]
  for (const text of tokens) t.equal(outcome(await verify(text)), 'verified')
})

t.test('the others do where the issuer lists them', async (t) => {
  const keys = ['ES384', 'ES512', 'RS384', 'PS384', 'PS512', 'RS512'].map((alg) => makeKey(alg, alg))
  const algorithms = [...keys.map(({ alg }) => alg), 'Ed25519']
  const { verify } = scene(t, [...keys.map(({ jwk }) => jwk), ed.jwk], { algorithms })
  for (const key of keys) t.equal(outcome(await verify(token(key))), 'verified', key.alg)
  t.equal(outcome(await verify(token(ed, claims(), head({ alg: 'Ed25519' }, ed)))), 'verified', 'Ed25519')
  t.equal(outcome(await verify(token(ed))), 'alg_not_allowed', 'EdDSA is not listed')
})

t.test('no token with one character changed is verified', async (t) => {
  const { verify } = scene(t, PUBLISHED)
  t.equal(outcome(await verify(good)), 'verified')
  const wrong: number[] = []
  for (let at = 0; at < good.length; at++) {
    const changed = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1)
    if (outcome(await verify(changed)) === 'verified') wrong.push(at)
  }
  t.same(wrong, [])
})
