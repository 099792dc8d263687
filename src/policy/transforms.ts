import { type Obligations, PREPENDABLE, SETTABLE, type SettableName, settableMember } from '../model/transforms.ts'
import { type CompiledRule, type Facts, selectorsMatch } from './rule.ts'
import type { TransformDocument } from './schema.ts'

/** One transform for one operation: what of it applies there. */
interface Applied extends Obligations {
  /** Its selectors, as those of a deny: a transform restricts, so that what cannot be told applies it. */
  readonly selectors: CompiledRule
}

const OPERATIONS = [...new Set([...Object.values(SETTABLE).flatMap((members) => Object.keys(members)), ...PREPENDABLE])]

/** `selectors` are those of each transform, in the same order, which is that of their `id`s. */
export function compileTransforms(
  transforms: readonly TransformDocument[],
  selectors: readonly CompiledRule[],
): (facts: Facts) => Obligations | null {
  const byOperation = new Map<string, Applied[]>()
  for (const operation of OPERATIONS) {
    const applied = transforms.flatMap((transform, index) => {
      const rule = selectors[index]
      const one = rule ? appliedTo(transform, operation, rule) : null
      return one ? [one] : []
    })
    if (applied.length > 0) byOperation.set(operation, applied)
  }
  return (facts) => {
    const list = byOperation.get(facts.input.operation)
    if (list === undefined) return null
    let all: Obligations | null = null
    for (const one of list) {
      if (selectorsMatch(one.selectors, facts) === 'no') continue
      all = all === null ? one : joined(all, one)
    }
    return all
  }
}

/** Null where nothing of it applies to the operation. */
function appliedTo({ id, set, system }: TransformDocument, operation: string, selectors: CompiledRule): Applied | null {
  const settings = Object.entries(set ?? {}).filter(
    ([name]) => settableMember(name as SettableName, operation) !== undefined,
  )
  const prepend = PREPENDABLE.includes(operation) ? (system?.prepend ?? null) : null
  if (settings.length === 0 && prepend === null) return null
  return { names: [`transform:${id}`], set: Object.fromEntries(settings), prepend, selectors }
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
  const texts = [one.prepend, other.prepend].filter((text) => text !== null)
  return {
    names: [...one.names, ...other.names],
    set,
    prepend: texts.length === 0 ? null : texts.join('\n'),
  }
}
