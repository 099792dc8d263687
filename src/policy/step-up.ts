import type { Challenge, RuleId } from '../model/decision.ts'
import { allowLookup, applyingDeny, candidatesOf } from './lookup.ts'
import { type CompiledRule, type Facts, ruleMatch } from './rule.ts'
import type { RuleSet } from './rule-set.ts'

/**
 * What stronger authentication would lead to an allow, or null. Asked exactly when the same request, with several
 * factors shown just now and with the `acr` that the rule asks for, would be allowed: no deny may apply to it then. A
 * credential that nobody can sign in again for (an API key, a client certificate) has no stronger form.
 */
export function stepUp(set: RuleSet, facts: Facts): { rule: RuleId; challenge: Challenge } | null {
  const { method, key } = facts.input.principal
  if (method === 'api_key' || method === 'mtls' || (method === undefined && key !== null)) return null
  let best: { rule: CompiledRule; challenge: Challenge } | null = null
  candidatesOf(set.allows, facts.input).visit(allowLookup(facts), (rules) => {
    for (const rule of rules) {
      if (best !== null && rule.rank >= best.rule.rank) return
      const challenge = challengeFor(set, rule, facts)
      if (challenge) best = { rule, challenge }
    }
  })
  const found = best as { rule: CompiledRule; challenge: Challenge } | null
  return found && { rule: found.rule.id, challenge: found.challenge }
}

function challengeFor(set: RuleSet, rule: CompiledRule, facts: Facts): Challenge | null {
  if (rule.strength === null) return null
  const { acr, maxAgeSeconds } = rule.strength
  if (acr.length === 0) {
    return wouldBeAllowed(set, rule, facts, facts.input.principal.acr) ? { acrValues: [], maxAgeSeconds } : null
  }
  const acrValues = acr.filter((value) => wouldBeAllowed(set, rule, facts, value))
  return acrValues.length > 0 ? { acrValues, maxAgeSeconds } : null
}

function wouldBeAllowed(set: RuleSet, rule: CompiledRule, facts: Facts, acr: string | undefined): boolean {
  const { input } = facts
  const principal = { ...input.principal, mfa: 'yes', authTime: input.at / 1000, acr } as const
  const stronger: Facts = { ...facts, input: { ...input, principal } }
  return ruleMatch(rule, stronger) === 'yes' && applyingDeny(set, stronger) === null
}
