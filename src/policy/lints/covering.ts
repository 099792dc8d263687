import { covers } from './covers.ts'
import type { LintRule, LintSubject } from './lint.ts'
import { indexRules } from './rule-index.ts'

/**
 * The most rules that one rule is compared with. Only where neither selectors nor texts of conditions tell hundreds of
 * rules apart is it reached; then a rule that is covered may go unnoticed, and no rule is ever taken for covered.
 */
const MAX_COMPARED = 500

/** Finds a rule that covers another, among some, without comparing it with all of them. */
type FindCovering = (inner: LintRule, isMeant: (outer: LintRule) => boolean) => LintRule | null

/** `among`: in the order of the subject, so that those come first that have the fewest conditions. */
export function coveringFinder(among: readonly LintRule[], { outline: { roles } }: LintSubject): FindCovering {
  const index = indexRules(among, roles)
  return (inner, isMeant) => {
    const count = conditionCount(inner)
    let compared = 0
    for (const rules of index.couldCover(inner)) {
      for (const outer of rules) {
        // A condition is implied by one of its own name only.
        if (conditionCount(outer) > count || compared++ >= MAX_COMPARED) break
        if (outer.id !== inner.id && isMeant(outer) && covers(outer, inner, roles)) return outer
      }
    }
    return null
  }
}

export function conditionCount({ when }: LintRule): number {
  return Object.keys(when).length
}
