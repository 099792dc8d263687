import { append } from './buckets.ts'
import type { CompiledRule, NameSet } from './rule.ts'

type Bucket = CompiledRule[]
type Buckets = Map<string, Bucket[]>

/** Rules by the names that they speak of: by whole names, and by how patterns begin or end. */
interface NameIndex {
  /** Calls `each` with every list of rules that could speak of a name, each sorted by rank. */
  visit(name: string, each: (rules: readonly CompiledRule[]) => void): void
}

/**
 * `rules` are sorted by rank and have a set each. Rules of one set (the same object) share one list, which stands under
 * each name of it: a set of many names that many rules use does not take their product.
 */
export function indexNames(rules: readonly (readonly [NameSet, CompiledRule])[]): NameIndex {
  const exact: Buckets = new Map()
  const heads: Buckets = new Map()
  const tails: Buckets = new Map()
  const lists = new Map<NameSet, Bucket>()
  for (const [names, rule] of rules) {
    const known = lists.get(names)
    if (known) {
      known.push(rule)
      continue
    }
    const list = [rule]
    lists.set(names, list)
    for (const name of names.exact) append(exact, name, list)
    for (const pattern of names.patterns) {
      if (isByTail(pattern)) append(tails, pattern.tail, list)
      else append(heads, pattern.head, list)
    }
  }
  const headLengths = lengthsOf(heads)
  const tailLengths = lengthsOf(tails)
  return {
    visit: (name, each) => {
      if (exact.size > 0) visitAll(exact.get(name), each)
      for (const length of headLengths) {
        if (length > name.length) break
        visitAll(heads.get(name.slice(0, length)), each)
      }
      for (const length of tailLengths) {
        if (length > name.length) break
        visitAll(tails.get(name.slice(name.length - length)), each)
      }
    },
  }
}

/** The key under which a pattern stands: its longer end tells more. */
export function patternKey(pattern: NameSet['patterns'][number]): string {
  return isByTail(pattern) ? `$${pattern.tail}` : `^${pattern.head}`
}

function isByTail({ head, tail }: NameSet['patterns'][number]): boolean {
  return tail.length > head.length
}

/** Ascending. */
function lengthsOf(buckets: Buckets): number[] {
  return [...new Set([...buckets.keys()].map(({ length }) => length))].sort((a, b) => a - b)
}

function visitAll(lists: readonly Bucket[] | undefined, each: (rules: readonly CompiledRule[]) => void): void {
  if (lists) for (const list of lists) each(list)
}
