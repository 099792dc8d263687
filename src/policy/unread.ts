import type { Decision, HeadInput, PolicyInput } from '../model/decision.ts'
import type { DecisionReason } from '../model/reasons.ts'
import { allowLookup, candidatesOf, deniedLookup } from './lookup.ts'
import type { Held } from './membership.ts'
import { conditionReason, selectorReason } from './reason.ts'
import { type CompiledRule, type Facts, modelMatch, rolesMatch, speaksOfOperation, workspaceMatch } from './rule.ts'
import type { RuleSet } from './rule-set.ts'

/**
 * The conditions that the head of a request settles, for stronger authentication, too. What is not among them could hold
 * for an allow, and does not apply for a deny, whatever it is: a condition that is new is safe without being named here.
 */
const OF_HEAD: ReadonlySet<string> = new Set(['method', 'network', 'time', 'claim', 'header'])

/**
 * The denial of a request whose body nobody has read, where every body would be denied; null where some body could be
 * allowed, or lead to a step-up, as far as each rule by itself can tell. So that nobody who may do nothing makes us keep
 * what they send.
 *
 * The rule and the reason are those that the head tells of: with its body, another one might have been named.
 */
export function deniedUnread(
  set: RuleSet,
  head: HeadInput,
  held: Held,
  place: number | null,
  workspaces: readonly string[],
): Extract<Decision, { effect: 'deny' }> | null {
  const roles = held.roleNames
  if (place === null) return { effect: 'deny', rule: null, reason: 'workspace_not_allowed', roles, workspace: null }
  const standing = { effect: 'deny', roles, workspace: place < 0 ? undefined : workspaces[place] } as const
  const facts: Facts = { input: inputOf(head), held, workspace: place }
  const isModelKnown = head.model !== null
  const deny = certainDeny(set, facts, isModelKnown)
  if (deny !== null) return { ...standing, rule: deny.id, reason: 'denied_by_rule' }
  const reason = whyNone(set, facts, isModelKnown)
  return reason && { ...standing, rule: null, reason }
}

/** Only what the head settles is asked of it: the rest is filled in. */
function inputOf({ model, ...head }: HeadInput): PolicyInput {
  return {
    ...head,
    model: model === null ? undefined : model.known,
    stream: false,
    maxOutputTokens: undefined,
    tools: { functions: [], hosted: [] },
    input: { bytes: undefined, images: false, files: false, audio: false },
    urls: [],
    upstream: undefined,
  }
}

/** The deny that applies to every body: the lowest `id` of several. */
function certainDeny(set: RuleSet, facts: Facts, isModelKnown: boolean): CompiledRule | null {
  let best: CompiledRule | null = null
  candidatesOf(set.denies, facts.input).visit(deniedLookup(facts), (rules) => {
    for (const rule of rules) {
      if (best !== null && rule.rank >= best.rank) return
      if (appliesToAll(rule, facts, isModelKnown)) best = rule
    }
  })
  return best
}

function appliesToAll(rule: CompiledRule, facts: Facts, isModelKnown: boolean): boolean {
  if (!speaksOfOperation(rule, facts.input.operation)) return false
  if (rolesMatch(rule, facts) === 'no' || workspaceMatch(rule, facts) === 'no') return false
  if (isModelKnown ? modelMatch(rule, facts) === 'no' : rule.models !== null) return false
  return rule.conditions.every(({ name, test }) => OF_HEAD.has(name) && test(facts.input) !== 'no')
}

/** Why no allow can hold, whatever the body is; null where one could. */
function whyNone(set: RuleSet, facts: Facts, isModelKnown: boolean): DecisionReason | null {
  let couldHold = false
  let nearest: { readonly rank: number; readonly unmet: readonly string[] } | null = null
  candidatesOf(set.allows, facts.input).visit(allowLookup(facts), (rules) => {
    for (const rule of rules) {
      if (couldHold) return
      if (!couldSpeak(rule, facts, isModelKnown)) continue
      const unmet = rule.conditions.flatMap(({ name, test }) =>
        OF_HEAD.has(name) && test(facts.input) !== 'yes' ? [name] : [],
      )
      if (unmet.length === 0) couldHold = true
      const fewest = nearest?.unmet.length ?? Number.POSITIVE_INFINITY
      if (unmet.length < fewest || (unmet.length === fewest && rule.rank < (nearest?.rank ?? 0))) {
        nearest = { rank: rule.rank, unmet }
      }
    }
  })
  if (couldHold) return null
  const found = nearest as { readonly unmet: readonly string[] } | null
  const [unmet] = found?.unmet ?? []
  if (unmet !== undefined) return conditionReason(unmet)
  // Where the model is not known, an allow that speaks of the operation lacks the workspace and nothing else.
  const reason = selectorReason(set, facts)
  return reason === 'model_not_allowed' && !isModelKnown ? 'workspace_not_allowed' : reason
}

/** For an allow its roles and workspaces must be certain, and both are known. */
function couldSpeak(rule: CompiledRule, facts: Facts, isModelKnown: boolean): boolean {
  if (!speaksOfOperation(rule, facts.input.operation)) return false
  if (rolesMatch(rule, facts) !== 'yes' || workspaceMatch(rule, facts) !== 'yes') return false
  return !isModelKnown || modelMatch(rule, facts) === 'yes'
}
