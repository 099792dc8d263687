import { areApart } from './apart.ts'
import { denyContradiction } from './contradiction.ts'
import { type Lint, type LintRule, warningAt } from './lint.ts'

/** Pairs of an allow and a deny that are compared; beyond it no deny is taken for idle. */
const MAX_PAIRS = 2_000_000

/** A deny that can never apply to anything that would be allowed without it. */
export const idleDeny: Lint = ({ rules, facts }) => {
  const allows = widestFirst(rules.filter(({ effect }) => effect === 'allow'))
  let left = MAX_PAIRS
  const isAllowed = (deny: LintRule) =>
    allows.some((allow) => {
      left--
      return left < 0 || !areApart(allow, deny)
    })
  return rules.flatMap((rule) => {
    if (rule.effect !== 'deny') return []
    const found = denyContradiction(rule, facts)
    if (found) {
      const message = `this deny never applies: ${found.why}; ${found.mend}`
      return [warningAt(rule.placed, found.path, 'idle_deny', message)]
    }
    if (isAllowed(rule)) return []
    const message =
      'no rule allows anything that this deny covers, and nothing is allowed but by a rule; delete it, or correct its ' +
      'operations, models or conditions'
    return [warningAt(rule.placed, ['id'], 'idle_deny', message)]
  })
}

/** Most denies meet an allow that names little: these are asked first. */
function widestFirst(allows: readonly LintRule[]): readonly LintRule[] {
  const width = ({ models, operations }: LintRule) => Number(models === null) + Number(operations === null)
  return [...allows].sort((a, b) => width(b) - width(a))
}
