import { hash } from 'node:crypto'
import { METHODS, type MethodName, type Principal } from '../../model/identity.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import type { Match } from '../../model/match.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { RevocableToken, SignedIn } from '../../model/sign-in.ts'
import { type Accepted, isDate, isId } from '../claims.ts'

/** How far the clocks of a fleet may differ: of a token that another process has made just now. Milliseconds. */
const CLOCK_SKEW_MS = 30_000

/** What a token has beside what was vouched for: who has made it for whom, which it is, and its time in epoch seconds. */
export interface Stamp {
  readonly iss: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
}

/** What of a provider's claims speaks of its own token, and not of the person. */
const PROTOCOL = new Set([
  ...['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'session_state'],
  ...['nonce', 'at_hash', 'c_hash', 's_hash', 'cnf', 'events'],
])

/** The claims of which a policy may speak wherever the person has signed in. */
export function lastingClaims(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !PROTOCOL.has(name)))
}

/**
 * The claims of a token of the proxy. What cannot be told is absent, so that it cannot be told afterwards, either. `sp` says
 * who vouched for what. Groups stand once: `sp.groups_claim` names the claim that says the same, which is null then.
 */
export function payloadOf({ principal, amr, subject, session }: SignedIn, stamp: Stamp): JsonObject {
  const { id, issuer, method, name, email, groups, roles, workspaces, mfa, acr, authTime } = principal
  const claims = lastingClaims(principal.claims)
  const same = groups === undefined ? undefined : Object.keys(claims).find((key) => isSame(claims[key], groups))
  return {
    ...stamp,
    aud: stamp.iss,
    sub: id,
    ...present({ auth_time: authTime, amr, acr, name, email, groups, workspaces }),
    ...(roles.length > 0 && { roles }),
    sp: { source: issuer, method, mfa, ...present({ sid: session, sub: subject, groups_claim: same }) },
    claims: same === undefined ? claims : replaced(claims, same, null),
  }
}

function present(members: { readonly [name: string]: JsonValue | undefined }): JsonObject {
  const kept: { [name: string]: JsonValue } = {}
  for (const [name, value] of Object.entries(members)) if (value !== undefined && value !== null) kept[name] = value
  return kept
}

function replaced(claims: JsonObject, name: string, value: JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(claims).map(([key, kept]) => [key, key === name ? value : kept]))
}

function isSame(value: JsonValue | undefined, groups: readonly string[]): boolean {
  return Array.isArray(value) && value.length === groups.length && value.every((one, index) => one === groups[index])
}

export interface OwnAccepted extends Accepted {
  readonly revocable: RevocableToken
}

const MEMBERS = new Set([
  ...['iss', 'aud', 'sub', 'jti', 'iat', 'exp', 'auth_time', 'amr', 'acr'],
  ...['name', 'email', 'groups', 'roles', 'workspaces', 'sp', 'claims'],
])
const SP_MEMBERS = new Set(['source', 'method', 'mfa', 'sid', 'sub', 'groups_claim'])
const REQUIRED = ['iss', 'aud', 'sub', 'jti', 'iat', 'exp', 'sp', 'claims'] as const

/**
 * Checks the claims of a token that one of the proxy's own keys has signed, and reads them back. Whatever is not exactly as
 * `payloadOf` writes it is refused: what a newer release may have added could be what limits the token.
 *
 * Does not check: revocation. Faults: the reason of the first claim that is wrong. The clock skew applies to `iat` alone.
 */
export function acceptOwn(payload: JsonObject, url: string, nowMs: number): Result<OwnAccepted, RejectReason> {
  if (REQUIRED.some((name) => !Object.hasOwn(payload, name))) return failed('claim_missing')
  if (ownValue(payload, 'iss') !== url) return failed('wrong_iss')
  if (ownValue(payload, 'aud') !== url) return failed('wrong_aud')
  const [iat, exp] = [ownValue(payload, 'iat'), ownValue(payload, 'exp')]
  if (!isDate(iat) || !isDate(exp)) return failed('malformed')
  if (nowMs >= exp * 1000) return failed('expired')
  if (nowMs < iat * 1000 - CLOCK_SKEW_MS) return failed('not_yet_valid')
  const principal = principalOf(payload, exp)
  if (principal === null || !Object.keys(payload).every((name) => MEMBERS.has(name))) return failed('malformed')
  const sp = ownValue(payload, 'sp') as JsonObject
  const { issuer, id, tokenId } = principal
  const [session = null, sub = null] = [textOf(sp, 'sid'), textOf(sp, 'sub')]
  return ok({
    principal,
    validity: { fromMs: iat * 1000 - CLOCK_SKEW_MS, untilMs: exp * 1000 },
    revocable: { issuer, subject: id, sub, tokenId, session, issuedAt: iat },
  })
}

/** Null for what has another form. */
function principalOf(payload: JsonObject, expiresAt: number): Principal | null {
  const [sub, jti, sp, claims] = ['sub', 'jti', 'sp', 'claims'].map((name) => ownValue(payload, name))
  if (!isId(sub) || typeof jti !== 'string' || jti === '' || !isJsonObject(sp) || !isJsonObject(claims)) return null
  const source = signedInBy(sp)
  const authTime = ownValue(payload, 'auth_time')
  const lists = ['groups', 'roles', 'workspaces', 'amr'] as const
  const texts = ['name', 'email', 'acr'] as const
  if (source === null || (authTime !== undefined && !isDate(authTime))) return null
  if (lists.some((name) => Object.hasOwn(payload, name) && listOf(payload, name) === undefined)) return null
  if (texts.some((name) => Object.hasOwn(payload, name) && textOf(payload, name) === undefined)) return null
  const groups = listOf(payload, 'groups')
  const same = textOf(sp, 'groups_claim')
  if (same !== undefined && (groups === undefined || ownValue(claims, same) !== null)) return null
  return {
    id: sub,
    ...source,
    name: textOf(payload, 'name') ?? null,
    email: textOf(payload, 'email') ?? null,
    groups,
    roles: listOf(payload, 'roles') ?? [],
    workspaces: listOf(payload, 'workspaces'),
    claims: same === undefined || groups === undefined ? claims : replaced(claims, same, groups),
    acr: textOf(payload, 'acr'),
    authTime,
    key: null,
    tokenId: hash('sha256', jti, 'hex'),
    expiresAt,
  }
}

const MATCHES: readonly Match[] = ['yes', 'no', 'unknown']

function signedInBy(sp: JsonObject): Pick<Principal, 'issuer' | 'method' | 'mfa'> | null {
  const issuer = textOf(sp, 'source')
  const method = METHODS.find((name): name is MethodName => name === ownValue(sp, 'method'))
  const mfa = MATCHES.find((answer) => answer === ownValue(sp, 'mfa'))
  const isWhole = Object.keys(sp).every((name) => SP_MEMBERS.has(name) && textOf(sp, name) !== undefined)
  return issuer === undefined || method === undefined || mfa === undefined || !isWhole ? null : { issuer, method, mfa }
}

function textOf(object: JsonObject, name: string): string | undefined {
  const value = ownValue(object, name)
  return typeof value === 'string' ? value : undefined
}

/** A list of texts; nothing else is one here. */
function listOf(object: JsonObject, name: string): readonly string[] | undefined {
  const value = ownValue(object, name)
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) return undefined
  return value
}
