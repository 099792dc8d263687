import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { describedRequest } from '../../../src/policy/described.ts'
import { sources } from '../../support/policies.ts'

const MANY = 300
const allows = Array.from({ length: MANY }, (_, n) => ({
  id: `a${n}`,
  effect: 'allow',
  // Rules that say the same are asked once anyway, and a text is found by its value where no pattern is asked for.
  when: { mfa: true, max_output_tokens: { at_most: n + 1 } },
}))
const denies = Array.from({ length: MANY }, (_, n) => ({
  id: `d${n}`,
  effect: 'deny',
  when: { header: { name: 'x-class', matches: `d${n}*` } },
}))
const last = { id: 'z', effect: 'deny', when: { header: { name: 'x-class', matches: 'secret*' } } }
const { policy } = compilePolicy(sources([{ version: 1, rules: [...allows, ...denies, last] }]), {
  issuers: [],
  upstreams: [],
})

/** What is decided for somebody without a second factor, and how often a deny was asked for it. */
function decided(xClass: string) {
  const read = describedRequest({ as: { mfa: false }, request: { operation: 'chat' } }, 0)
  if (!read.ok || policy === null) throw new Error('not described')
  let asked = 0
  const header = () => {
    asked++
    return xClass
  }
  const { effect, rule } = policy.decide({ ...read.value.input, maxOutputTokens: 1, header })
  return { effect, rule, asked }
}

t.test('a deny is asked once for all rules that stronger authentication could open', async (t) => {
  const { effect, rule, asked } = decided('secret')
  t.same([effect, rule], ['deny', 'z'])
  t.ok(asked <= 3 * (MANY + 1), `${asked} times in all`)
})

t.test('the same request without a deny is asked for a second factor', async (t) => {
  const { effect, rule, asked } = decided('public')
  t.same([effect, rule], ['step_up', 'a0'])
  t.ok(asked <= 3 * (MANY + 1), `${asked} times in all`)
})

t.test('a key that nobody says how it was shown has no stronger form, and a person has', async (t) => {
  const read = describedRequest({ as: { mfa: false }, request: { operation: 'chat' } }, 0)
  if (!read.ok || policy === null) throw new Error('not described')
  const { input } = read.value
  const effect = (method: 'jwt' | 'api_key' | 'mtls' | undefined, key: string | null) =>
    policy.decide({
      ...input,
      maxOutputTokens: 1,
      header: () => 'public',
      principal: { ...input.principal, method, key },
    }).effect
  t.same([effect(undefined, 'k'), effect(undefined, null)], ['deny', 'step_up'])
  t.same([effect('api_key', 'k'), effect('mtls', null), effect('jwt', null)], ['deny', 'deny', 'step_up'])
})
