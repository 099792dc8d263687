import { MODEL_OPERATIONS } from '../../model/operations.ts'
import { isPattern } from '../../model/pattern.ts'
import { append } from '../buckets.ts'
import { areApart } from './apart.ts'
import { denyContradiction } from './contradiction.ts'
import { type Lint, type LintRule, warningAt } from './lint.ts'

/** Pairs of an allow and a deny that are compared; beyond it no deny is taken for idle. */
const MAX_PAIRS = 2_000_000

/** A deny that can never apply to anything that would be allowed without it. */
export const idleDeny: Lint = ({ rules, facts }) => {
  const couldMeet = indexByModel(rules.filter(({ effect }) => effect === 'allow'))
  let left = MAX_PAIRS
  const isAllowed = (deny: LintRule) =>
    couldMeet(deny).some((allows) =>
      allows.some((allow) => {
        left--
        return left < 0 || !areApart(allow, deny)
      }),
    )
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

/** Finds the allows that may speak of a deny's models, the widest ones first. */
function indexByModel(allows: readonly LintRule[]): (deny: LintRule) => readonly (readonly LintRule[])[] {
  const isPlain = ({ models, operations }: LintRule) =>
    models?.every((name) => !isPattern(name)) &&
    (operations === null || operations.every((name) => MODEL_OPERATIONS.includes(name)))
  const others = allows.filter((rule) => !isPlain(rule))
  others.sort((a, b) => Number(b.models === null) - Number(a.models === null))
  const byName = new Map<string, LintRule[]>()
  for (const rule of allows.filter(isPlain)) {
    for (const name of rule.models ?? []) append(byName, name, rule)
  }
  return ({ models }) => {
    if (models === null || models.some(isPattern)) return [others, ...byName.values()]
    return [others, ...models.flatMap((name) => [byName.get(name) ?? []])]
  }
}
