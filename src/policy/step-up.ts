import type { Challenge, RuleId } from '../model/decision.ts'
import { applyingDeny, candidatesOf, holdingLookup } from './lookup.ts'
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
  const wouldBeAllowed = openAllowed(set, facts)
  let best: { rule: CompiledRule; challenge: Challenge } | null = null
  candidatesOf(set.strong, facts.input).visit(holdingLookup(facts), (rules) => {
    for (const rule of rules) {
      if (best !== null && rule.rank >= best.rule.rank) return
      const challenge = challengeFor(rule, facts, wouldBeAllowed)
      if (challenge) best = { rule, challenge }
    }
  })
  const found = best as { rule: CompiledRule; challenge: Challenge } | null
  return found && { rule: found.rule.id, challenge: found.challenge }
}

type Allowed = (rule: CompiledRule, acr: string | undefined) => boolean

function challengeFor(rule: CompiledRule, { input }: Facts, wouldBeAllowed: Allowed): Challenge | null {
  if (rule.strength === null) return null
  const { acr, maxAgeSeconds } = rule.strength
  if (acr.length === 0) {
    return wouldBeAllowed(rule, input.principal.acr) ? { acrValues: [], maxAgeSeconds } : null
  }
  const acrValues = acr.filter((value) => wouldBeAllowed(rule, value))
  return acrValues.length > 0 ? { acrValues, maxAgeSeconds } : null
}

/**
 * Whether a rule would allow the request once it is strengthened. The denies are asked once for each `acr` and not once
 * for each rule: a caller without a second factor would have every pair of rules looked at.
 */
function openAllowed(set: RuleSet, facts: Facts): Allowed {
  const known = new Map<string | undefined, { readonly facts: Facts; isDenied: boolean | null }>()
  return (rule, acr) => {
    let stronger = known.get(acr)
    if (!stronger) {
      stronger = { facts: strengthened(facts, acr), isDenied: null }
      known.set(acr, stronger)
    }
    if (stronger.isDenied === true || ruleMatch(rule, stronger.facts) !== 'yes') return false
    stronger.isDenied ??= applyingDeny(set, stronger.facts) !== null
    return !stronger.isDenied
  }
}

function strengthened(facts: Facts, acr: string | undefined): Facts {
  const { input } = facts
  const principal = { ...input.principal, mfa: 'yes', authTime: input.at / 1000, acr } as const
  return { ...facts, input: { ...input, principal } }
}
