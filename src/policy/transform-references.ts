import { compilePattern, isPattern } from '../model/pattern.ts'
import { PREPENDABLE, SETTABLE, type SettableName } from '../model/transforms.ts'
import type { Draft } from '../schema/draft.ts'
import { compareCodePoints } from './code-points.ts'
import { type FileProblem, type Merged, type Placed, problemAt } from './merge.ts'
import { expandModels } from './model-sets.ts'
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

/** Two values for one setting, where one request can fall under both. Only a warning: the later one by `id` stands. */
function conflicts(sorted: readonly Entry[], sets: ReadonlyMap<string, readonly string[]>): FileProblem[] {
  return sorted.flatMap((later, index) => {
    const mine: { readonly [name: string]: unknown } = later.value.set ?? {}
    return Object.keys(mine).flatMap((name) => {
      if (COMBINED.has(name) || mine[name] === undefined) return []
      const other = sorted.slice(0, index).find(({ value }) => {
        const theirs: { readonly [name: string]: unknown } = value.set ?? {}
        const differs = theirs[name] !== undefined && theirs[name] !== mine[name]
        return differs && mayMeet(value, later.value, SETTABLE[name as SettableName], sets)
      })
      if (!other) return []
      const message =
        `the transform \`${other.value.id}\` gives this another value, and a request may fall under both: this one ` +
        'stands, as the later one by `id`'
      return [{ ...problemAt(later, ['set', name], 'transform_conflict', message), severity: 'warning' as const }]
    })
  })
}

/** Roles keep nobody apart: one person may hold both. */
function mayMeet(
  one: Entry['value'],
  other: Entry['value'],
  operations: object,
  sets: ReadonlyMap<string, readonly string[]>,
): boolean {
  const covers = (list: Entry['value']['operations'], name: string) =>
    list === undefined || texts(list).some((entry) => compilePattern(entry)(name))
  const isShared = Object.keys(operations).some(
    (name) => covers(one.operations, name) && covers(other.operations, name),
  )
  if (!isShared) return false
  const places = new Set(texts(other.workspaces))
  if (one.workspaces && other.workspaces && !texts(one.workspaces).some((name) => places.has(name))) return false
  if (!one.models || !other.models) return true
  const left = [...expandModels(texts(one.models), sets)]
  const right = [...expandModels(texts(other.models), sets)]
  return left.some((name) => right.some((another) => overlap(name, another)))
}

/** Of two patterns nothing is asked: they may meet. */
function overlap(one: string, other: string): boolean {
  if (isPattern(one)) return isPattern(other) || compilePattern(one)(other)
  return compilePattern(other)(one)
}
