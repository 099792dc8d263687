import {
  isUninspected,
  MODEL_OPERATIONS,
  OPEN_RESOURCES,
  SPELLED_OPERATIONS,
  STORED_OPERATIONS,
  speaks,
} from '../model/operations.ts'
import { isPattern } from '../model/pattern.ts'
import { compareCodePoints } from '../policy/code-points.ts'
import type { OutlineRule, PolicyOutline } from '../policy/outline.ts'
import type { AnalysedUpstream } from './access-facts.ts'
import { findText, hasText } from './find-text.ts'
import { namesAndPatterns, type Texts } from './parts.ts'

/** What an analysis is about: a policy, the upstreams of its config, and the time from which windows are compared. */
export interface AnalysedPolicy {
  readonly outline: PolicyOutline
  readonly upstreams: readonly AnalysedUpstream[]
  /** Epoch milliseconds. */
  readonly at: number
}

/** An operation, or all others of a resource (`files.*`), for which `asked` stands. */
export interface AnalysedOperation {
  readonly label: string
  readonly asked: string
}

/** The models that a question is about: one, all of a set or pattern; none where the operation has none. */
export type ModelTarget =
  | { readonly kind: 'name'; readonly label: string; readonly name: string }
  | { readonly kind: 'texts'; readonly label: string; readonly texts: Texts }
  | { readonly kind: 'none' }

export type NamedTarget = Exclude<ModelTarget, { kind: 'none' }>

export const NO_MODEL: ModelTarget = { kind: 'none' }
export const EVERY_MODEL: NamedTarget = { kind: 'texts', label: '*', texts: { exact: [], patterns: ['*'] } }

/** Resources whose operations stand for themselves: what most policies are about. The others are told of by resource. */
const TOLD_APART: ReadonlySet<string> = new Set(['responses', 'models', 'images', 'audio'])

const MODELLED: ReadonlySet<string> = new Set(MODEL_OPERATIONS)

/**
 * Every operation that can be told apart: those that rules name, or that `asked` does, and of the others those of the
 * resources that most policies are about; the rest by resource, those with a model apart. Sorted by code points.
 */
export function operationsOf({ rules }: PolicyOutline, asked?: string): AnalysedOperation[] {
  const written = new Set([...rules.flatMap(({ operations }) => operations ?? []), ...(asked ? [asked] : [])])
  const names = new Set([...SPELLED_OPERATIONS, ...[...written].filter((name) => !isPattern(name))])
  const groups = Map.groupBy(names, (name) => labelOf(name, written))
  const found = [...groups].map(([label, members]) => {
    const [first = label] = members
    return { label: members.length === 1 ? first : label, asked: first }
  })
  return [...found, ...openOperations(names)].sort((a, b) => compareCodePoints(a.label, b.label))
}

/** What an operation is called together with those that nothing written tells it apart from. */
function labelOf(name: string, written: ReadonlySet<string>): string {
  if (written.has(name)) return name
  const words = name.split('.')
  if (words.length === 1 || (words.length === 2 && TOLD_APART.has(words[0] ?? ''))) return name
  const groups = words.slice(0, -1).map((_, index) => `${words.slice(0, index + 1).join('.')}.*`)
  const [widest = name, next = widest] = groups
  const label = groups.findLast((group) => written.has(group)) ?? (TOLD_APART.has(words[0] ?? '') ? next : widest)
  if (STORED_OPERATIONS.includes(name)) return `${label} on what is stored`
  return MODELLED.has(name) ? `${label} with a model` : label
}

/** What stands for all operations of a resource whose names are the operator's. */
function openOperations(names: ReadonlySet<string>): AnalysedOperation[] {
  return OPEN_RESOURCES.map((resource) => {
    let asked = `${resource}.other`
    while (names.has(asked)) asked += 'x'
    return { label: `${resource}.*`, asked }
  })
}

export function namesModel({ asked }: AnalysedOperation): boolean {
  return MODELLED.has(asked)
}

/** What `name` means: an alias its model, `@name` a set, a pattern all that it matches. Null for a set that there is not. */
export function targetOf({ aliases, sets }: PolicyOutline, name: string): NamedTarget | null {
  if (name.startsWith('@')) {
    const set = sets.get(name.slice(1))
    return set ? { kind: 'texts', label: name, texts: namesAndPatterns(set) } : null
  }
  if (isPattern(name)) return { kind: 'texts', label: name, texts: namesAndPatterns([name]) }
  return { kind: 'name', label: name, name: aliases.get(name) ?? name }
}

/** The upstreams that speak the API of one of the operations and serve a model of the target, where there is one. */
export function serving(
  { upstreams }: AnalysedPolicy,
  target: ModelTarget,
  operations: readonly AnalysedOperation[],
): AnalysedUpstream[] {
  return upstreams.filter(
    ({ kind, models }) =>
      operations.some(({ asked }) => speaks(kind, asked)) && (target.kind === 'none' || overlaps(target, models)),
  )
}

/** Whether the texts have a model of the target. */
export function overlaps(target: ModelTarget, texts: Texts): boolean {
  if (target.kind === 'none') return false
  return target.kind === 'name' ? hasText(texts, target.name) : findText([target.texts, texts], []) !== 'none'
}

/** Whether the texts have every model of the target. */
export function covers(target: ModelTarget, texts: Texts): boolean {
  if (target.kind === 'none') return false
  return target.kind === 'name' ? hasText(texts, target.name) : findText([target.texts], [texts]) === 'none'
}

const spoken = new WeakMap<readonly string[], Texts>()

/** Whether a rule speaks of the operation at all. */
export function speaksOf({ effect, operations }: OutlineRule, { asked }: AnalysedOperation): boolean {
  if (operations === null) return effect === 'deny' || !isUninspected(asked)
  const texts = spoken.get(operations) ?? namesAndPatterns(operations)
  spoken.set(operations, texts)
  return hasText(texts, asked)
}
