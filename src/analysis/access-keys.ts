import type { OutlineRole, PolicyOutline } from '../policy/outline.ts'
import type { Part } from './parts.ts'

/**
 * What roles are to callers with an API key. Such a caller is of the issuer `api_keys`, and nobody else carries roles
 * of its own.
 */
export interface KeyRoles {
  /** Roles that nobody else can hold. */
  readonly ofKeys: ReadonlySet<string>
  /** Roles that a key has for certain, or not at all: by what it was given when it was created. */
  readonly given: ReadonlySet<string>
}

type Member = OutlineRole['members'][number]

const known = new WeakMap<PolicyOutline, KeyRoles>()

export function keyRoles(outline: PolicyOutline): KeyRoles {
  const before = known.get(outline)
  if (before) return before
  const made = { ofKeys: rolesWith(outline, isOfKeys), given: rolesWith(outline, isOfOthers) }
  known.set(outline, made)
  return made
}

/** Roles of which every entry is of the kind, those of roles that include it among them. */
function rolesWith({ roles }: PolicyOutline, isOfKind: (member: Member) => boolean): ReadonlySet<string> {
  const others = [...roles.values()].filter(({ members }) => !members.every(isOfKind))
  return new Set(roles.keys()).difference(new Set(others.flatMap(({ holds }) => holds)))
}

function isOfKeys({ issuer, key }: Member): boolean {
  return key !== undefined || issuer === 'api_keys'
}

function isOfOthers({ issuer }: Member): boolean {
  return issuer !== undefined && issuer !== 'api_keys'
}

/** Whether only API keys meet the conditions of an allow and hold one of its roles, or the one that is asked about. */
export function isForKeys(
  { parts, roles }: { readonly parts: readonly Part[]; readonly roles: readonly string[] | null },
  asked: string | null,
  { ofKeys }: KeyRoles,
): boolean {
  if (asked !== null && ofKeys.has(asked)) return true
  if (roles?.every((role) => ofKeys.has(role))) return true
  return parts.some(
    ({ fact, test }) => fact === 'method' && test.kind === 'among' && test.names.every((name) => name === 'api_key'),
  )
}
