import type { MethodName } from '../model/identity.ts'
import type { OutlineRole, PolicyOutline } from '../policy/outline.ts'
import type { Part } from './parts.ts'

/**
 * What roles are to callers that carry roles of their own: API keys, and users of the store. Whatever the members of a role
 * are, such a caller has it by its name; nobody else does.
 */
export interface CarriedRoles {
  /** Roles that nobody else can hold. */
  readonly ofCarriers: ReadonlySet<string>
  /** Roles that such a caller has by what it was given, and in no other way. */
  readonly given: ReadonlySet<string>
}

/** Who vouches for them, and how they authenticate. */
const ISSUERS: readonly string[] = ['api_keys', 'local']
const METHODS: readonly string[] = ['api_key', 'local'] satisfies MethodName[]

type Member = OutlineRole['members'][number]

const known = new WeakMap<PolicyOutline, CarriedRoles>()

export function carriedRoles(outline: PolicyOutline): CarriedRoles {
  const before = known.get(outline)
  if (before) return before
  const made = { ofCarriers: rolesWith(outline, isOfCarriers), given: rolesWith(outline, isOfOthers) }
  known.set(outline, made)
  return made
}

/** Roles of which every entry is of the kind, those of roles that include it among them. */
function rolesWith({ roles }: PolicyOutline, isOfKind: (member: Member) => boolean): ReadonlySet<string> {
  const others = [...roles.values()].filter(({ members }) => !members.every(isOfKind))
  return new Set(roles.keys()).difference(new Set(others.flatMap(({ holds }) => holds)))
}

function isOfCarriers({ issuer, key }: Member): boolean {
  return key !== undefined || (issuer !== undefined && ISSUERS.includes(issuer))
}

function isOfOthers({ issuer }: Member): boolean {
  return issuer !== undefined && !ISSUERS.includes(issuer)
}

/** Whether only such callers meet the conditions of an allow and hold one of its roles, or the one that is asked about. */
export function isForCarriers(
  { parts, roles }: { readonly parts: readonly Part[]; readonly roles: readonly string[] | null },
  asked: string | null,
  { ofCarriers }: CarriedRoles,
): boolean {
  if (asked !== null && ofCarriers.has(asked)) return true
  if (roles?.every((role) => ofCarriers.has(role))) return true
  return parts.some(
    ({ fact, test }) =>
      fact === 'method' && test.kind === 'among' && test.names.every((name) => METHODS.includes(name)),
  )
}
