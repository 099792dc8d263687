import type { Test } from 'tap'
import { digestOf } from '../../../src/identity/jwt/token.ts'
import type { OpenMethod } from '../../../src/identity/method.ts'
import type { Credential } from '../../../src/model/identity.ts'
import { bearer, NOW, outcome } from './forge.ts'

/** A method at work and credentials of it, for the suite that every method must pass. */
export interface Specimen {
  readonly method: OpenMethod
  readonly good: string
  /** How a text is presented; as a token where it is absent. */
  readonly present?: (text: string) => Credential
  /** Credentials of the method that are wrong, and why. */
  readonly wrong: readonly (readonly [text: string, reason: string])[]
  /** Credentials of other methods. */
  readonly foreign: readonly string[]
  /** Makes what the method depends on unreachable, and lets what it remembers grow old. */
  readonly sever: () => void
}

/** What every identity method guarantees, whatever it verifies. */
export async function identityMethodContract(t: Test, specimen: Specimen) {
  const { method, good, wrong, foreign, sever, present = bearer } = specimen
  const isToken = specimen.present === undefined
  const verify = async (text: string) => method.verify(present(text))

  t.test('it owns its own credentials, good or wrong, and no other', async (t) => {
    for (const text of [good, ...wrong.map(([text]) => text)]) t.ok(method.owns(present(text)))
    for (const text of foreign) t.notOk(method.owns(bearer(text)))
    const other: Credential = isToken ? { kind: 'basic', username: 'a', password: bearer(good).token } : bearer(good)
    t.notOk(method.owns(other))
  })
  t.test('a good one is verified, with who vouches', async (t) => {
    const verification = await verify(good)
    t.match(verification, { outcome: 'verified', principal: { issuer: method.issuer, method: method.name } })
    t.notMatch(JSON.stringify(verification), good)
  })
  t.test('it is recalled at once, and nothing else is', async (t) => {
    const again = isToken ? method.recall(digestOf(good), NOW) : method.verify(present(good))
    t.match(again, { outcome: 'verified', cache: 'hit' })
    for (const text of [...wrong.map(([text]) => text), ...foreign, `${good} `, '']) {
      t.equal(method.recall(digestOf(text), NOW), undefined)
    }
  })
  t.test('a wrong one is rejected for its reason, every time', async (t) => {
    for (const [text, reason] of [...wrong, ...wrong]) {
      t.same(await verify(text), { outcome: 'rejected', reason, method: method.name, issuer: method.issuer })
    }
  })
  t.test('verifying never throws, whatever it is given', async (t) => {
    for (const text of [...foreign, '', '.', '..', 'sp_', '\0', 'é'.repeat(9000)]) {
      t.match(await method.verify(bearer(text)), { outcome: 'rejected' })
    }
    if (!isToken) return
    const basic = await method.verify({ kind: 'basic', username: 'a', password: bearer(good).token })
    t.match(basic, { outcome: 'rejected' })
  })
  t.test('when nobody can tell, it says so', async (t) => {
    sever()
    t.match(await verify(good), {
      outcome: 'unavailable',
      method: method.name,
      issuer: method.issuer,
      retryAfterSeconds: Number,
    })
    t.not(outcome(await verify(good)), '')
  })
  t.test('closing is for good, and may be done twice', async () => {
    method.close()
    method.close()
  })
}
