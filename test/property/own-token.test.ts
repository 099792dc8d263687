import fc from 'fast-check'
import t from 'tap'
import { isId } from '../../src/identity/claims.ts'
import { METHODS } from '../../src/model/identity.ts'
import type { JsonObject } from '../../src/model/json.ts'
import type { SignedIn } from '../../src/model/sign-in.ts'
import { NOW_S } from '../unit/identity/forge.ts'
import { scene } from '../unit/identity/tokens/scene.ts'

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('', '__proto__', 'groups', 'mfa'))
const texts = fc.array(text, { maxLength: 5 })
const id = fc.oneof(
  text.filter((one) => isId(one)),
  fc.emailAddress(),
)
const nullable = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: null })
const untold = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: undefined })
const claims = fc.dictionary(text, fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }), { maxKeys: 6 })

const principal = fc
  .record({
    id,
    issuer: fc.constantFrom('corp', 'ad', 'local', 'api.v2'),
    method: fc.constantFrom(...METHODS),
    name: nullable(text),
    email: nullable(text),
    groups: untold(texts),
    roles: texts,
    workspaces: untold(texts),
    claims: claims as fc.Arbitrary<JsonObject>,
    mfa: fc.constantFrom('yes', 'no', 'unknown'),
    acr: untold(text),
    authTime: untold(fc.oneof(fc.nat(), fc.double({ min: 0, max: 4e9, noNaN: true }))),
  })
  // Most providers say the groups in a claim, too.
  .chain((one) =>
    fc.boolean().map((isClaimed) => {
      if (!isClaimed || one.groups === undefined) return one
      return { ...one, claims: { ...one.claims, memberOf: one.groups } as JsonObject }
    }),
  )

const someone: fc.Arbitrary<SignedIn> = fc.record({
  principal: principal as fc.Arbitrary<SignedIn['principal']>,
  amr: untold(texts),
  subject: nullable(text),
  session: nullable(text),
  notAfter: nullable(fc.integer({ min: NOW_S + 1, max: NOW_S + 1_000_000 })),
})

const PROTOCOL = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'session_state', 'nonce', 'cnf', 'events']

t.test('whoever has signed in is exactly who the token says', async (t) => {
  const { issuer, verify } = scene(t)
  await fc.assert(
    fc.asyncProperty(someone, async (who) => {
      const issued = await issuer.issue(who)
      if (!issued.ok) throw new Error(issued.fault)
      const verification = await verify(issued.value.token.reveal())
      if (verification.outcome !== 'verified') throw new Error(verification.reason)
      const { key, tokenId, expiresAt, ...got } = verification.principal
      const kept = Object.entries(who.principal.claims).filter(([name]) => !PROTOCOL.includes(name))
      const want = { ...who.principal, claims: Object.fromEntries(kept) }
      t.same(plain(got), plain(want), 'the same principal')
      return key === null && tokenId === issued.value.tokenId && expiresAt === issued.value.expiresAt
    }),
    { numRuns: 300 },
  )
})

/** As JSON says it, which knows one zero, and in one order. Undefined stays apart from every list. */
function plain(one: SignedIn['principal']): string {
  const sorted = Object.entries(one).sort(([left], [right]) => (left < right ? -1 : 1))
  return JSON.stringify(sorted.map(([name, value]) => [name, value === undefined ? 'untold' : [value]]))
}
