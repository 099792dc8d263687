import type { PolicyInput } from '../model/decision.ts'
import { append } from './buckets.ts'
import type { Facet, KeysOf } from './facets.ts'
import { indexNames } from './name-index.ts'
import { type Dimension, rarestSelector } from './rarest.ts'
import type { CompiledRule, NameSet } from './rule.ts'

/** What a lookup knows of a request; the roles and workspaces are all that could count. */
export interface Lookup {
  readonly operation: string
  readonly model: string | null | undefined
  readonly roles: ReadonlySet<number>
  readonly moreRoles: ReadonlySet<number>
  readonly workspaces: readonly number[]
  /** Left out: rules are found whatever their conditions say. Unknown facts count for denies. */
  readonly conditions?: { readonly input: PolicyInput; readonly unknownCounts: boolean }
}

type Bucket = CompiledRule[]
type Visit = (lookup: Lookup, each: (rules: readonly CompiledRule[]) => void) => void

/** Finds the rules that could match a request without asking the others: each one stands under its rarest selector. */
export interface Candidates {
  /** Calls `each` with every list that could hold a match, each sorted by rank; a rule may come more than once. */
  readonly visit: Visit
}

/**
 * Builds the index of `rules`, which are sorted by rank. With `dimensions` left out, the rules are found without regard
 * to these: an operation without a model must find rules on models, too.
 */
export function indexRules(rules: readonly CompiledRule[], dimensions: readonly Dimension[]): Candidates {
  const always: Bucket = []
  const roles = new Map<number, Bucket>()
  const workspaces = new Map<number, Bucket>()
  const names = { models: [] as [NameSet, CompiledRule][], operations: [] as [NameSet, CompiledRule][] }
  const faceted: [Facet, CompiledRule][] = []
  const rarest = rarestSelector(rules, dimensions)
  for (const rule of rules) {
    const key = rarest(rule)
    if (key === null) always.push(rule)
    else if (typeof key !== 'string') faceted.push([key, rule])
    else if (key === 'roles') for (const role of rule.roles ?? []) append(roles, role, rule)
    else if (key === 'workspaces') for (const one of rule.workspaces ?? []) append(workspaces, one, rule)
    else if (rule[key] !== null) names[key].push([rule[key], rule])
  }
  const models = names.models.length > 0 ? indexNames(names.models) : null
  const operations = names.operations.length > 0 ? indexNames(names.operations) : null
  const facts = indexFacets(faceted)
  return {
    visit: (lookup, each) => {
      if (always.length > 0) each(always)
      if (roles.size > 0) {
        for (const role of lookup.roles) visitBucket(roles.get(role), each)
        for (const role of lookup.moreRoles) visitBucket(roles.get(role), each)
      }
      if (workspaces.size > 0) for (const one of lookup.workspaces) visitBucket(workspaces.get(one), each)
      operations?.visit(lookup.operation, each)
      if (typeof lookup.model === 'string') models?.visit(lookup.model, each)
      for (const visit of facts) visit(lookup, each)
    },
  }
}

/** Of rules that differ in nothing but their name and rank, the first: no other can decide. `rules` are sorted by rank. */
export function distinctRules(rules: readonly CompiledRule[]): CompiledRule[] {
  const ids = new Map<object, number>()
  const idOf = (set: object | null): number => {
    if (set === null) return -1
    const id = ids.get(set) ?? ids.size
    ids.set(set, id)
    return id
  }
  const seen = new Set<string>()
  return rules.filter(({ effect, roles, workspaces, models, operations, conditions }) => {
    const spoken = operations && [[...operations.exact], operations.patterns.map(({ written }) => written)]
    const asked = conditions.map(({ name, key }) => [name, key])
    const key = JSON.stringify([effect, roles, workspaces, idOf(models), spoken, asked])
    return seen.size !== seen.add(key).size
  })
}

function visitBucket(bucket: Bucket | undefined, each: (rules: readonly CompiledRule[]) => void): void {
  if (bucket) each(bucket)
}

/** One visit for each fact that rules are found by. */
function indexFacets(faceted: readonly (readonly [Facet, CompiledRule])[]): Visit[] {
  const byFact = Map.groupBy(faceted, ([{ fact }]) => fact)
  return [...byFact.values()].map((entries) => {
    const all = entries.map(([, rule]) => rule)
    const byKey = new Map<string, Bucket>()
    for (const [{ keys }, rule] of entries) for (const key of keys) append(byKey, key, rule)
    const read: KeysOf = entries[0]?.[0].open(byKey.keys()) ?? (() => undefined)
    return ({ conditions }, each) => {
      if (conditions === undefined) {
        each(all)
        return
      }
      const keys = read(conditions.input)
      if (keys === undefined) {
        if (conditions.unknownCounts) each(all)
      } else for (const key of keys) visitBucket(byKey.get(key), each)
    }
  })
}
