import t from 'tap'
import { type Fault, fault } from '../../../src/model/fault.ts'
import { invited } from '../../../src/pipeline/invitation.ts'
import { challenged, decisionFault } from '../../../src/pipeline/refusals.ts'

const PAGE = 'https://gateway.example/auth/'
const stepUp = (acrValues: readonly string[], maxAgeSeconds: number | null): Fault =>
  decisionFault(
    {
      effect: 'step_up',
      rule: 'frontier' as never,
      reason: 'step_up_required',
      challenge: { acrValues, maxAgeSeconds },
      roles: [],
    },
    { operation: 'chat', model: 'gpt-4o' },
  )
const missing = challenged(fault('missing_credentials', 'none'))
const wrong = challenged(fault('invalid_api_key', 'wrong'))

const table: readonly (readonly [string, Fault, string])[] = [
  ['nobody is known yet', missing, `Bearer realm="sallyport", sign_in="${PAGE}"`],
  ['the credential is wrong', wrong, `Bearer realm="sallyport", error="invalid_token", sign_in="${PAGE}"`],
  ['several factors are asked for', stepUp([], null), `sign_in="${PAGE}?mfa=true"`],
  ['a sign-in just now is asked for', stepUp([], 0), `max_age="0", sign_in="${PAGE}?max_age=0&mfa=true"`],
  [
    'a kind of sign-in is asked for, of a certain age',
    stepUp(['phr', 'urn:example:gold'], 43_200),
    `acr_values="phr urn:example:gold", max_age="43200", sign_in="${PAGE}?acr_values=phr%20urn%3Aexample%3Agold&max_age=43200"`,
  ],
]

t.test('a 401 says where to sign in', async (t) => {
  for (const [name, refusal, end] of table) {
    await t.test(name, async (t) => {
      const [header, challenge] = invited(refusal, PAGE).headers ?? []
      t.equal(header, 'www-authenticate')
      t.ok(challenge?.endsWith(end), `${challenge}`)
      t.equal(invited(refusal, null), refusal, 'nothing where nobody can')
    })
  }
  await t.test('other headers stay', async (t) => {
    const waiting = { ...wrong, headers: [...(wrong.headers ?? []), 'retry-after', '4'] }
    t.same(invited(waiting, PAGE).headers?.slice(2), ['retry-after', '4'])
  })
  await t.test('what is no challenge stays as it is', async (t) => {
    for (const other of [fault('unknown_endpoint', 'x'), fault('overloaded', 'x', { headers: ['retry-after', '1'] })]) {
      t.equal(invited(other, PAGE), other)
    }
  })
})
