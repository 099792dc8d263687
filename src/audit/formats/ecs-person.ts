import type { Principal } from '../../model/identity.ts'
import type { Budget } from './budget.ts'
import { inOnePiece } from './text.ts'

/** The parts of a line that follow from the principal and the roles that the policy found for it. Never its claims. */
export interface PersonText {
  readonly roles: readonly string[]
  /** `user` and `organization`. */
  readonly who: string
  /** `sallyport.workspace` and `sallyport.auth`, which is left open. */
  readonly auth: string
  /** It is all ASCII. */
  readonly plain: boolean
}

/** Of one principal, by the workspace that it was in: there are only so many that it is a member of. */
type Known = Map<string | null | undefined, PersonText>

/** A verified token's principal is the same object in every request that it comes with. */
const known = new WeakMap<Principal, Known>()

/** `workspace` as in `AuditPolicy`. */
export function personText(
  principal: Principal,
  roles: readonly string[],
  workspace: string | null | undefined,
  budget: Budget,
): PersonText {
  const texts = budget.isFirst ? known.get(principal) : undefined
  const remembered = texts?.get(workspace)
  if (remembered && isSame(remembered.roles, roles)) {
    if (!remembered.plain) budget.plain = false
    return remembered
  }
  const alreadyCut = budget.cut.length
  const wasPlain = budget.plain
  budget.plain = true
  const place = workspace === undefined ? onlyOne(principal.workspaces) : workspace
  const people = `${userMembers(principal, budget)}${budget.list('user.roles', roles)}${groupMembers(principal, budget)}`
  const who = inOnePiece(`${people}${organizationMember(place, budget)}`)
  const auth = inOnePiece(authMembers(principal, place, budget))
  const text = { roles, who, auth, plain: budget.plain }
  budget.plain = wasPlain && text.plain
  // Only what was written whole is remembered: the notes of the budget would be missed the next time.
  if (budget.isFirst && budget.cut.length === alreadyCut) {
    if (texts) texts.set(workspace, text)
    else known.set(principal, new Map([[workspace, text]]))
  }
  return text
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one === other) return true
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false
  return true
}

function userMembers({ id, name, email }: Principal, budget: Budget): string {
  let members = `,"user":{"id":${budget.id('user.id', id)}`
  if (name !== null) members += `,"name":${budget.name('user.name', name)}`
  if (email !== null) members += `,"email":${budget.name('user.email', email)}`
  return `${members},"roles":`
}

function groupMembers({ groups }: Principal, budget: Budget): string {
  return groups ? `,"group":{"name":${budget.list('user.group.name', groups)}}}` : '}'
}

function organizationMember(workspace: string | null, budget: Budget): string {
  return workspace === null ? '' : `,"organization":{"id":${budget.name('organization.id', workspace)}}`
}

function authMembers(principal: Principal, workspace: string | null, budget: Budget): string {
  const { method, issuer, key, tokenId } = principal
  let members = workspace === null ? '' : `,"workspace":${budget.name('sallyport.workspace', workspace)}`
  members += `,"auth":{"method":${budget.name('sallyport.auth.method', method)}`
  members += `,"issuer":${budget.id('sallyport.auth.issuer', issuer)}`
  if (key !== null) members += `,"key_id":${budget.name('sallyport.auth.key_id', key)}`
  if (tokenId !== null) members += `,"token_id":${budget.name('sallyport.auth.token_id', tokenId)}`
  return members + strengthMembers(principal, budget)
}

/**
 * What the policy may ask of the credential itself, so that a decision can be made again. `mfa` stands always, so that
 * the absence of the others says something: they are none, unless `unclear` names them.
 */
function strengthMembers({ mfa, acr, authTime, roles, workspaces }: Principal, budget: Budget): string {
  let members = `,"mfa":"${mfa}"`
  if (acr !== undefined) members += `,"acr":${budget.name('sallyport.auth.acr', acr)}`
  if (authTime !== undefined && Number.isFinite(authTime)) members += `,"auth_time":${authTime}`
  if (roles.length > 0) members += `,"roles":${budget.list('sallyport.auth.roles', roles)}`
  if (workspaces === undefined) return `${members},"unclear":["workspaces"]`
  if (workspaces.length > 0) members += `,"workspaces":${budget.list('sallyport.auth.workspaces', workspaces)}`
  return members
}

/** Of several workspaces that a credential names, the principal alone does not say which one the request was in. */
function onlyOne(workspaces: Principal['workspaces']): string | null {
  return workspaces?.length === 1 ? (workspaces[0] ?? null) : null
}
