import t from 'tap'
import { readKeySet } from '../../../src/identity/jwt/jwk.ts'
import type { JsonObject } from '../../../src/model/json.ts'
import { b64, makeKey, without } from './forge.ts'

const es = makeKey('ES256', 'es')
const rs = makeKey('RS256', 'rs')
const ed = makeKey('EdDSA', 'ed')
const weak = makeKey('RS256', 'weak', 1024)
const usable = async (jwk: object) => (await readKeySet({ keys: [jwk as JsonObject] }, []))?.length === 1

const n = BigInt(`0x${Buffer.from(String(rs.jwk.n), 'base64url').toString('hex')}`)
const toB64 = (value: bigint) => {
  const hex = value.toString(16)
  return b64(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}
/** A modulus of the form that Infineon's library made: a power of 65537 modulo the product of the first primes. */
const rocaModulus = (() => {
  const primes: bigint[] = []
  for (let candidate = 2n; primes.length < 126; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate)
  }
  const product = primes.reduce((left, right) => left * right, 1n)
  let power = 1n
  for (let count = 0; count < 12_345; count++) power = (power * 65_537n) % product
  return ((1n << 2047n) / product + 1n) * product * 1n + power
})()

const rows: readonly (readonly [string, object, object])[] = [
  ['a symmetric key', { kty: 'oct', kid: 'k', k: b64('secret'), alg: 'HS256' }, es.jwk],
  ['a private EC key', { ...es.privateKey.export({ format: 'jwk' }), kid: 'es', alg: 'ES256' }, es.jwk],
  ['a private RSA key', { ...rs.privateKey.export({ format: 'jwk' }), kid: 'rs', alg: 'RS256' }, rs.jwk],
  ['a public key with a secret beside it', { ...es.jwk, k: 'AAAA' }, es.jwk],
  ['a key for encryption', { ...es.jwk, use: 'enc' }, without(es.jwk, 'use')],
  ['a key that may only sign', { ...es.jwk, key_ops: ['sign'] }, { ...es.jwk, key_ops: ['verify'] }],
  ['a key with an algorithm that is not its own', { ...es.jwk, alg: 'ES384' }, { ...es.jwk, alg: 'ES256' }],
  ['a key with an algorithm for encryption', { ...rs.jwk, alg: 'RSA-OAEP' }, { ...rs.jwk, alg: 'PS512' }],
  ['an RSA key with HS256', { ...rs.jwk, alg: 'HS256' }, without(rs.jwk, 'alg')],
  ['a key with an alg that is no text', { ...rs.jwk, alg: null }, rs.jwk],
  ['a key id that is no text', { ...es.jwk, kid: 7 }, without(es.jwk, 'kid')],
  ['a short RSA key', weak.jwk, rs.jwk],
  ['an RSA key with e = 1', { ...rs.jwk, e: b64(Buffer.from([1])) }, { ...rs.jwk, e: b64(Buffer.from([3])) }],
  ['an RSA key with an even e', { ...rs.jwk, e: b64(Buffer.from([4])) }, rs.jwk],
  ['an RSA key with a huge e', { ...rs.jwk, e: b64(Buffer.alloc(200, 255)) }, rs.jwk],
  ['an RSA key with an even modulus', { ...rs.jwk, n: toB64(n + 1n) }, { ...rs.jwk, n: toB64(n) }],
  ['an RSA key too long to verify with', { ...rs.jwk, n: b64(Buffer.alloc(1025, 255)) }, rs.jwk],
  ['an RSA key that ROCA breaks', { ...rs.jwk, n: toB64(rocaModulus) }, { ...rs.jwk, n: toB64(rocaModulus + 2n) }],
  ['an RSA key in another spelling', { ...rs.jwk, n: `${String(rs.jwk.n)}=` }, rs.jwk],
  ['a point that is not on the curve', { ...es.jwk, y: es.jwk.x }, es.jwk],
  ['a coordinate that is too short', { ...es.jwk, x: b64(Buffer.alloc(31, 1)) }, es.jwk],
  ['a curve that is not for tokens', { ...es.jwk, crv: 'secp256k1' }, es.jwk],
  ['a curve of the prototype', { ...es.jwk, crv: 'constructor' }, es.jwk],
  ['an Ed25519 key of small order', { ...ed.jwk, x: b64(Buffer.alloc(32)) }, ed.jwk],
  [
    'an Ed25519 key of order eight, its sign bit set',
    { ...ed.jwk, x: b64(Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85', 'hex')) },
    ed.jwk,
  ],
  ['an X25519 key', { ...ed.jwk, crv: 'X25519' }, ed.jwk],
  ['an unknown type', { kty: 'AKP', kid: 'x', alg: 'ML-DSA-65', pub: 'AAAA' }, es.jwk],
  ['a text', Object('key'), es.jwk],
]
for (const [name, bad, twin] of rows) {
  t.test(`left out: ${name}`, async (t) => {
    t.notOk(await usable(bad))
    t.ok(await usable(twin), 'its twin is taken')
  })
}

t.test('one bad key does not spoil the others', async (t) => {
  const keys = await readKeySet({ keys: [weak.jwk, es.jwk, { kty: 'oct', k: 'AAAA' }] } as JsonObject, [])
  t.same(
    keys?.map(({ kid, algorithms }) => [kid, algorithms]),
    [['es', ['ES256']]],
  )
})

t.test('an unchanged key stays the same object, a changed one does not', async (t) => {
  const before = (await readKeySet({ keys: [es.jwk, rs.jwk] } as JsonObject, [])) ?? []
  const after = (await readKeySet({ keys: [rs.jwk, { ...es.jwk, kid: 'other' }] } as JsonObject, before)) ?? []
  t.equal(after[0], before[1])
  t.not(after[1], before[0])
})

for (const document of [{}, { keys: null }, { keys: {} }, { keys: 'k' }]) {
  t.test(`no key set: ${JSON.stringify(document)}`, async (t) => t.equal(await readKeySet(document, []), null))
}
