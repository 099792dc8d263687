import type { CompiledRule, NameSet } from './rule.ts'

/** What a lookup knows of a request; the roles and workspaces are all that could count. */
export interface Lookup {
  readonly operation: string
  readonly model: string | null | undefined
  readonly roles: ReadonlySet<number>
  readonly moreRoles: ReadonlySet<number>
  readonly workspaces: readonly number[]
}

type Dimension = 'roles' | 'workspaces' | 'models' | 'operations'
type Bucket = CompiledRule[]

/** Finds the rules that could match a request without asking the others: each one stands under its rarest selector. */
export interface Candidates {
  /** Calls `each` with every list that could hold a match, each sorted by rank; a rule may come more than once. */
  visit(lookup: Lookup, each: (rules: readonly CompiledRule[]) => void): void
}

/** Names and the heads of patterns: what a name must equal or begin with. */
interface NameIndex {
  readonly exact: Map<string, Bucket>
  readonly heads: Map<string, Bucket>
  /** The lengths of heads that there are, ascending. */
  readonly lengths: number[]
}

/**
 * Builds the index. With `dimensions` left out, the rules are found without regard to these: an operation without a
 * model must find rules on models, too.
 */
export function indexRules(rules: readonly CompiledRule[], dimensions: readonly Dimension[]): Candidates {
  const frequency = countKeys(rules, dimensions)
  const always: Bucket = []
  const roles = new Map<number, Bucket>()
  const workspaces = new Map<number, Bucket>()
  const names = { models: emptyNames(), operations: emptyNames() }
  for (const rule of rules) {
    const dimension = rarest(rule, dimensions, frequency)
    if (dimension === null) always.push(rule)
    else if (dimension === 'roles') for (const role of rule.roles ?? []) append(roles, role, rule)
    else if (dimension === 'workspaces') for (const one of rule.workspaces ?? []) append(workspaces, one, rule)
    else addNames(names[dimension], rule[dimension], rule)
  }
  for (const index of Object.values(names)) {
    index.lengths.push(...new Set([...index.heads.keys()].map(({ length }) => length)))
    index.lengths.sort((a, b) => a - b)
  }
  return {
    visit: (lookup, each) => {
      if (always.length > 0) each(always)
      if (roles.size > 0) {
        for (const role of lookup.roles) visitBucket(roles.get(role), each)
        for (const role of lookup.moreRoles) visitBucket(roles.get(role), each)
      }
      if (workspaces.size > 0) for (const one of lookup.workspaces) visitBucket(workspaces.get(one), each)
      visitNames(names.operations, lookup.operation, each)
      if (typeof lookup.model === 'string') visitNames(names.models, lookup.model, each)
    },
  }
}

function emptyNames(): NameIndex {
  return { exact: new Map(), heads: new Map(), lengths: [] }
}

function append<Key>(map: Map<Key, Bucket>, key: Key, rule: CompiledRule): void {
  const bucket = map.get(key)
  if (!bucket) map.set(key, [rule])
  else if (bucket.at(-1) !== rule) bucket.push(rule)
}

function addNames(index: NameIndex, names: NameSet | null, rule: CompiledRule): void {
  for (const name of names?.exact ?? []) append(index.exact, name, rule)
  for (const { head } of names?.patterns ?? []) append(index.heads, head, rule)
}

function visitBucket(bucket: Bucket | undefined, each: (rules: readonly CompiledRule[]) => void): void {
  if (bucket) each(bucket)
}

function visitNames(index: NameIndex, name: string, each: (rules: readonly CompiledRule[]) => void): void {
  if (index.exact.size > 0) visitBucket(index.exact.get(name), each)
  for (const length of index.lengths) {
    if (length > name.length) return
    visitBucket(index.heads.get(name.slice(0, length)), each)
  }
}

function keysOf(rule: CompiledRule, dimension: Dimension): string[] | null {
  const selector = rule[dimension]
  if (selector === null) return null
  if ('exact' in selector) {
    return [...[...selector.exact].map((name) => `=${name}`), ...selector.patterns.map(({ head }) => `^${head}`)]
  }
  return selector.map(String)
}

function countKeys(rules: readonly CompiledRule[], dimensions: readonly Dimension[]) {
  const frequency = new Map(dimensions.map((dimension) => [dimension, new Map<string, number>()]))
  for (const rule of rules) {
    for (const [dimension, counts] of frequency) {
      for (const key of keysOf(rule, dimension) ?? []) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return frequency
}

/** The selector whose fullest list is the shortest; null for a rule without any of these selectors. */
function rarest(
  rule: CompiledRule,
  dimensions: readonly Dimension[],
  frequency: ReadonlyMap<Dimension, ReadonlyMap<string, number>>,
): Dimension | null {
  let best: Dimension | null = null
  let least = Number.POSITIVE_INFINITY
  for (const dimension of dimensions) {
    const keys = keysOf(rule, dimension)
    if (keys === null) continue
    const fullest = keys.reduce((most, key) => Math.max(most, frequency.get(dimension)?.get(key) ?? 0), 0)
    if (fullest < least) {
      best = dimension
      least = fullest
    }
  }
  return best
}
