import fc from 'fast-check'
import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import { documentsArbitrary } from '../support/policies.ts'
import { type ReferenceDocument, reference } from '../support/reference.ts'
import { anyInputArbitrary } from '../support/requests.ts'
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

/** What the reference says of a decision, on inputs that are asked one after the other. */
function compareAll(
  documents: readonly ReferenceDocument[],
  inputs: readonly PolicyInput[],
  seen: { [kind: string]: number },
): void {
  const policy = compiled(documents)
  for (const input of inputs) {
    const decision = policy.decide(input)
    const { effect, rule } = decision
    const challenge = effect === 'step_up' ? decision.challenge : null
    const got = { effect, rule, challenge: challenge && { acr: challenge.acrValues, maxAge: challenge.maxAgeSeconds } }
    const wanted = reference(documents, input)
    if (JSON.stringify(got) !== JSON.stringify(wanted))
      throw new Error(`decided ${JSON.stringify(got)}, and the reference says ${JSON.stringify(wanted)}`)
    const kind = effect === 'deny' && rule !== null ? 'denied by a rule' : effect
    seen[kind] = (seen[kind] ?? 0) + 1
  }
}

const inputs = fc.array(anyInputArbitrary, { minLength: INPUTS, maxLength: INPUTS, size: 'max' })

for (const [size, documents, share] of [
  ['many', manyRules, 0.02],
  ['few', documentsArbitrary, 0.1],
] as const) {
  t.test(`of ${size} rules, those are found that asking every one of them finds`, async (t) => {
    const seen: { [kind: string]: number } = {}
    fc.assert(
      fc.property(documents as fc.Arbitrary<readonly ReferenceDocument[]>, inputs, (written, asked) =>
        compareAll(written, asked, seen),
      ),
      runs(share),
    )
    const total = Object.values(seen).reduce((sum, count) => sum + count, 0)
    t.ok(Object.keys(seen).length === 4 || total < 1500, JSON.stringify(seen))
  })
}
