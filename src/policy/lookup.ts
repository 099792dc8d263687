import type { PolicyInput } from '../model/decision.ts'
import type { Candidates, Lookup } from './candidates.ts'
import { type CompiledRule, type Facts, ruleMatch } from './rule.ts'
import type { RuleSet } from './rule-set.ts'

const NO_ROLES: ReadonlySet<number> = new Set()

/** The allow that holds for the facts: everything in it must be certain. */
export function allowingRule(set: RuleSet, facts: Facts): CompiledRule | null {
  return lowest(candidatesOf(set.allows, facts.input), holdingLookup(facts), (rule) => ruleMatch(rule, facts) === 'yes')
}

/** The deny that applies to the facts: a deny applies unless it is certain that it does not match. */
export function applyingDeny(set: RuleSet, facts: Facts): CompiledRule | null {
  return lowest(candidatesOf(set.denies, facts.input), denyLookup(facts), (rule) => ruleMatch(rule, facts) !== 'no')
}

/** The ranks of all denies among `found` that apply to the facts, ascending. */
export function applyingRanks(found: RuleSet['denies'], facts: Facts): readonly number[] {
  const ranks = new Set<number>()
  candidatesOf(found, facts.input).visit(denyLookup(facts), (rules) => {
    for (const rule of rules) if (!ranks.has(rule.rank) && ruleMatch(rule, facts) !== 'no') ranks.add(rule.rank)
  })
  return ranks.size < 2 ? [...ranks] : [...ranks].sort((a, b) => a - b)
}

function denyLookup({ input, held, workspace }: Facts): Lookup {
  return {
    operation: input.operation,
    model: input.model,
    roles: held.roles,
    moreRoles: held.maybeRoles,
    workspaces: held.maybeWorkspaces.length === 0 ? [workspace] : [workspace, ...held.maybeWorkspaces],
    conditions: { input, unknownCounts: true },
  }
}

/** Finds allows by their conditions, too: those that could hold, and not those that nearly do. */
export function holdingLookup(facts: Facts): Lookup {
  return { ...allowLookup(facts), conditions: { input: facts.input, unknownCounts: false } }
}

export function allowLookup({ input, held, workspace }: Facts): Lookup {
  return {
    operation: input.operation,
    model: input.model,
    roles: held.roles,
    moreRoles: NO_ROLES,
    workspaces: [workspace],
  }
}

/** Finds denies whatever their conditions say. */
export function deniedLookup(facts: Facts): Lookup {
  const { conditions: _, ...lookup } = denyLookup(facts)
  return lookup
}

export function candidatesOf(found: RuleSet['allows'], { model }: PolicyInput): Candidates {
  return typeof model === 'string' ? found.named : found.modelless
}

function lowest(candidates: Candidates, lookup: Lookup, test: (rule: CompiledRule) => boolean): CompiledRule | null {
  let best: CompiledRule | null = null
  candidates.visit(lookup, (rules) => {
    for (const rule of rules) {
      if (best !== null && rule.rank >= best.rank) return
      if (test(rule)) best = rule
    }
  })
  return best
}
