import type { DecisionReason } from '../model/reasons.ts'
import { allowLookup, candidatesOf } from './lookup.ts'
import { type CompiledRule, type Facts, modelMatch, rolesMatch, selectorsMatch, speaksOfOperation } from './rule.ts'
import { type RuleSet, reaches } from './rule-set.ts'

const REASONS: ReadonlyMap<string, DecisionReason> = new Map([
  ['network', 'ip_not_allowed'],
  ['time', 'schedule'],
  ['tools', 'tool_not_allowed'],
  ['urls', 'url_not_allowed'],
])

/**
 * Why no rule allows the request. An allow that speaks of it and lacks conditions is the nearest: the one that lacks
 * the fewest (the lowest `id` of several), and its first unmet condition, in the order of the list of conditions, is the
 * reason. Else what the allows lack, in this order: any at all, the caller's roles, the operation, the workspace, the
 * model.
 */
export function denialReason(set: RuleSet, facts: Facts): DecisionReason {
  if (!set.hasAllows) return 'default_deny'
  const unmet = nearestUnmet(set, facts)
  return unmet === null ? selectorReason(set, facts) : conditionReason(unmet)
}

export function conditionReason(unmet: string): DecisionReason {
  return REASONS.get(unmet) ?? 'condition_unmet'
}

/** What the allows lack before any of their conditions. */
export function selectorReason(set: RuleSet, facts: Facts): DecisionReason {
  if (!set.hasAllows) return 'default_deny'
  const { held, input } = facts
  if (!reaches(set, held.roles, null)) return 'role_missing'
  if (!reaches(set, held.roles, input.operation)) return 'endpoint_not_allowed'
  if (isAllowedElsewhere(set, facts)) return 'workspace_not_allowed'
  return input.model === null ? 'endpoint_not_allowed' : 'model_not_allowed'
}

function nearestUnmet(set: RuleSet, facts: Facts): string | null {
  let nearest: { rank: number; unmet: readonly string[] } | null = null
  candidatesOf(set.allows, facts.input).visit(allowLookup(facts), (rules) => {
    for (const rule of rules) {
      // None lacks less than one, or it would have allowed: what stands behind such a rule is no nearer.
      if (nearest?.unmet.length === 1 && rule.rank > nearest.rank) return
      if (selectorsMatch(rule, facts) !== 'yes') continue
      const unmet = rule.conditions.filter(({ test }) => test(facts.input) !== 'yes').map(({ name }) => name)
      const before = nearest?.unmet.length ?? Number.POSITIVE_INFINITY
      if (unmet.length < before || (unmet.length === before && rule.rank < (nearest?.rank ?? 0))) {
        nearest = { rank: rule.rank, unmet }
      }
    }
  })
  const found = nearest as { unmet: readonly string[] } | null
  return found?.unmet[0] ?? null
}

function isAllowedElsewhere(set: RuleSet, facts: Facts): boolean {
  if (set.allowsAnywhere === null) return false
  let isFound = false
  candidatesOf(set.allowsAnywhere, facts.input).visit(allowLookup(facts), (rules) => {
    isFound ||= rules.some((rule) => isOpen(rule, facts))
  })
  return isFound
}

/** Everything but the workspace matches. */
function isOpen(rule: CompiledRule, facts: Facts): boolean {
  if (!speaksOfOperation(rule, facts.input.operation)) return false
  return rolesMatch(rule, facts) === 'yes' && modelMatch(rule, facts) === 'yes'
}
