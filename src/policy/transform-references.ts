import { compilePattern, isPattern } from '../model/pattern.ts'
import { PREPENDABLE, SETTABLE, type SettableName } from '../model/transforms.ts'
import type { Draft } from '../schema/draft.ts'
import { append } from './buckets.ts'
import { compareCodePoints } from './code-points.ts'
import { type FileProblem, type Merged, type Placed, problemAt } from './merge.ts'
import { expandModels } from './model-sets.ts'
import { doEndsAgree } from './patterns.ts'
import { type NameSet, nameSet } from './rule.ts'
import type { TransformDocument } from './schema.ts'

type Entry = Placed<Draft<TransformDocument>>

/** Settings of which several make one that needs no choice: the lower limit, and not to store. */
const COMBINED: ReadonlySet<string> = new Set(['max_output_tokens', 'store'] satisfies SettableName[])

/** What keeps transforms from doing what they say, beside selectors that refer to nothing. */
export function transformProblems({ transforms, models }: Merged): FileProblem[] {
  const found: FileProblem[] = []
  for (const transform of transforms) {
    const { set, system } = transform.value
    if (set === undefined && system === undefined && isWritten(transform)) {
      found.push(problemAt(transform, [], 'incomplete', 'a transform needs `set`, `system` or both'))
    }
    for (const { name, operations } of partsOf(transform)) found.push(...misfits(transform, name, operations))
  }
  const sets = new Map([...models].map(([name, { value }]) => [name, texts(value)]))
  found.push(...conflicts([...transforms].sort(byId), sets))
  return found
}

/** A part that differs from the schema is missing from a draft, too, and has been told of. */
function isWritten({ value }: Entry): boolean {
  return !('set' in value) && !('system' in value)
}

function byId(one: Entry, other: Entry): number {
  return compareCodePoints(one.value.id ?? '', other.value.id ?? '')
}

function texts(list: readonly (string | undefined)[] | undefined): string[] {
  return (list ?? []).filter((entry) => entry !== undefined)
}

interface Part {
  readonly name: string
  /** Those whose bodies have a place for it. */
  readonly operations: readonly string[]
}

function partsOf({ value: { set, system } }: Entry): Part[] {
  const settings = Object.entries(set ?? {}).flatMap(([name, written]) =>
    written === undefined ? [] : [{ name: `set.${name}`, operations: Object.keys(SETTABLE[name as SettableName]) }],
  )
  return system === undefined ? settings : [...settings, { name: 'system.prepend', operations: PREPENDABLE }]
}

/** Operations that the transform names and a part of it has no place in. */
function misfits(transform: Entry, name: string, fitting: readonly string[]): FileProblem[] {
  return [...(transform.value.operations ?? []).entries()].flatMap(([index, operation]) => {
    if (operation === undefined || fitting.some(compilePattern(operation))) return []
    const message =
      `\`${name}\` cannot be applied to ${isPattern(operation) ? 'any of these' : 'this operation'}, only to ` +
      `${fitting.map((one) => `\`${one}\``).join(', ')}; leave it out of the list, or write a transform of its own`
    return [problemAt(transform, ['operations', index], 'not_applicable', message)]
  })
}

/** A transform that gives a setting a value, with what its selectors speak of; null is everything. */
interface Setter {
  readonly entry: Entry
  readonly written: unknown
  readonly operations: ReadonlySet<string>
  readonly workspaces: ReadonlySet<string> | null
  readonly models: NameSet | null
}

/** Two values for one setting, where one request can fall under both. Only a warning: the later one by `id` stands. */
function conflicts(sorted: readonly Entry[], sets: ReadonlyMap<string, readonly string[]>): FileProblem[] {
  return Object.entries(SETTABLE).flatMap(([name, members]) => {
    if (COMBINED.has(name)) return []
    return conflictsOf(
      sorted.flatMap((entry) => setterOf(entry, name, Object.keys(members), sets)),
      name,
    )
  })
}

/** Pairs that are compared for one setting; beyond it no two are taken for a conflict. */
const MAX_PAIRS = 200_000

/** Those that name single models are found by these, so that many of them are not compared in pairs. */
function conflictsOf(setters: readonly Setter[], name: string): FileProblem[] {
  const byModel = new Map<string, Setter[]>()
  const wide: Setter[] = []
  let left = MAX_PAIRS
  return setters.flatMap((later, index) => {
    if (left <= 0) return []
    const { models } = later
    const single = models !== null && models.patterns.length === 0 ? models.exact : null
    const rivals = single
      ? [...wide, ...[...single].flatMap((model) => byModel.get(model) ?? [])]
      : setters.slice(0, index)
    const earlier = rivals.find((rival) => rival.written !== later.written && left-- > 0 && mayMeet(rival, later))
    if (single === null) wide.push(later)
    else for (const model of single) append(byModel, model, later)
    return earlier ? [conflict(earlier, later, name)] : []
  })
}

function setterOf(
  entry: Entry,
  name: string,
  fitting: readonly string[],
  sets: ReadonlyMap<string, readonly string[]>,
): Setter[] {
  const { set, operations, workspaces, models } = entry.value
  const written = (set as { readonly [name: string]: unknown } | undefined)?.[name]
  if (written === undefined) return []
  const tests = operations ? texts(operations).map(compilePattern) : null
  return [
    {
      entry,
      written,
      operations: new Set(fitting.filter((one) => tests === null || tests.some((test) => test(one)))),
      workspaces: workspaces ? new Set(texts(workspaces)) : null,
      models: models ? nameSet(expandModels(texts(models), sets)) : null,
    },
  ]
}

function conflict(earlier: Setter, later: Setter, name: string): FileProblem {
  const message =
    `the transform \`${earlier.entry.value.id}\` gives this another value, and a request may fall under both: this one ` +
    'stands, as the later one by `id`'
  return { ...problemAt(later.entry, ['set', name], 'transform_conflict', message), severity: 'warning' }
}

/** Roles keep nobody apart: one person may hold both. */
function mayMeet(one: Setter, other: Setter): boolean {
  if (one.operations.isDisjointFrom(other.operations)) return false
  if (one.workspaces && other.workspaces?.isDisjointFrom(one.workspaces)) return false
  return one.models === null || other.models === null || doSetsOverlap(one.models, other.models)
}

function doSetsOverlap(one: NameSet, other: NameSet): boolean {
  if (one.patterns.some((pattern) => other.patterns.some((rival) => doEndsAgree(pattern, rival)))) return true
  if (!one.exact.isDisjointFrom(other.exact)) return true
  const meets = ({ patterns }: NameSet, { exact }: NameSet) =>
    patterns.some(({ test }) => [...exact].some((name) => test(name)))
  return meets(one, other) || meets(other, one)
}
