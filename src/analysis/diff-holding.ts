import type { ClaimTest } from '../policy/claim-path.ts'
import type { OutlineRole, PolicyOutline } from '../policy/outline.ts'
import type { MemberDocument } from '../policy/schema.ts'
import { yesOrNo } from '../policy/three-valued.ts'
import type { Choice, Three } from './space.ts'
import { type FactSpace, PROJECT } from './space-facts.ts'
import type { Formula } from './space-formula.ts'

/** What a caller holds under one policy, as formulas over the facts. */
export interface Holding {
  /** That it holds the role: for certain, or not certainly not. */
  readonly role: (name: string) => Three
  /** That the request is in the workspace; `notNo` adds that its principal may be a member of it. */
  readonly workspace: (name: string) => Three
  /** False where several workspaces could be meant. */
  readonly hasOneWorkspace: Formula
}

export function encodeHolding(outline: PolicyOutline, facts: FactSpace): Holding {
  const { space } = facts
  const direct = new Map(
    [...outline.roles].map(([name, { members }]) => [
      name,
      space.either([
        space.certain(facts.carriedRoles.some((role) => role === name)),
        ...members.map((member) => encodeMember(member, facts)),
      ]),
    ]),
  )
  const holders = holdersOf(outline.roles)
  const roles = new Map(
    [...outline.roles.keys()].map((name) => [
      name,
      space.either((holders.get(name) ?? []).flatMap((holder) => direct.get(holder) ?? [])),
    ]),
  )
  const { workspaces, hasOneWorkspace } = encodeWorkspaces(outline, facts)
  return {
    role: (name) => known(roles, name),
    workspace: (name) => known(workspaces, name),
    hasOneWorkspace,
  }
}

/** The roles whose holders hold a role: itself, and those that include it in the end. */
function holdersOf(roles: ReadonlyMap<string, OutlineRole>): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>([...roles.keys()].map((name) => [name, []]))
  for (const [name, { holds }] of roles) for (const held of holds) holders.get(held)?.push(name)
  return holders
}

/** All keys of one entry must match. */
export function encodeMember({ issuer, group, user, key, claim }: MemberDocument, facts: FactSpace): Three {
  const parts: Three[] = []
  if (issuer !== undefined) parts.push(named(facts.issuer, issuer))
  if (user !== undefined) parts.push(named(facts.user, user))
  if (key !== undefined) parts.push(facts.key.match((value) => yesOrNo(value === key)))
  if (group !== undefined) parts.push(facts.groups.some((value) => value === group))
  if (claim) parts.push(facts.claims.match(claim as ClaimTest))
  return facts.space.both(parts)
}

function named(choice: Choice<string | undefined>, name: string): Three {
  return choice.match((value) => (value === undefined ? 'unknown' : yesOrNo(value === name)))
}

/**
 * The one workspace of which the principal is a member, or of several the one that the request names. A workspace of
 * which it may be a member counts for denies.
 */
function encodeWorkspaces({ workspaces }: PolicyOutline, facts: FactSpace) {
  const { space, carriedWorkspaces } = facts
  const { formulas } = space
  const named = facts.headers.get(PROJECT)
  const members = new Map(
    [...workspaces].map(([name, { members: entries }]) => {
      const carried = carriedWorkspaces.some((one) => one === name)
      const match = space.either(entries.map((entry) => encodeMember(entry, facts)))
      const isMember = formulas.any([carried.yes, match.yes])
      const mayBe = formulas.any([carriedWorkspaces.untold, match.notNo])
      return [name, { isMember, mayBe: formulas.all([formulas.not(isMember), mayBe]) }] as const
    }),
  )
  const others = allButOne(
    [...members.values()].map(({ isMember }) => formulas.not(isMember)),
    (parts) => formulas.all(parts),
  )
  const inside = new Map(
    [...members].map(([name, { isMember, mayBe }], index) => {
      const isNamed = named?.is((value) => value === name) ?? formulas.any([])
      const chosen = formulas.all([isMember, formulas.any([others[index] ?? formulas.all([]), isNamed])])
      return [name, { yes: chosen, notNo: formulas.any([chosen, mayBe]) }] as const
    }),
  )
  const nowhere = formulas.all([...members.values()].map(({ isMember }) => formulas.not(isMember)))
  return {
    workspaces: inside as ReadonlyMap<string, Three>,
    hasOneWorkspace: formulas.any([nowhere, ...[...inside.values()].map(({ yes }) => yes)]),
  }
}

/** For each part, all the others together. */
function allButOne(parts: readonly Formula[], all: (parts: readonly Formula[]) => Formula): Formula[] {
  return parts.map((_, index) => all(parts.filter((_, other) => other !== index)))
}

function known(map: ReadonlyMap<string, Three>, name: string): Three {
  const found = map.get(name)
  if (!found) throw new Error('a name that the policy does not define')
  return found
}
