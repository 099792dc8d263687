import { SETTABLE } from '../model/transforms.ts'
import { compareCodePoints } from '../policy/code-points.ts'
import type { OutlineTransform, PolicyOutline } from '../policy/outline.ts'
import { holdersOf, workspacesText } from './diff-holders.ts'
import { together } from './diff-words.ts'
import { findText, hasText } from './find-text.ts'
import { namesAndPatterns } from './parts.ts'
import { shownName } from './words.ts'

type SelectorName = 'roles' | 'workspaces' | 'models' | 'operations'

/** The two policies, with what is asked of them for every transform. */
export interface Outlines {
  readonly before: PolicyOutline
  readonly after: PolicyOutline
  readonly holders: { readonly before: Holders; readonly after: Holders }
  /** Every workspace has the members that it had. */
  readonly workspacesAreAlike: boolean
}

type Holders = ReadonlyMap<string, ReadonlySet<string>>

/** One thing that changes. Weaker: something of what was done before may fall away. */
export interface Detail {
  readonly text: string
  readonly isWeaker: boolean
}

export function outlinesOf(before: PolicyOutline, after: PolicyOutline): Outlines {
  return {
    before,
    after,
    holders: { before: holdersOf(before), after: holdersOf(after) },
    workspacesAreAlike: workspacesText(before) === workspacesText(after),
  }
}

const WORDS = {
  roles: { one: 'role', all: 'everybody' },
  workspaces: { one: 'workspace', all: 'every workspace' },
  models: { one: 'model', all: 'every model' },
  operations: { one: 'operation', all: 'every operation' },
} as const satisfies { readonly [Name in SelectorName]: object }

/** What two versions of a transform are for otherwise. */
export function selectorDetails(before: OutlineTransform, after: OutlineTransform, outlines: Outlines): Detail[] {
  const written = (Object.keys(WORDS) as SelectorName[]).flatMap((name): Detail[] => {
    const text = listText(name, before[name], after[name])
    return text === null ? [] : [{ text, isWeaker: !isCovered(name, before[name], after[name], outlines) }]
  })
  return [...written, ...holderDetails(before, after, outlines)]
}

type Names = readonly string[] | null

function listText(name: SelectorName, before: Names, after: Names): string | null {
  if (after === null) return before === null ? null : `now for ${WORDS[name].all}`
  if (before === null) return `now only for ${named(name, after)}`
  const [gone, added] = [without(before, after), without(after, before)]
  if (gone.length === 0) return added.length === 0 ? null : `now for ${named(name, added)}, too`
  return added.length === 0
    ? `no longer for ${named(name, gone)}`
    : `for ${named(name, added)} instead of ${listed(gone)}`
}

function without(list: readonly string[], other: readonly string[]): string[] {
  const known = new Set(other)
  return [...new Set(list)].filter((name) => !known.has(name))
}

/** `the role a`, `the roles a and b`. */
function named(name: SelectorName, list: readonly string[]): string {
  return `the ${WORDS[name].one}${list.length === 1 ? '' : 's'} ${listed(list)}`
}

function listed(list: readonly string[]): string {
  return together([...list].sort(compareCodePoints).map(shownName))
}

/** Whatever the first list is for, the second is for as well. A search that gives up says no. */
function isCovered(name: SelectorName, before: Names, after: Names, { after: outline }: Outlines): boolean {
  if (after === null) return true
  if (name === 'models') {
    return findText([namesAndPatterns(before ?? ['*'])], [namesAndPatterns(after)]) === 'none'
  }
  if (name === 'operations') {
    const [old, young] = [namesAndPatterns(before ?? ['*']), namesAndPatterns(after)]
    return OPERATIONS.every((operation) => !hasText(old, operation) || hasText(young, operation))
  }
  if (before === null) return false
  const known = new Set(after)
  if (name === 'workspaces') return before.every((one) => known.has(one))
  return before.every((role) => (outline.roles.get(role)?.holds ?? [role]).some((held) => known.has(held)))
}

/** Those whose bodies a transform can change. */
const OPERATIONS = [...new Set(Object.values(SETTABLE).flatMap((members) => Object.keys(members)))]

/** Names that both versions have, and that others go by now. */
function holderDetails(before: OutlineTransform, after: OutlineTransform, outlines: Outlines): Detail[] {
  const found: Detail[] = []
  const kept = (name: 'roles' | 'workspaces') => {
    const known = new Set(after[name] ?? [])
    return (before[name] ?? []).filter((one) => known.has(one))
  }
  const changed = kept('roles').flatMap((role) => {
    const [old, young] = [outlines.holders.before.get(role), outlines.holders.after.get(role)]
    if (!old || !young || (old.size === young.size && old.isSubsetOf(young))) return []
    return [{ role, isWeaker: !old.isSubsetOf(young) }]
  })
  if (changed.length > 0) {
    const names = changed.map(({ role }) => role)
    found.push({ text: `others hold ${named('roles', names)}`, isWeaker: changed.some(({ isWeaker }) => isWeaker) })
  }
  const workspaces = outlines.workspacesAreAlike ? [] : kept('workspaces')
  if (workspaces.length > 0) found.push({ text: 'others are in its workspaces', isWeaker: true })
  return found
}
