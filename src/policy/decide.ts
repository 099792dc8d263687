import type { Decision, PolicyInput } from '../model/decision.ts'
import { allowingRule, applyingDeny } from './lookup.ts'
import type { Held } from './membership.ts'
import { denialReason } from './reason.ts'
import type { Facts } from './rule.ts'
import type { RuleSet } from './rule-set.ts'
import { stepUp } from './step-up.ts'

/**
 * Decides a request. Total: every input has a decision, and what cannot be told counts against the caller. Of several
 * rules that match, the one with the lowest `id` (by code point) is named, so that the order of rules and files never
 * matters. In this order: a principal of several workspaces that names none of them is refused; stronger authentication
 * is asked for where it alone would lead to an allow; a deny that applies; an allow that holds; default deny.
 * `workspaces` are the names of the policy's workspaces, by place.
 */
export function decide(
  set: RuleSet,
  input: PolicyInput,
  held: Held,
  place: number | null,
  workspaces: readonly string[],
): Decision {
  const roles = held.roleNames
  if (place === null) return { effect: 'deny', rule: null, reason: 'workspace_not_allowed', roles, workspace: null }
  const facts: Facts = { input, held, workspace: place }
  const workspace = place < 0 ? undefined : workspaces[place]
  const deny = applyingDeny(set, facts)
  if (deny === null) {
    const allow = allowingRule(set, facts)
    if (allow) return { effect: 'allow', rule: allow.id, reason: 'allowed', roles, workspace }
  }
  const stronger = stepUp(set, facts)
  if (stronger) return { effect: 'step_up', ...stronger, reason: 'step_up_required', roles, workspace }
  if (deny) return { effect: 'deny', rule: deny.id, reason: 'denied_by_rule', roles, workspace }
  return { effect: 'deny', rule: null, reason: denialReason(set, facts), roles, workspace }
}

/** The workspace of a request: -1 for none, null where several could be meant and the request names none of them. */
export function workspaceOf(
  held: Held,
  project: string | undefined,
  places: ReadonlyMap<string, number>,
): number | null {
  const [first = -1, ...more] = held.workspaces
  if (more.length === 0) return first
  const named = project === undefined ? undefined : places.get(project)
  return named !== undefined && held.workspaces.includes(named) ? named : null
}
