import fc from 'fast-check'
import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import { MODEL_OPERATIONS } from '../../src/model/operations.ts'
import { documentsArbitrary } from '../support/policies.ts'
import { anyInputArbitrary } from '../support/requests.ts'
import { compiled, INPUTS, runs } from './amount.ts'

const patterns = fc.array(
  fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'gpt-*', '*', 'constructor', '__proto__', '@small', 'o', ''),
  { minLength: 1, maxLength: 3 },
)

/** The same in other words: by a regular expression. */
function matches(pattern: string, model: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^]*')}$`).test(model)
}

t.test('what a key is limited to takes away, and gives nothing', async (t) => {
  const seen = { same: 0, less: 0 }
  fc.assert(
    fc.property(
      documentsArbitrary,
      patterns,
      fc.array(anyInputArbitrary, { minLength: INPUTS, maxLength: INPUTS, size: 'max' }),
      (documents, models, inputs) => {
        const policy = compiled(documents)
        for (const input of inputs) {
          const limited: PolicyInput = { ...input, principal: { ...input.principal, models } }
          const [before, after] = [policy.decide(input), policy.decide(limited)]
          const { model, operation } = input
          const isOpen = model === null && !MODEL_OPERATIONS.includes(operation)
          const isWithin = isOpen || (typeof model === 'string' && models.some((one) => matches(one, model)))
          const expected =
            isWithin || before.effect === 'deny'
              ? before
              : { ...before, effect: 'deny', rule: null, reason: 'key_model_not_allowed' }
          if (after.effect !== expected.effect || after.reason !== expected.reason || after.rule !== expected.rule) {
            throw new Error(`${before.effect} became ${after.effect} (${after.reason})`)
          }
          const shadow = policy.shadow?.decide(limited)
          if (shadow && !isWithin && shadow.effect !== 'deny') throw new Error('the shadow rules would allow it')
          if (policy.explain(limited).decision.effect !== after.effect) throw new Error('it is explained otherwise')
          seen[after.effect === before.effect ? 'same' : 'less']++
        }
      },
    ),
    runs(0.1),
  )
  t.ok(seen.less > seen.same / 100 || seen.same < 1000, `something was taken away: ${JSON.stringify(seen)}`)
})
