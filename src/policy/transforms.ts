import {
  GENERATING,
  type Obligations,
  PREPENDABLE,
  SETTABLE,
  type SettableName,
  settableMember,
} from '../model/transforms.ts'
import { indexRules } from './candidates.ts'
import { applyingRanks } from './lookup.ts'
import type { CompiledRule, Facts } from './rule.ts'
import type { RuleSet } from './rule-set.ts'
import type { TransformDocument } from './schema.ts'

const OPERATIONS = [
  ...new Set([...Object.values(SETTABLE).flatMap((members) => Object.keys(members)), ...PREPENDABLE, ...GENERATING]),
]

/** The transforms that have something to do in one operation's body. */
interface Transforms {
  /** What of each one applies there, by the rank of its selectors. */
  readonly applied: ReadonlyMap<number, Obligations>
  readonly found: RuleSet['denies']
}

/**
 * `selectors` are those of each transform, in the same order, which is that of their `id`s and ranks. They are those of
 * denies: a transform restricts, so that what cannot be told applies it.
 */
export function compileTransforms(
  transforms: readonly TransformDocument[],
  selectors: readonly CompiledRule[],
): (facts: Facts) => Obligations | null {
  const byOperation = new Map<string, Transforms>()
  for (const operation of OPERATIONS) {
    const applied = new Map<number, Obligations>()
    for (const [rank, transform] of transforms.entries()) {
      const one = appliedTo(transform, operation)
      if (one) applied.set(rank, one)
    }
    const rules = selectors.filter(({ rank }) => applied.has(rank))
    const found = {
      named: indexRules(rules, ['models', 'roles', 'workspaces', 'operations']),
      modelless: indexRules(rules, ['roles', 'workspaces', 'operations']),
    }
    if (applied.size > 0) byOperation.set(operation, { applied, found })
  }
  return (facts) => {
    const here = byOperation.get(facts.input.operation)
    if (here === undefined) return null
    let all: Obligations | null = null
    for (const rank of applyingRanks(here.found, facts)) {
      const one = here.applied.get(rank) ?? null
      all = all !== null && one !== null ? joined(all, one) : (all ?? one)
    }
    return all
  }
}

/** Null where nothing of it applies to the operation. */
function appliedTo({ id, set, system }: TransformDocument, operation: string): Obligations | null {
  const settings = Object.entries(set ?? {}).filter(
    ([name]) => settableMember(name as SettableName, operation) !== undefined,
  )
  const prepend = PREPENDABLE.includes(operation) ? (system?.prepend ?? null) : null
  const unplaced = unplacedOf(operation, set?.max_output_tokens !== undefined, system?.prepend !== undefined)
  if (settings.length === 0 && prepend === null && unplaced.length === 0) return null
  const applied = { names: [`transform:${id}`], set: Object.fromEntries(settings), prepend }
  return unplaced.length === 0 ? applied : { ...applied, unplaced }
}

/** What protects, and would be lost in an operation that generates: other settings only shape the answer. */
function unplacedOf(operation: string, caps: boolean, prepends: boolean): string[] {
  if (!GENERATING.includes(operation)) return []
  const unplaced: string[] = []
  if (caps && !hasCap(operation)) unplaced.push('set.max_output_tokens')
  if (prepends && !PREPENDABLE.includes(operation)) unplaced.push('system.prepend')
  return unplaced
}

/** To compact makes a text that is never longer than what is compacted: there is nothing to cap. */
function hasCap(operation: string): boolean {
  return operation === 'responses.compact' || settableMember('max_output_tokens', operation) !== undefined
}

/**
 * Two at once, the second one later by `id`. The lower limit stands, and what is not to be stored is not; of every other
 * setting the later one stands. Texts follow one another, the earlier one first.
 */
function joined(one: Obligations, other: Obligations): Obligations {
  const set = { ...one.set, ...other.set }
  const limits = [one.set.max_output_tokens, other.set.max_output_tokens].filter((limit) => typeof limit === 'number')
  if (limits.length > 0) set.max_output_tokens = Math.min(...limits)
  if (one.set.store === false) set.store = false
  const unplaced = [...new Set([...(one.unplaced ?? []), ...(other.unplaced ?? [])])]
  const texts = [one.prepend, other.prepend].filter((text) => text !== null)
  return {
    names: [...one.names, ...other.names],
    set,
    prepend: texts.length === 0 ? null : texts.join('\n'),
    ...(unplaced.length > 0 && { unplaced }),
  }
}
