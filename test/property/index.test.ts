import fc from 'fast-check'
import t from 'tap'
import { documentsArbitrary } from '../support/policies.ts'
import { type ReferenceDocument, reference } from '../support/reference.ts'
import { inputArbitrary } from '../support/requests.ts'
import { compiled, INPUTS, runs } from './amount.ts'

const PIECES = 24

/** One policy with the rules of many: enough of them for every way of finding some without asking all. */
const manyRules = fc
  .tuple(documentsArbitrary, fc.array(documentsArbitrary, { minLength: PIECES, maxLength: PIECES, size: 'max' }))
  .chain(([documents, more]) => {
    const rules = more.flat().flatMap(({ rules: list = [] }) => list)
    const bare = fc.array(fc.constantFrom('roles', 'models', 'workspaces', 'operations'), { maxLength: 4 })
    return fc.tuple(fc.constant(documents), fc.constant(rules), bare, fc.nat(3))
  })
  .map(([[first, second], rules, dropped, allowed]): readonly ReferenceDocument[] => {
    const kept = rules
      // Denies that apply to nearly everything hide the others: few of them, and mostly with a condition.
      .filter(({ effect, when }, index) => effect === 'allow' || (when !== undefined && index % 12 < allowed))
      .map((rule, index) => {
        const selectors = Object.entries(rule).filter(([key]) => !(dropped as readonly string[]).includes(key))
        return { ...Object.fromEntries(selectors), id: `rule ${(index * 7919) % 10_007}` }
      })
    return [first, { ...second, rules: kept }] as unknown as readonly ReferenceDocument[]
  })

t.test('of many rules, those are found that asking every one of them finds', async (t) => {
  const seen = { allow: 0, deny: 0, step_up: 0, byRule: 0 }
  fc.assert(
    fc.property(
      manyRules,
      fc.array(inputArbitrary, { minLength: INPUTS, maxLength: INPUTS, size: 'max' }),
      (documents, inputs) => {
        const policy = compiled(documents)
        for (const input of inputs) {
          const { effect, rule } = policy.decide(input)
          const wanted = reference(documents, input)
          if (effect !== wanted.effect || rule !== wanted.rule)
            throw new Error(`${effect} by ${rule}, and the reference says ${wanted.effect} by ${wanted.rule}`)
          seen[effect]++
          if (effect === 'deny' && rule !== null) seen.byRule++
        }
      },
    ),
    runs(0.02),
  )
  const everyKind = Math.min(seen.allow, seen.step_up, seen.byRule, seen.deny - seen.byRule) > 0
  t.ok(everyKind || seen.allow + seen.deny + seen.step_up < 1500, JSON.stringify(seen))
})
