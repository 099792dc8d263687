import type { Decision, Explanation, PolicyInput, Unmet } from '../model/decision.ts'
import { CANNOT_TELL } from './conditions/condition.ts'
import type { Held } from './membership.ts'
import {
  type CompiledRule,
  type Facts,
  modelMatch,
  rolesMatch,
  ruleMatch,
  speaksOfOperation,
  workspaceMatch,
} from './rule.ts'
import type { RuleSet } from './rule-set.ts'
import { shown, shownList } from './text-test.ts'

const MAX_UNMET = 100

/** Names of roles and workspaces, and each rule's own words, for people. */
export interface Names {
  readonly roles: readonly string[]
  readonly workspaces: readonly string[]
  /** What a rule's `models` and `operations` were written as, by its rank. */
  readonly written: readonly { readonly models: string; readonly operations: string }[]
}

/**
 * Why a decision is what it is. `matched` are the denies that apply and the allows that hold, by `id`; `unmet` is what
 * keeps each allow from holding, the nearest rule first, at most 100 rows. Asks every rule of the set, which are the
 * enforced ones: not for the hot path.
 */
export function explain(
  set: RuleSet,
  names: Names,
  decision: Decision,
  { input, held, workspace }: { input: PolicyInput; held: Held; workspace: number | null },
): Omit<Explanation, 'shadow' | 'obligations'> {
  if (workspace === null) return { decision, matched: [], unmet: refusedRows(set, names, input, held) }
  const facts: Facts = { input, held, workspace }
  const matched: CompiledRule[] = []
  const missing: (readonly Unmet[])[] = []
  for (const rule of set.rules) {
    const match = ruleMatch(rule, facts)
    if (rule.effect === 'deny' ? match !== 'no' : match === 'yes') matched.push(rule)
    else if (rule.effect === 'allow') missing.push(unmetOf(rule, names, facts))
  }
  missing.sort((a, b) => a.length - b.length)
  return { decision, matched: matched.map(({ id }) => id), unmet: missing.flat().slice(0, MAX_UNMET) }
}

function unmetOf(rule: CompiledRule, names: Names, facts: Facts): Unmet[] {
  const { input, held, workspace } = facts
  const rows: Unmet[] = []
  const row = (condition: string, want: string, got: string) => rows.push({ rule: rule.id, condition, want, got })
  const named = (places: readonly number[], list: readonly string[]) => places.map((place) => list[place] ?? '')
  if (rolesMatch(rule, facts) !== 'yes') {
    row('roles', `one of ${shownList(named(rule.roles ?? [], names.roles))}`, shownList(held.roleNames))
  }
  const inside = workspaceMatch(rule, facts)
  if (inside !== 'yes') {
    const has = workspace === -1 ? 'none' : shown(names.workspaces[workspace] ?? '')
    const got = inside === 'unknown' ? CANNOT_TELL : has
    row('workspaces', `one of ${shownList(named(rule.workspaces ?? [], names.workspaces))}`, got)
  }
  const written = names.written[rule.rank]
  if (!speaksOfOperation(rule, input.operation)) {
    const want = rule.operations === null ? 'the operation by its name' : `one of ${written?.operations}`
    row('operations', want, shown(input.operation))
  }
  if (modelMatch(rule, facts) !== 'yes') {
    const got = input.model === undefined ? CANNOT_TELL : input.model === null ? 'none' : shown(input.model)
    row('models', `one of ${written?.models}`, got)
  }
  for (const condition of rule.conditions) {
    if (condition.test(input) !== 'yes') row(condition.name, condition.want, condition.got(input))
  }
  return rows
}

/** Several workspaces, and none of them is named: that keeps every allow from holding. */
function refusedRows(set: RuleSet, names: Names, { project }: PolicyInput, held: Held): Unmet[] {
  const list = held.workspaces.map((place) => names.workspaces[place] ?? '').sort()
  const want = `the header OpenAI-Project names one of ${shownList(list)}`
  const got = project === undefined ? 'no such header' : shown(project)
  return set.rules
    .filter(({ effect }) => effect === 'allow')
    .slice(0, MAX_UNMET)
    .map(({ id }) => ({ rule: id, condition: 'workspaces', want, got }))
}
