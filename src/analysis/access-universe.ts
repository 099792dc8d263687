import { MODEL_OPERATIONS, OPEN_RESOURCES, SPELLED_OPERATIONS } from '../model/operations.ts'
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

/**
 * Every operation that can be told apart: those that the API spells out, those that a rule names, and for what is open,
 * all others of it. Sorted by code points.
 */
export function operationsOf({ rules }: PolicyOutline): AnalysedOperation[] {
  const named = new Set(rules.flatMap(({ operations }) => operations ?? []))
  const exact = new Set([...SPELLED_OPERATIONS, ...[...named].filter((name) => !isPattern(name))])
  const open = new Set([...OPEN_RESOURCES.map((resource) => `${resource}.*`), ...[...named].filter(isOpen)])
  const others = [...open].map((label) => {
    let asked = label.replace('*', 'other')
    while (exact.has(asked)) asked += 'x'
    return { label, asked }
  })
  return [...[...exact].map((name) => ({ label: name, asked: name })), ...others].sort((a, b) =>
    compareCodePoints(a.label, b.label),
  )
}

/** A pattern over names that are not spelled out: `files.*`, not `responses.*` and not `*`. */
function isOpen(name: string): boolean {
  return name.endsWith('.*') && OPEN_RESOURCES.includes(name.split('.')[0] ?? '')
}

export function namesModel({ asked }: AnalysedOperation): boolean {
  return MODEL_OPERATIONS.includes(asked)
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

/** The upstreams that serve a model of the target; all of them where there is none. */
export function serving({ upstreams }: AnalysedPolicy, target: ModelTarget): AnalysedUpstream[] {
  if (target.kind === 'none') return [...upstreams]
  return upstreams.filter(({ models }) => overlaps(target, models))
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
export function speaksOf({ operations }: OutlineRule, { asked }: AnalysedOperation): boolean {
  if (operations === null) return true
  const texts = spoken.get(operations) ?? namesAndPatterns(operations)
  spoken.set(operations, texts)
  return hasText(texts, asked)
}
