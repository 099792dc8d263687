import fc from 'fast-check'
import t from 'tap'
import type { Decision } from '../../src/model/decision.ts'
import { documentsArbitrary } from '../support/policies.ts'
import type { ReferenceDocument } from '../support/reference.ts'
import { anyInputArbitrary } from '../support/requests.ts'
import { compiled, INPUTS, runs } from './amount.ts'

/** How much a caller gets. */
const HEIGHT = { deny: 0, step_up: 1, allow: 2 } as const satisfies Record<Decision['effect'], number>

const rulesOf = (documents: readonly ReferenceDocument[], effect: 'allow' | 'deny') =>
  documents
    .flatMap(({ rules = [] }) => rules.filter((rule) => rule.effect === effect && rule.mode !== 'shadow'))
    .map((rule, index) => ({ ...rule, id: `added ${index}` }))

/** The effects of a request without and with more rules of one effect. */
function compare(effect: 'allow' | 'deny', check: (before: Decision, after: Decision) => void) {
  return fc.property(
    documentsArbitrary,
    documentsArbitrary,
    fc.array(anyInputArbitrary, { minLength: INPUTS, maxLength: INPUTS, size: 'max' }),
    (documents, more, inputs) => {
      const rules = rulesOf(more, effect)
      if (rules.length === 0) return
      const before = compiled(documents)
      const after = compiled([...documents, { version: 1, rules } as ReferenceDocument])
      for (const input of inputs) check(before.decide(input), after.decide(input))
    },
  )
}

t.test('adding a deny never gives a caller more: allow, stronger authentication, deny', async (t) => {
  const seen = { same: 0, less: 0 }
  fc.assert(
    compare('deny', (before, after) => {
      if (HEIGHT[after.effect] > HEIGHT[before.effect]) throw new Error(`${before.effect} became ${after.effect}`)
      seen[after.effect === before.effect ? 'same' : 'less']++
    }),
    runs(0.1),
  )
  t.ok(seen.less > seen.same / 100 || seen.same < 1000, `something was taken away: ${JSON.stringify(seen)}`)
})

t.test('adding an allow never takes anything from a caller', async (t) => {
  const seen = { same: 0, more: 0 }
  fc.assert(
    compare('allow', (before, after) => {
      if (HEIGHT[after.effect] < HEIGHT[before.effect]) throw new Error(`${before.effect} became ${after.effect}`)
      if (before.effect === 'deny' && before.rule !== null && after.effect === 'allow') throw new Error('a deny lost')
      seen[after.effect === before.effect ? 'same' : 'more']++
    }),
    runs(0.1),
  )
  t.ok(seen.more > seen.same / 100 || seen.same < 1000, `something was given: ${JSON.stringify(seen)}`)
})
