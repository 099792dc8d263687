import type { PolicyPrincipal } from '../model/decision.ts'
import type { Match } from '../model/match.ts'
import { append } from './buckets.ts'
import { type ClaimTest, compileClaimTest } from './claim-path.ts'
import type { MemberDocument, RoleDocument, WorkspaceDocument } from './schema.ts'
import { both, yesOrNo } from './three-valued.ts'

/** What a principal holds, as positions in the policy's lists of roles and workspaces. */
export interface Held {
  /** Roles held for certain, with what they include: these serve allows. */
  readonly roles: ReadonlySet<number>
  /** Roles that cannot be told: these serve denies only, like those of `roles`. */
  readonly maybeRoles: ReadonlySet<number>
  readonly roleNames: readonly string[]
  readonly workspaces: readonly number[]
  readonly maybeWorkspaces: readonly number[]
}

const NONE: ReadonlySet<number> = new Set()
const NOWHERE = { workspaces: [], maybeWorkspaces: [] } as const
const NO_ENTRIES: readonly Entry[] = []
/** A list of groups that is no longer than this is not searched for repetitions. */
const FEW = 16

type Test = (principal: PolicyPrincipal) => Match

interface Entry {
  readonly owner: number
  readonly test: Test
}

/** Entries by the one fact that must be there for them to match, so that no principal asks all of them. */
interface Members {
  readonly byUser: Map<string, Entry[]>
  readonly byKey: Map<string, Entry[]>
  readonly byGroup: Map<string, Entry[]>
  readonly others: Entry[]
}

/** Finds what principals hold. Depends on the principal alone and remembers it for as long as the object lives. */
export function compileMembership(
  roles: ReadonlyMap<string, RoleDocument>,
  workspaces: ReadonlyMap<string, WorkspaceDocument>,
): (principal: PolicyPrincipal) => Held {
  const roleNames = [...roles.keys()]
  const roleAt = new Map(roleNames.map((name, index) => [name, index]))
  const workspaceAt = new Map([...workspaces.keys()].map((name, index) => [name, index]))
  const includes = [...roles.values()].map((role) => positions(role.includes ?? [], roleAt))
  const roleMembers = compileMembers([...roles.values()].map(({ members }) => members))
  const workspaceMembers = compileMembers([...workspaces.values()].map(({ members }) => members))
  const known = new WeakMap<PolicyPrincipal, Held>()
  const find = (principal: PolicyPrincipal): Held => {
    const direct = matchingOwners(roleMembers, principal)
    const certain = closure([...direct.yes, ...positions(principal.roles, roleAt)], includes)
    const maybe = direct.maybe.length === 0 ? NONE : closure(direct.maybe, includes).difference(certain)
    const names: string[] = []
    for (const role of certain) names.push(roleNames[role] ?? '')
    if (names.length > 1) names.sort()
    return { roles: certain, maybeRoles: maybe, roleNames: names, ...findWorkspaces(principal) }
  }
  const findWorkspaces = (principal: PolicyPrincipal): Pick<Held, 'workspaces' | 'maybeWorkspaces'> => {
    if (workspaceAt.size === 0) return NOWHERE
    const inside = matchingOwners(workspaceMembers, principal)
    const member = new Set([...inside.yes, ...positions(principal.workspaces ?? [], workspaceAt)])
    const maybe = new Set(principal.workspaces === undefined ? workspaceAt.values() : inside.maybe)
    return { workspaces: [...member], maybeWorkspaces: [...maybe.difference(member)] }
  }
  return (principal) => {
    const before = known.get(principal)
    if (before) return before
    const held = find(principal)
    known.set(principal, held)
    return held
  }
}

export function positions(names: readonly string[], places: ReadonlyMap<string, number>): number[] {
  return names.map((name) => places.get(name)).filter((place) => place !== undefined)
}

function closure(roots: readonly number[], includes: readonly (readonly number[])[]): ReadonlySet<number> {
  if (roots.length === 0) return NONE
  const held = new Set(roots)
  // A set's iteration reaches what is added on the way, so that includes of includes are found.
  for (const role of held) for (const included of includes[role] ?? []) held.add(included)
  return held
}

function compileMembers(lists: readonly (readonly MemberDocument[] | undefined)[]): Members {
  const members: Members = { byUser: new Map(), byKey: new Map(), byGroup: new Map(), others: [] }
  for (const [owner, list] of lists.entries()) {
    for (const written of list ?? []) {
      const entry = { owner, test: compileMember(written) }
      if (written.user !== undefined) append(members.byUser, written.user, entry)
      else if (written.key !== undefined) append(members.byKey, written.key, entry)
      else if (written.group !== undefined) append(members.byGroup, written.group, entry)
      else members.others.push(entry)
    }
  }
  return members
}

/** The owners of the entries that match, and of those that cannot be told; an owner of several may stand there twice. */
function matchingOwners(members: Members, principal: PolicyPrincipal): { yes: number[]; maybe: number[] } {
  const yes: number[] = []
  const maybe: number[] = []
  const ask = (entries: readonly Entry[]) => {
    for (const { owner, test } of entries) {
      const match = test(principal)
      if (match === 'yes') yes.push(owner)
      else if (match === 'unknown') maybe.push(owner)
    }
  }
  const { id, key, groups } = principal
  ask(members.others)
  if (id === undefined) for (const entries of members.byUser.values()) ask(entries)
  else ask(members.byUser.get(id) ?? NO_ENTRIES)
  if (key !== null) ask(members.byKey.get(key) ?? NO_ENTRIES)
  if (groups === undefined) for (const entries of members.byGroup.values()) ask(entries)
  else for (const group of groups.length > FEW ? new Set(groups) : groups) ask(members.byGroup.get(group) ?? NO_ENTRIES)
  return { yes, maybe }
}

/** All keys of one entry must match. */
function compileMember({ issuer, group, user, key, claim }: MemberDocument): Test {
  const claimTest = claim ? compileClaimTest(claim as ClaimTest) : null
  return (principal) => {
    let match: Match = 'yes'
    if (issuer !== undefined) match = both(match, exactly(principal.issuer, issuer))
    if (user !== undefined) match = both(match, exactly(principal.id, user))
    if (key !== undefined) match = both(match, yesOrNo(principal.key === key))
    if (group !== undefined)
      match = both(match, principal.groups ? yesOrNo(principal.groups.includes(group)) : 'unknown')
    return claimTest ? both(match, claimTest(principal.claims)) : match
  }
}

function exactly(fact: string | undefined, wanted: string): Match {
  return fact === undefined ? 'unknown' : yesOrNo(fact === wanted)
}
