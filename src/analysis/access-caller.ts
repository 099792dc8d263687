import type { PolicyPrincipal } from '../model/decision.ts'
import { isJsonObject, type JsonObject, ownValue } from '../model/json.ts'
import type { Match } from '../model/match.ts'
import { claimAt } from '../policy/claim-path.ts'
import { compareCodePoints } from '../policy/code-points.ts'
import { ageOf } from '../policy/conditions/mfa.ts'
import { compileMembership } from '../policy/membership.ts'
import { yesOrNo } from '../policy/three-valued.ts'
import type { Subject } from './access-cell.ts'
import type { AnalysedPolicy } from './access-universe.ts'
import { carriedRoles } from './carried-roles.ts'
import { hasText } from './find-text.ts'
import type { Part, Texts } from './parts.ts'

/** What a described caller holds, for certain and possibly, by code points. */
export interface Caller {
  readonly subject: Subject
  readonly roles: { readonly certain: readonly string[]; readonly possible: readonly string[] }
  readonly workspaces: { readonly certain: readonly string[]; readonly possible: readonly string[] }
}

/**
 * A caller of whom some facts are known. A fact that is absent is one that nobody told: it may be anything, so that what
 * depends on it is possible. Sign-ins are as old as they are at the time of the analysis.
 */
export function describedCaller({ outline, at }: AnalysedPolicy, principal: PolicyPrincipal): Caller {
  const roleNames = [...outline.roles.keys()]
  const workspaceNames = [...outline.workspaces.keys()]
  const heldBy = compileMembership(
    new Map(
      [...outline.roles].map(([name, { members, includes }]) => [
        name,
        { members: [...members], includes: [...includes] },
      ]),
    ),
    new Map([...outline.workspaces].map(([name, { members }]) => [name, { members: [...members] }])),
  )
  const held = heldBy(principal)
  const named = (places: Iterable<number>, names: readonly string[]) =>
    [...places].flatMap((place) => names[place] ?? []).sort(compareCodePoints)
  const roles = { certain: named(held.roles, roleNames), possible: named(held.maybeRoles, roleNames) }
  const workspaces = {
    certain: named(held.workspaces, workspaceNames),
    possible: named(held.maybeWorkspaces, workspaceNames),
  }
  const domain = [...workspaces.certain, ...workspaces.possible]
  return {
    roles,
    workspaces,
    subject: {
      role: null,
      carried: carriedRoles(outline),
      roles: {
        certain: new Set(roles.certain),
        possible: new Map(roles.possible.map((role) => [role, outline.roles.get(role)?.holds ?? [role]])),
        mayHoldOthers: false,
      },
      workspaces: workspaces.certain.length > 0 ? domain : [null, ...domain],
      told: (part) => (part.fact === 'workspace' ? placed(part, workspaces) : toldOf(part, principal, at)),
    },
  }
}

/** The one workspace of a caller, or none; with several, the request names one of them. */
function placed({ test }: Part, { certain, possible }: Caller['workspaces']): Match | null {
  if (test.kind !== 'among' || possible.length > 0 || certain.length > 1) return null
  return yesOrNo(certain.some((name) => test.names.includes(name)))
}

function toldOf({ fact, test }: Part, principal: PolicyPrincipal, at: number): Match | null {
  const { mfa, acr, authTime, key, claims } = principal
  const method = principal.method ?? (key === null ? undefined : 'api_key')
  if (fact === 'mfa') return mfa === 'unknown' ? null : mfa
  if (fact === 'mfa_age' && test.kind === 'most' && authTime !== undefined) {
    const ageMs = ageOf(authTime, at)
    return ageMs >= 0 ? yesOrNo(ageMs <= test.most) : 'unknown'
  }
  if (fact === 'acr' && test.kind === 'text' && acr !== undefined) return yesOrNo(hasText(test.texts, acr))
  if (fact === 'method' && test.kind === 'among' && method !== undefined) return yesOrNo(test.names.includes(method))
  return test.kind === 'some' ? claimMatch(claims, test.path, test.texts) : null
}

function claimMatch(claims: JsonObject, path: readonly string[], texts: Texts): Match | null {
  const value = claimAt(claims, path)
  if (value === undefined) return isOpen(claims, path) ? null : 'unknown'
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) return 'unknown'
  return yesOrNo(list.some((item) => hasText(texts, item)))
}

/** Whether something could still stand at the path: none of its steps is a text or list. */
function isOpen(claims: JsonObject, path: readonly string[]): boolean {
  let owner: JsonObject = claims
  for (const step of path) {
    const next = ownValue(owner, step)
    if (next === undefined) return true
    if (!isJsonObject(next)) return false
    owner = next
  }
  return false
}
