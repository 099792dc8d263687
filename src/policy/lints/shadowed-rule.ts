import { conditionCount, coveringFinder } from './covering.ts'
import { covers } from './covers.ts'
import { type Lint, type LintRule, quoted, warningAt } from './lint.ts'

/**
 * A rule that is wholly covered by another one of its effect and mode: without it, every request would be decided with
 * the same effect. Of rules that cover one another the one with the lowest `id` is kept, for it is the one that decides.
 */
export const shadowedRule: Lint = (subject) => {
  const { rules, outline } = subject
  // Where a deny speaks of `acr`, an allow that asks for another one proposes it: a way out that no wider allow gives.
  const isAcrDenied = rules.some(({ effect, when }) => effect === 'deny' && when.acr !== undefined)
  const kinds = Map.groupBy(rules, ({ effect, mode }) => `${effect} ${mode}`)
  return [...kinds.values()].flatMap((alike) => {
    const find = coveringFinder(alike, subject)
    const order = new Map(alike.map(({ id }, index) => [id, index]))
    return alike.flatMap((rule) => {
      const isKept = (outer: LintRule) =>
        conditionCount(outer) === conditionCount(rule) &&
        (order.get(outer.id) ?? 0) > (order.get(rule.id) ?? 0) &&
        covers(rule, outer, outline.roles)
      const isWayOut = isAcrDenied && rule.effect === 'allow' && rule.when.acr !== undefined
      const outer = find(rule, (one) => !isKept(one) && !(isWayOut && one.when.acr === undefined))
      if (outer === null) return []
      const does = rule.effect === 'allow' ? 'allows' : 'denies'
      const message = `${quoted(outer.id)} ${does} all that this rule does; delete this one, or narrow the other`
      return [warningAt(rule.placed, ['id'], 'shadowed_rule', message)]
    })
  })
}
