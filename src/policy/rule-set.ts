import { type Candidates, distinctRules, indexRules } from './candidates.ts'
import type { CompiledRule, NameSet } from './rule.ts'
import { hasName, nameSet } from './rule.ts'

/** The rules of one effect, found by what a request says; `modelless` is for requests that name no model. */
interface Found {
  readonly named: Candidates
  readonly modelless: Candidates
}

/** All rules, by rank, and the ways to find those that matter. */
export interface RuleSet {
  readonly rules: readonly CompiledRule[]
  readonly allows: Found
  readonly denies: Found
  /** The allows that stronger authentication could open. */
  readonly strong: Found
  /** Allows without regard to workspaces; null when none names a workspace. */
  readonly allowsAnywhere: Found | null
  readonly hasAllows: boolean
  /** The operations that allows speak of, by role; those without roles stand under -1. */
  readonly reach: ReadonlyMap<number, NameSet>
}

/** The key of `reach` for rules that are for everybody. */
const EVERYBODY = -1

/** `rules` are sorted by rank. */
export function buildRuleSet(rules: readonly CompiledRule[]): RuleSet {
  const allows = rules.filter(({ effect }) => effect === 'allow')
  const denies = rules.filter(({ effect }) => effect === 'deny')
  const namesWorkspaces = allows.some(({ workspaces }) => workspaces !== null)
  return {
    rules,
    allows: found(allows, ['roles', 'workspaces', 'operations']),
    denies: found(denies, ['roles', 'workspaces', 'operations']),
    strong: found(
      allows.filter(({ strength }) => strength !== null),
      ['roles', 'workspaces', 'operations'],
    ),
    allowsAnywhere: namesWorkspaces ? found(allows, ['roles', 'operations']) : null,
    hasAllows: allows.length > 0,
    reach: reachOf(allows),
  }
}

function found(rules: readonly CompiledRule[], dimensions: Parameters<typeof indexRules>[1]): Found {
  const distinct = distinctRules(rules)
  return { named: indexRules(distinct, ['models', ...dimensions]), modelless: indexRules(distinct, dimensions) }
}

function reachOf(allows: readonly CompiledRule[]): ReadonlyMap<number, NameSet> {
  const names = new Map<number, Set<string>>()
  for (const { roles, operations } of allows) {
    for (const role of roles ?? [EVERYBODY]) {
      const all = names.get(role) ?? new Set()
      names.set(role, all)
      if (operations === null) all.add('*')
      for (const name of operations?.exact ?? []) all.add(name)
      for (const { head } of operations?.patterns ?? []) all.add(`${head}*`)
    }
  }
  return new Map([...names].map(([role, all]) => [role, nameSet(all)]))
}

/** Whether some allow is for one of these roles, or for everybody; with an operation, whether it speaks of it. */
export function reaches({ reach }: RuleSet, roles: Iterable<number>, operation: string | null): boolean {
  for (const role of [EVERYBODY, ...roles]) {
    const names = reach.get(role)
    if (names && (operation === null || hasName(names, operation))) return true
  }
  return false
}
