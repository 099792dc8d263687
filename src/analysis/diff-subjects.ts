import type { PolicyOutline } from '../policy/outline.ts'
import type { MemberDocument } from '../policy/schema.ts'
import { encodeMember } from './diff-holding.ts'
import type { EncodedPolicy } from './diff-policy.ts'
import type { Formula } from './space-formula.ts'

/** Whose access is compared. */
export type Subject =
  /** Who holds no role. */
  | { readonly kind: 'everybody' }
  /** Who holds this role, what it includes, and nothing else. */
  | { readonly kind: 'role'; readonly role: string }
  /** Who matches an entry that a role or workspace has under one policy only. */
  | {
      readonly kind: 'member'
      readonly member: MemberDocument
      readonly of: 'role' | 'workspace'
      readonly owner: string
      readonly isNew: boolean
    }
  /** Somebody else: callers whose access changes for another reason. */
  | { readonly kind: 'caller' }

export interface Pair {
  readonly before: EncodedPolicy
  readonly after: EncodedPolicy
}

/** A subject and what is true of it, the likeliest form first: one of them is enough. */
export interface EncodedSubject {
  readonly subject: Subject
  readonly forms: readonly Formula[]
  /** All requests that are told with those of the subject. */
  readonly covers: Formula
}

export function everybody(pair: Pair): EncodedSubject {
  const { formulas } = pair.before.facts.space
  const form = formulas.all([holdsExactly(pair, null), byCredentialOnly(pair)])
  return { subject: { kind: 'everybody' }, forms: [form], covers: formulas.all([]) }
}

/** Roles of either policy that hold one of these, or hold different ones under the two. */
export function roleSubjects(pair: Pair, speaking: ReadonlySet<string>): EncodedSubject[] {
  const { formulas } = pair.before.facts.space
  const outlines = [pair.before.outline, pair.after.outline]
  const names = new Set(outlines.flatMap(({ roles }) => [...roles.keys()]))
  return [...names].sort().flatMap((role) => {
    const holds = outlines.map((outline) => outline.roles.get(role)?.holds ?? [])
    if (!holds.flat().some((held) => speaking.has(held))) return []
    const held = formulas.all([holdsExactly(pair, role), byCredentialOnly(pair)])
    const carried = pair.before.facts.carriedRoles.some(() => true)
    const covers = formulas.any([pair.before, pair.after].flatMap((policy) => certainly(policy, role)))
    return [{ subject: { kind: 'role', role }, forms: [formulas.all([held, formulas.not(carried)]), held], covers }]
  })
}

function certainly({ outline, holding }: EncodedPolicy, role: string): Formula[] {
  return outline.roles.has(role) ? [holding.role(role).yes] : []
}

/** Under both policies: the role for certain where it is defined, what it includes, and nothing else. */
function holdsExactly(pair: Pair, role: string | null): Formula {
  const { formulas } = pair.before.facts.space
  const exactly = ({ outline, holding }: EncodedPolicy) => {
    const holds = new Set(role === null ? [] : (outline.roles.get(role)?.holds ?? []))
    return [...outline.roles.keys()].map((name) =>
      holds.has(name) ? holding.role(name).yes : formulas.not(holding.role(name).notNo),
    )
  }
  return formulas.all([...exactly(pair.before), ...exactly(pair.after)])
}

/** In a workspace only because the credential names it: who its members are is another matter. */
function byCredentialOnly({ before, after }: Pair): Formula {
  const { formulas } = before.facts.space
  const entries = [before, after].flatMap(({ outline }) =>
    [...outline.workspaces.values()].flatMap((one) => one.members),
  )
  return formulas.all([
    formulas.not(before.facts.carriedWorkspaces.untold),
    ...entries.map((entry) => formulas.not(encodeMember(entry, before.facts).notNo)),
  ])
}

/** Every entry of `members` that only one of the policies has, of what both define. */
export function memberSubjects(pair: Pair): EncodedSubject[] {
  const { carriedRoles, carriedWorkspaces, space } = pair.before.facts
  const { formulas } = space
  const entries = [pair.before, pair.after].flatMap(({ outline }) => allEntries(outline))
  const unique = [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()]
  return changedEntries(pair).map((subject) => {
    const match = encodeMember(subject.member, pair.before.facts).yes
    const isOther = (entry: MemberDocument) => !implies(subject.member, entry)
    const form = formulas.all([
      match,
      formulas.not(carriedRoles.some(() => true)),
      ...(subject.of === 'workspace' ? [formulas.not(carriedWorkspaces.some(() => true).notNo)] : []),
      ...unique.filter(isOther).map((entry) => formulas.not(encodeMember(entry, pair.before.facts).notNo)),
    ])
    return { subject, forms: [form], covers: match }
  })
}

function allEntries({ roles, workspaces }: PolicyOutline): MemberDocument[] {
  return [...roles.values(), ...workspaces.values()].flatMap(({ members }) => members)
}

function changedEntries({ before, after }: Pair): Extract<Subject, { kind: 'member' }>[] {
  return (['role', 'workspace'] as const).flatMap((of) => {
    const [old, young] = [before, after].map(({ outline }) => (of === 'role' ? outline.roles : outline.workspaces))
    return [...(old ?? [])].flatMap(([owner, { members }]) => {
      const now = young?.get(owner)?.members
      if (!now) return []
      const only = (list: readonly MemberDocument[], others: readonly MemberDocument[], isNew: boolean) => {
        const known = new Set(others.map(keyOf))
        return list
          .filter((entry) => !known.has(keyOf(entry)))
          .map((member) => ({ kind: 'member' as const, member, of, owner, isNew }))
      }
      return [...only(now, members, true), ...only(members, now, false)]
    })
  })
}

/** Whoever matches the first matches the second. */
function implies(first: MemberDocument, second: MemberDocument): boolean {
  const has = new Set(Object.entries(first).map((entry) => JSON.stringify(entry)))
  return Object.entries(second).every((entry) => has.has(JSON.stringify(entry)))
}

function keyOf(entry: MemberDocument): string {
  return JSON.stringify(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
}
