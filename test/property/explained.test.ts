import fc from 'fast-check'
import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import { documentsArbitrary } from '../support/policies.ts'
import { type ReferenceDocument, type ReferenceRule, type ReferenceWhen, reference } from '../support/reference.ts'
import { inputArbitrary } from '../support/requests.ts'
import { compiled, INPUTS, runs } from './amount.ts'

/** Whether one part of an allow holds, by the reference: a policy whose only rule has that part alone. */
function partHolds(documents: readonly ReferenceDocument[], part: Partial<ReferenceRule>, input: PolicyInput): boolean {
  const others = documents.map(({ rules: _, ...rest }) => rest)
  const only = { version: 1, rules: [{ id: 'r', effect: 'allow', ...part }] } as ReferenceDocument
  const urls = part.when?.urls === undefined ? [] : input.urls
  return reference([...others, only], { ...input, urls }).effect === 'allow'
}

/** Every part of an allow by the name that an explanation has for it; hosts are a part of each. */
function partsOf({ roles, workspaces, models, operations, when = {} }: ReferenceRule) {
  const parts = new Map<string, Partial<ReferenceRule>>()
  if (roles) parts.set('roles', { roles })
  if (workspaces) parts.set('workspaces', { workspaces })
  if (operations) parts.set('operations', { operations })
  // A request without a model is matched by a rule on models where `operations` names its operation.
  if (models) parts.set('models', operations ? { models, operations: ['*'] } : { models })
  for (const [name, written] of Object.entries({ urls: [], ...when })) {
    parts.set(name, { when: { [name]: written } as ReferenceWhen })
  }
  return parts
}

t.test('an explanation names what decided, and each part that does not hold, and no other', async (t) => {
  const seen = { rows: 0, byRule: 0 }
  fc.assert(
    fc.property(
      documentsArbitrary,
      fc.array(inputArbitrary, { minLength: INPUTS, maxLength: INPUTS, size: 'max' }),
      (documents, inputs) => {
        const policy = compiled(documents)
        const allows = documents.flatMap(({ rules = [] }) =>
          rules.filter(({ effect, mode }) => effect === 'allow' && mode !== 'shadow'),
        )
        for (const input of inputs) {
          const { decision, matched, unmet } = policy.explain(input)
          const decided = policy.decide(input)
          if (decision.rule !== decided.rule || decision.reason !== decided.reason) throw new Error('another decision')
          if (decision.rule !== null && decision.effect !== 'step_up') {
            if (!matched.includes(decision.rule)) throw new Error('the rule that decided did not match')
            seen.byRule++
          }
          if (decision.effect === 'step_up' && !unmet.some(({ rule }) => rule === decision.rule)) {
            if (!matched.some((rule) => rule !== decision.rule)) throw new Error('nothing is missing for a step-up')
          }
          if (decision.workspace === null) continue
          for (const rule of allows) {
            const told = unmet.filter((row) => row.rule === rule.id).map(({ condition }) => condition)
            const missing = [...partsOf(rule)].filter(([, part]) => !partHolds(documents, part, input))
            const wanted = missing.map(([name]) => name)
            if (JSON.stringify([...told].sort()) !== JSON.stringify(wanted.sort()))
              throw new Error(`${rule.id}: told ${told}, and what does not hold is ${wanted}`)
            seen.rows += told.length
          }
        }
      },
    ),
    runs(0.04),
  )
  t.ok(seen.rows > 0 && seen.byRule > 0, JSON.stringify(seen))
})
