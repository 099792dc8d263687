import type { Facet } from './facets.ts'
import { patternKey } from './name-index.ts'
import type { CompiledRule, NameSet } from './rule.ts'

export type Dimension = 'roles' | 'workspaces' | 'models' | 'operations'

/** A list that is no longer than this is gone through; no condition is looked up to make it shorter. */
const FEW = 8
/** Facts that are read for every lookup: those that most rules speak of. */
const MAX_FACTS = 8

/** How many rules stand under the fullest key of a selector. */
type Fullest = (rule: CompiledRule) => number | null

/**
 * Finds for each rule what to look it up by: the selector, or the condition with keys, whose fullest list is the
 * shortest. Null for a rule that has none of them.
 */
export function rarestSelector(
  rules: readonly CompiledRule[],
  dimensions: readonly Dimension[],
): (rule: CompiledRule) => Dimension | Facet | null {
  const fullest = dimensions.map((dimension): [Dimension, Fullest] => [dimension, fullestOf(rules, dimension)])
  const fullestFacet = countFacets(rules)
  return (rule) => {
    let best: Dimension | Facet | null = null
    let least = Number.POSITIVE_INFINITY
    for (const [dimension, countOf] of fullest) {
      const count = countOf(rule)
      if (count === null || count >= least) continue
      best = dimension
      least = count
    }
    if (least <= FEW) return best
    for (const { facet } of rule.conditions) {
      const count = facet === null ? null : fullestFacet(facet)
      if (count === null || count >= least) continue
      best = facet
      least = count
    }
    return best
  }
}

function fullestOf(rules: readonly CompiledRule[], dimension: Dimension): Fullest {
  if (dimension === 'models' || dimension === 'operations') {
    const countOf = countNames(rules.map((rule) => rule[dimension]).filter((names) => names !== null))
    return (rule) => rule[dimension] && countOf(rule[dimension])
  }
  const counts = new Map<number, number>()
  for (const rule of rules) for (const place of rule[dimension] ?? []) count(counts, place, 1)
  return (rule) => rule[dimension] && most(rule[dimension], counts)
}

/** Each set is counted once, with the number of rules that use it, and asked once: it may be long, and many rules' own. */
function countNames(sets: readonly NameSet[]): (names: NameSet) => number {
  const uses = new Map<NameSet, number>()
  for (const names of sets) count(uses, names, 1)
  const counts = new Map<string, number>()
  const keys = new Map<NameSet, readonly string[]>()
  for (const [names, times] of uses) {
    const own = keysOf(names)
    keys.set(names, own)
    for (const key of own) count(counts, key, times)
  }
  const known = new Map<NameSet, number>()
  return (names) => {
    const fullest = known.get(names) ?? most(keys.get(names) ?? [], counts)
    known.set(names, fullest)
    return fullest
  }
}

function keysOf({ exact, patterns }: NameSet): string[] {
  const keys: string[] = []
  for (const name of exact) keys.push(`=${name}`)
  if (patterns.length > 0) keys.push(...new Set(patterns.map(patternKey)))
  return keys
}

/** Null for a fact that is not among those that are worth reading. */
function countFacets(rules: readonly CompiledRule[]): (facet: Facet) => number | null {
  const byFact = new Map<string, Map<string, number>>()
  const uses = new Map<string, number>()
  for (const { conditions } of rules) {
    for (const { facet } of conditions) {
      if (facet === null) continue
      const counts = byFact.get(facet.fact) ?? new Map<string, number>()
      byFact.set(facet.fact, counts)
      count(uses, facet.fact, 1)
      for (const key of facet.keys) count(counts, key, 1)
    }
  }
  const worth = new Set(
    [...uses]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MAX_FACTS)
      .map(([fact]) => fact),
  )
  return ({ fact, keys }) => (worth.has(fact) ? most(keys, byFact.get(fact) ?? new Map()) : null)
}

function count<Key>(counts: Map<Key, number>, key: Key, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times)
}

function most<Key>(keys: Iterable<Key>, counts: ReadonlyMap<Key, number>): number {
  let fullest = 0
  for (const key of keys) fullest = Math.max(fullest, counts.get(key) ?? 0)
  return fullest
}
