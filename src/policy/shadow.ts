import type { Decision, PolicyInput, ShadowPolicy } from '../model/decision.ts'
import type { CompiledRule } from './rule.ts'

/** The decision by all rules, as if those in shadow mode were enforced; `decide` makes it. */
export function compileShadow(
  rules: readonly CompiledRule[],
  speaksOfUpstream: boolean,
  decide: (input: PolicyInput) => Decision,
): ShadowPolicy {
  const ids = new Set(rules.flatMap(({ isShadow, id }) => (isShadow ? [id] : [])))
  return {
    speaksOfUpstream,
    decide,
    verdict: (enforced, { effect, rule, reason }) => {
      const isOfShadow = effect !== enforced.effect || (rule !== null && ids.has(rule))
      return isOfShadow ? { effect, rule, reason } : null
    },
  }
}
