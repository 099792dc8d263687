import type { PolicyInput } from '../model/decision.ts'
import type { Lookup } from '../policy/candidates.ts'
import { workspaceOf } from '../policy/decide.ts'
import type { Held } from '../policy/membership.ts'
import type { AskablePolicy } from './askable.ts'
import type { UnrecordedFact } from './recorded.ts'

/** The request, and what of it is not known. */
export interface PartlyKnown {
  readonly input: PolicyInput
  readonly unrecorded: ReadonlySet<UnrecordedFact>
  /** The request arrived between this and `input.at`. Unit: epoch milliseconds. */
  readonly arrivedAfter: number
  /** All roles that the caller held, where that can be taken for the truth: those that rest on claims, too. */
  readonly rolesHeld: readonly string[] | null
  /** Roles that an API key may have carried; of no account where `roles` was recorded. */
  readonly rolesCarried: readonly string[]
}

/** All requests that the known facts fit, as a policy sees them. */
export interface World extends PartlyKnown {
  readonly held: Held
  /** Roles that an allow, and that a deny, may count as held or not. */
  readonly openRoles: ReadonlySet<number>
  readonly openRolesOfDenies: ReadonlySet<number>
  readonly workspace: number
  /** The workspace is known. */
  readonly isPlaced: boolean
  /** It is in several workspaces and names none: nothing is allowed. */
  readonly isLost: boolean
  readonly lookup: Lookup
}

export function openWorld(policy: AskablePolicy, request: PartlyKnown): World {
  const { input, unrecorded, rolesHeld, rolesCarried } = request
  const { held, openRoles, openRolesOfDenies } = heldRoles(policy, request, input, rolesHeld, rolesCarried)
  const place = workspaceOf(held, input.project, policy.workspaceAt)
  const several = held.workspaces.length > 1
  const isPlaced =
    policy.workspaceAt.size === 0 ||
    !(unrecorded.has('workspaces') || held.maybeWorkspaces.length > 0 || (several && unrecorded.has('project')))
  const workspace = place ?? -1
  return {
    ...request,
    held,
    openRoles,
    openRolesOfDenies,
    workspace,
    isPlaced,
    isLost: isPlaced && place === null,
    lookup: {
      operation: input.operation,
      model: input.model,
      roles: held.roles,
      moreRoles: openRolesOfDenies.union(openRoles),
      workspaces: isPlaced ? [workspace] : [-1, ...policy.workspaceAt.values()],
    },
  }
}

function heldRoles(
  { heldBy, roleAt }: AskablePolicy,
  { unrecorded }: PartlyKnown,
  { principal }: PolicyInput,
  rolesHeld: readonly string[] | null,
  rolesCarried: readonly string[],
): Pick<World, 'held' | 'openRoles' | 'openRolesOfDenies'> {
  const held = heldBy(principal)
  if (rolesHeld !== null) {
    const told = new Set(rolesHeld.map((name) => roleAt.get(name)).filter((place) => place !== undefined))
    const roles = held.roles.union(held.maybeRoles.intersection(told))
    // A role that was not held counts for a deny all the same, if its claim could not be told.
    return { held: { ...held, roles }, openRoles: NO_ROLES, openRolesOfDenies: held.maybeRoles.difference(roles) }
  }
  if (!unrecorded.has('roles')) return { held, openRoles: held.maybeRoles, openRolesOfDenies: held.maybeRoles }
  const most = heldBy({ ...principal, roles: rolesCarried })
  const open = most.roles.union(most.maybeRoles).difference(held.roles)
  return { held, openRoles: open, openRolesOfDenies: open }
}

const NO_ROLES: ReadonlySet<number> = new Set()
