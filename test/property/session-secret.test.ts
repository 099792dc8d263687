import fc from 'fast-check'
import t from 'tap'
import { Secret } from '../../src/model/secret.ts'
import { openKeyRing } from '../../src/shape/seal.ts'
import {
  isSessionSecret,
  MAX_SECRET_LENGTH,
  openSessionSecret,
  type SessionGrant,
  sealSessionSecret,
} from '../../src/shape/session-secret.ts'
import { NOW, storedKey } from '../support/sealing.ts'

const ring = openKeyRing([storedKey('aaaaaa')], NOW)
const later = openKeyRing(
  [storedKey('aaaaaa'), storedKey('bbbbbb', { createdAt: NOW + 1, sealsFrom: NOW + 1 })],
  NOW + 2,
)
const other = openKeyRing([storedKey('bbbbbb')], NOW)
/** Another store's key of the same name. */
const forger = openKeyRing(
  [storedKey('aaaaaa', { secret: new Secret(Buffer.alloc(32, 9).toString('base64url')) })],
  NOW,
)

const text = fc.string({ unit: 'binary', maxLength: 200 }).map((one) => one.toWellFormed())
const grants: fc.Arbitrary<SessionGrant> = fc.record({
  operation: text,
  upstream: fc.record({ name: text, url: text }),
  model: fc.option(text),
  alias: fc.option(text),
  told: fc.option(text),
  project: fc.option(text),
  credential: fc.oneof(
    fc.record({
      kind: fc.constant('token' as const),
      place: fc.constantFrom('authorization' as const, 'x-api-key' as const, 'api-key' as const),
      token: text.map((one) => new Secret(one)),
    }),
    fc.record({ kind: fc.constant('basic' as const), username: text, password: text.map((one) => new Secret(one)) }),
  ),
  providerSecret: text.map((one) => new Secret(one)),
  expiresAt: fc.integer({ min: NOW + 1, max: NOW + 7_200_000 }),
})
const nonces = fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => Buffer.from(bytes))

function plain(grant: SessionGrant | null): unknown {
  if (grant === null) return null
  const { credential, providerSecret, ...rest } = grant
  const shown =
    credential.kind === 'token'
      ? { ...credential, token: credential.token.reveal() }
      : { ...credential, password: credential.password.reveal() }
  return { ...rest, credential: shown, providerSecret: providerSecret.reveal() }
}

function sealed(grant: SessionGrant, nonce: Buffer): string {
  const secret = sealSessionSecret(ring, grant, nonce)
  if (secret === null) throw new Error('too long')
  return secret.reveal()
}

t.test('what was sealed opens as it was, under its key alone and until it expires', async (t) => {
  fc.assert(
    fc.property(grants, nonces, (grant, nonce) => {
      const secret = sealed(grant, nonce)
      t.ok(isSessionSecret(secret) && /^[A-Za-z0-9_-]+$/.test(secret), 'it can stand in a header and a subprotocol')
      t.same(plain(openSessionSecret(ring, secret, NOW)), plain(grant))
      t.same(plain(openSessionSecret(later, secret, NOW)), plain(grant), 'a newer key that seals changes nothing')
      t.equal(openSessionSecret(ring, secret, grant.expiresAt), null, 'expired')
      t.equal(openSessionSecret(other, secret, NOW), null, 'its key is retired')
      t.equal(openSessionSecret(forger, secret, NOW), null, 'a key of that name of somebody else')
    }),
    { numRuns: 60 },
  )
})

t.test('a secret that is altered in any place opens nothing', async (t) => {
  fc.assert(
    fc.property(grants, nonces, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (grant, nonce, at, letter) => {
      const secret = sealed(grant, nonce)
      const place = at % secret.length
      const altered = secret.slice(0, place) + letter + secret.slice(place + 1)
      t.equal(openSessionSecret(ring, altered, NOW) === null, altered !== secret)
      t.equal(openSessionSecret(ring, secret.slice(0, place), NOW), null, 'cut')
      t.equal(openSessionSecret(ring, secret + letter, NOW), null, 'more')
    }),
    { numRuns: 200 },
  )
})

t.test('no text at all makes the parser throw', async (t) => {
  const like = fc.tuple(fc.constantFrom('', 'ek_', 'ek_sp1aaaaaa', 'ek_sp2aaaaaa', 'ek_sp1'), fc.base64String())
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        like.map((parts) => parts.join('')),
      ),
      (token) => {
        t.equal(openSessionSecret(ring, token, NOW), null)
      },
    ),
    { numRuns: 500 },
  )
})

t.test('a grant that is too long for a header is not sealed', async (t) => {
  const grant = (token: string): SessionGrant => ({
    operation: 'realtime',
    upstream: { name: 'one', url: 'https://api.example.org/v1' },
    model: null,
    alias: null,
    told: null,
    project: null,
    credential: { kind: 'token', place: 'authorization', token: new Secret(token) },
    providerSecret: new Secret('ek_provider'),
    expiresAt: NOW + 1,
  })
  t.equal(sealSessionSecret(ring, grant('x'.repeat(MAX_SECRET_LENGTH)), Buffer.alloc(12)), null)
  t.not(sealSessionSecret(ring, grant('x'.repeat(4096)), Buffer.alloc(12)), null)
  t.notMatch(JSON.stringify(ring), /AQEB/)
})
