import { allowContradiction } from './contradiction.ts'
import { coveringFinder } from './covering.ts'
import { type Lint, quoted, warningAt } from './lint.ts'

/** An allow that can never decide: a deny applies wherever it holds, or it never holds. */
export const unreachableRule: Lint = (subject) => {
  const { rules, facts } = subject
  const denyOf = coveringFinder(
    rules.filter(({ effect }) => effect === 'deny'),
    subject,
  )
  return rules.flatMap((rule) => {
    if (rule.effect !== 'allow') return []
    const found = allowContradiction(rule, facts)
    if (found) {
      const message = `this allow never holds: ${found.why}; ${found.mend}`
      return [warningAt(rule.placed, found.path, 'unreachable_rule', message)]
    }
    // A deny in shadow mode keeps nothing from an enforced rule.
    const deny = denyOf(rule, ({ mode }) => mode === 'enforce' || rule.mode === 'shadow')
    if (deny === null) return []
    const message =
      `this allow never decides: the deny ${quoted(deny.id)} applies to all that it covers; ` +
      'delete the allow, or narrow the deny'
    return [warningAt(rule.placed, ['id'], 'unreachable_rule', message)]
  })
}
