import t from 'tap'
import { openIdentity } from '../../../../src/identity/authenticate.ts'
import { ProofMemory } from '../../../../src/identity/bound/proof-memory.ts'
import type { Proof } from '../../../../src/model/identity.ts'
import { b64, makeKey, NOW, NOW_S, quietPorts } from '../forge.ts'
import {
  OWN_URL,
  openScene,
  presented,
  proofText,
  publicJwk,
  REQUEST,
  shown,
  thumbprintOf,
  withProof,
} from './scene.ts'

const GOOD = 'verified alice'
const INVALID = 'rejected proof_invalid'

t.test('a token that is bound to a key', async (t) => {
  const { token, said } = openScene(t)
  const key = makeKey('ES256', 'client')
  const jkt = thumbprintOf(key)
  const bound = token({ jkt })
  t.equal(await said(bound, withProof(proofText(key, bound))), GOOD)
  t.equal(await said(bound, withProof(proofText(key, bound))), GOOD, 'with another proof')
  t.equal(await said(bound), 'rejected proof_missing', 'as a bearer, though it is remembered')
  t.equal(await said(bound, shown({})), 'rejected proof_missing')
  const plain = token()
  t.equal(await said(plain), GOOD)
  t.equal(await said(plain, withProof(proofText(key, plain))), 'rejected wrong_type', 'a bearer with a proof')
  t.equal(await said(plain), GOOD)
  for (const alg of ['ES384', 'ES512', 'PS256', 'RS256', 'EdDSA']) {
    const other = makeKey(alg, alg)
    const text = token({ jkt: thumbprintOf(other) })
    t.equal(await said(text, withProof(proofText(other, text))), GOOD, alg)
  }
})

t.test('proofs that prove nothing', async (t) => {
  const { token, said } = openScene(t)
  const key = makeKey('ES256', 'client')
  const rsa = makeKey('RS256', 'rsa')
  const other = makeKey('ES256', 'other')
  const jkt = thumbprintOf(key)
  const bound = token({ jkt })
  const another = token({ jkt })
  const jwk = publicJwk(key)
  const secret = key.privateKey.export({ format: 'jwk' })
  const made = (more: Parameters<typeof proofText>[2]) => proofText(key, bound, more)
  const claims = (more: object) => made({ claims: more as { [name: string]: unknown } })
  const header = (more: object) => made({ header: more as { [name: string]: unknown } })
  const good = made({})
  const [head = '', body = '', signature = ''] = made({}).split('.')
  const table: readonly (readonly [name: string, proof: string, outcome: string])[] = [
    ['a good one', good, GOOD],
    ['the same again', good, 'rejected proof_replayed'],
    ['another key than that of the token', proofText(other, bound), INVALID],
    ['the key of the token, signed with another', made({ by: other }), INVALID],
    ['another method', claims({ htm: 'GET' }), INVALID],
    ['the method in small letters', claims({ htm: 'post' }), INVALID],
    ['no method', claims({ htm: undefined }), INVALID],
    ['another path', claims({ htu: `${OWN_URL}/x` }), INVALID],
    ['another host', claims({ htu: OWN_URL.replace('127.0.0.1', 'evil.example') }), INVALID],
    ['another port', claims({ htu: OWN_URL.replace('8080', '8081') }), INVALID],
    ['another scheme', claims({ htu: OWN_URL.replace('http', 'https') }), INVALID],
    ['a user in the URL', claims({ htu: OWN_URL.replace('127', 'a@127') }), INVALID],
    ['a path alone', claims({ htu: REQUEST.path }), INVALID],
    ['no URL', claims({ htu: undefined }), INVALID],
    ['a URL that is a list', claims({ htu: [OWN_URL] }), INVALID],
    ['its other name', claims({ htu: OWN_URL.replace('127.0.0.1', 'localhost') }), GOOD],
    ['with a query', claims({ htu: `${OWN_URL}?a=b#c` }), GOOD],
    ['as old as may be', claims({ iat: NOW_S - 60 }), GOOD],
    ['older', claims({ iat: NOW_S - 61 }), INVALID],
    ['a little ahead', claims({ iat: NOW_S + 10 }), GOOD],
    ['from the future', claims({ iat: NOW_S + 11 }), INVALID],
    ['of no time', claims({ iat: undefined }), INVALID],
    ['of a time in words', claims({ iat: String(NOW_S) }), INVALID],
    ['without a name', claims({ jti: undefined }), INVALID],
    ['with an empty name', claims({ jti: '' }), INVALID],
    ['with a name that is too long', claims({ jti: 'j'.repeat(257) }), INVALID],
    ['for no token', claims({ ath: undefined }), INVALID],
    ['for another token', proofText(key, another), INVALID],
    ['of another type', header({ typ: 'JWT' }), INVALID],
    ['of no type', header({ typ: undefined }), INVALID],
    ['an access token', header({ typ: 'at+jwt' }), INVALID],
    ['without a key', header({ jwk: undefined }), INVALID],
    ['with the private key', header({ jwk: { ...jwk, d: secret.d } }), INVALID],
    ['with a symmetric key', header({ jwk: { kty: 'oct', k: 'AAAA' } }), INVALID],
    ['with a list of keys', header({ jwk: [jwk] }), INVALID],
    ['not signed', `${b64({ typ: 'dpop+jwt', alg: 'none', jwk })}.${body}.AA`, INVALID],
    ['signed with a shared secret', header({ alg: 'HS256' }), INVALID],
    ['with the algorithm of another key', header({ alg: 'RS256' }), INVALID],
    ['critical', header({ crit: ['x'], x: 1 }), INVALID],
    ['with a URL of keys', header({ jku: 'https://evil.example' }), INVALID],
    ['changed', `${head}.${b64({ a: 1 })}.${signature}`, INVALID],
    ['spelt otherwise', `${good}=`, INVALID],
    ['of two parts', `${head}.${body}`, INVALID],
    ['empty', '', INVALID],
    ['too long', claims({ x: 'x'.repeat(9000) }), INVALID],
  ]
  for (const [name, proof, outcome] of table) t.equal(await said(bound, withProof(proof)), outcome, name)
  const weak = token({ jkt: thumbprintOf(rsa) })
  t.equal(await said(weak, withProof(proofText(rsa, weak))), GOOD)
  t.equal(await said(weak, withProof(proofText(rsa, weak, { alg: 'ES256', by: key }))), INVALID)
})

t.test('a proof is of its request', async (t) => {
  const { token, said, identity, settings, clock } = openScene(t)
  const key = makeKey('ES256', 'client')
  const bound = token({ jkt: thumbprintOf(key) })
  const text = proofText(key, bound)
  const at = (more: object): Proof => shown({ dpop: { text, ...REQUEST, ...more } })
  t.equal(await said(bound, at({ method: 'GET' })), INVALID)
  t.equal(await said(bound, at({ path: '/v1/responses' })), INVALID)
  const proof = at({})
  t.equal(await said(bound, proof), GOOD)
  t.equal(await said(bound, proof), GOOD, 'the same request is asked about again')
  clock.now += 300_000
  t.equal(await said(bound, proof), GOOD, 'and later, as a session is')
  clock.now -= 300_000
  t.equal(await said(token({ jkt: thumbprintOf(key) }), proof), INVALID, 'with another token')
  t.equal(await said(bound, at({})), 'rejected proof_replayed', 'another request')
  const next = openIdentity(settings, quietPorts(clock), identity)
  t.teardown(() => next.close())
  const again = await next.authenticate(presented(bound, at({})))
  t.match(again, { outcome: 'rejected', reason: 'proof_replayed', scheme: 'DPoP' }, 'nothing is forgotten in a reload')
})

t.test('the URLs of the proxy are what the config says', async (t) => {
  const { token, said } = openScene(t, { dpop: { origins: ['https://llm.example.org'] } })
  const key = makeKey('ES256', 'client')
  const bound = token({ jkt: thumbprintOf(key) })
  const to = (htu: string) => said(bound, withProof(proofText(key, bound, { claims: { htu } })))
  t.equal(await to(`https://llm.example.org${REQUEST.path}`), GOOD)
  t.equal(await to(`https://llm.example.org:443${REQUEST.path}`), GOOD)
  t.equal(await to(`http://llm.example.org${REQUEST.path}`), INVALID)
  t.equal(await to(`https://llm.example.org.evil.example${REQUEST.path}`), INVALID)
  t.equal(await to(OWN_URL), INVALID, 'and nothing else')
})

t.test('what was used is remembered, or nothing is taken', (t) => {
  const clock = { now: NOW }
  const memory = new ProofMemory(() => clock.now, 70_000, 4, { key: 2, person: 3 })
  t.equal(memory.take('a', '1', 'alice'), 'new')
  t.equal(memory.take('a', '1', 'alice'), 'used')
  t.equal(memory.take('a', '2', 'alice'), 'new')
  t.equal(memory.take('a', '3', 'alice'), 'full', 'the share of one key')
  t.equal(memory.take('b', '1', 'alice'), 'new')
  t.equal(memory.take('c', '1', 'alice'), 'full', 'the share of one person')
  t.equal(memory.take('c', '1', 'bob'), 'new', 'who keeps nobody else out')
  t.equal(memory.take('d', '1', 'carol'), 'full', 'all of it')
  t.equal(memory.take('a', '1', 'alice'), 'used', 'nothing was forgotten')
  clock.now += 140_000
  t.equal(memory.take('a', '1', 'alice'), 'new', 'until it is over by itself')
  for (const jti of ['2', '3']) t.equal(memory.take('c', jti, 'alice'), 'new')
  t.end()
})
