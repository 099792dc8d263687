import { hash } from 'node:crypto'
import type { Principal } from '../model/identity.ts'
import type { IssuerSettings } from '../model/identity-settings.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { RejectReason } from '../model/reasons.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { UnverifiedToken } from './jwt/token.ts'
import { mfaOf } from './mfa.ts'

/** From when until when a token is valid, clock skew included. Epoch milliseconds. */
export interface Validity {
  readonly fromMs: number
  readonly untilMs: number
}

export interface Accepted {
  readonly principal: Principal
  readonly validity: Validity
}

/** The end of the year 9999: a date beyond it is one in milliseconds, and would never come. Epoch seconds. */
const LAST_DATE = 253_402_300_799
const MAX_ID_LENGTH = 1024

/**
 * Checks the claims of a token whose signature is verified and maps them to the caller. `iss`, `aud`, `exp` and `sub` are
 * required; an `iat` in the future is refused like `nbf`.
 *
 * Does not check: scopes, revocation. Faults: the reason of the first claim that is wrong.
 * Source: RFC 7519 section 4.1, RFC 9068 section 4.
 */
export function acceptClaims(
  token: UnverifiedToken,
  settings: IssuerSettings,
  nowMs: number,
): Result<Accepted, RejectReason> {
  const { payload } = token
  if (ownValue(payload, 'iss') !== settings.issuer) return failed('wrong_iss')
  const audience = audienceFault(ownValue(payload, 'aud'), settings.audience)
  if (audience !== null) return failed(audience)
  if (isForAnotherUse(token)) return failed('wrong_type')
  const validity = validityOf(payload, settings.clockSkewMs)
  if (!validity.ok) return validity
  if (nowMs >= validity.value.untilMs) return failed('expired')
  if (nowMs < validity.value.fromMs) return failed('not_yet_valid')
  const subject = ownValue(payload, 'sub')
  const id = valueAt(payload, settings.claims.id)
  if (subject === undefined || id === undefined) return failed('claim_missing')
  if (!isId(subject) || !isId(id)) return failed('malformed')
  return ok({ principal: principalOf(token, id, settings), validity: validity.value })
}

/** Where a token's claims were verified, or an answer about it, and the text of the token. */
type Read = Pick<UnverifiedToken, 'payload' | 'text'>

/** The caller that verified claims speak of. */
export function principalOf({ payload, text }: Read, id: string, settings: IssuerSettings): Principal {
  const { claims, name, mfaAcr } = settings
  const acr = ownValue(payload, 'acr')
  const authTime = ownValue(payload, 'auth_time')
  const jti = ownValue(payload, 'jti')
  const exp = ownValue(payload, 'exp')
  return {
    id,
    issuer: name,
    method: 'jwt',
    name: textAt(payload, claims.name) ?? null,
    email: textAt(payload, claims.email) ?? null,
    groups: textsAt(payload, claims.groups),
    roles: [],
    workspaces: namedWorkspaces(payload, claims.workspace),
    claims: payload,
    mfa: mfaOf(payload, mfaAcr),
    acr: typeof acr === 'string' ? acr : undefined,
    authTime: isDate(authTime) ? authTime : undefined,
    key: null,
    tokenId: hash('sha256', typeof jti === 'string' && jti !== '' ? jti : text, 'hex'),
    expiresAt: isDate(exp) ? exp : null,
  }
}

export function audienceFault(aud: JsonValue | undefined, ours: readonly string[]): RejectReason | null {
  if (aud === undefined) return 'claim_missing'
  const named = typeof aud === 'string' ? [aud] : aud
  if (!Array.isArray(named) || !named.every((name) => typeof name === 'string')) return 'wrong_aud'
  return named.some((name) => ours.includes(name)) ? null : 'wrong_aud'
}

/** Faults: `claim_missing` without `exp`, `malformed` for what is no date. */
export function validityOf(
  payload: JsonObject,
  skewMs: number,
  exp: JsonValue | undefined = ownValue(payload, 'exp'),
): Result<Validity, RejectReason> {
  const { nbf = 0, iat = 0 } = { nbf: ownValue(payload, 'nbf'), iat: ownValue(payload, 'iat') }
  if (exp === undefined) return failed('claim_missing')
  if (!isDate(exp) || !isDate(nbf) || !isDate(iat)) return failed('malformed')
  return ok({ fromMs: Math.max(nbf, iat) * 1000 - skewMs, untilMs: exp * 1000 + skewMs })
}

export function isDate(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_DATE
}

/** Claims that only ID tokens have: hashes of what was issued beside them (OpenID Connect Core sections 2 and 3.3.2.11). */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash'] as const
/** What Keycloak writes into `typ` of the payload of tokens that are not for resource servers. */
const FOREIGN_TYPES = new Set(['id', 'refresh', 'offline', 'logout', 'serialized-id'])

/**
 * True for a token of the same issuer that was not issued for access. ID tokens are told by their hashes, by a `nonce`
 * unless something says that this is an access token (older Keycloaks put one there), by Keycloak's `typ` and Cognito's
 * `token_use`; logout and security event tokens by `events`. Whether a token is bound to a key (`cnf`) is not
 * asked here. An ID token with none of these marks cannot be told from a plain `JWT` access token
 * (RFC 9068 section 5): it is the audience, never a client id, that keeps it out.
 */
export function isForAnotherUse({ payload, isExplicit }: Pick<UnverifiedToken, 'payload' | 'isExplicit'>): boolean {
  if (ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(payload, name))) return true
  if (Object.hasOwn(payload, 'events')) return true
  const type = ownValue(payload, 'typ')
  const use = ownValue(payload, 'token_use')
  if (typeof type === 'string' && FOREIGN_TYPES.has(type.toLowerCase())) return true
  if (use !== undefined && use !== 'access') return true
  const isAccess = isExplicit || use === 'access' || (typeof type === 'string' && type.toLowerCase() === 'bearer')
  return Object.hasOwn(payload, 'nonce') && !isAccess
}

/** An id that can stand in a log line, a policy and a table: not empty, bounded, without control characters. */
export function isId(value: JsonValue | undefined): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_ID_LENGTH &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  )
}

/** Own properties only: a path that leads through a prototype, a list or a scalar leads nowhere. */
export function valueAt(payload: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = payload
  for (const step of path) {
    if (!isJsonObject(value)) return undefined
    value = ownValue(value, step)
  }
  return value
}

function textAt(payload: JsonObject, path: readonly string[]): string | undefined {
  const value = valueAt(payload, path)
  return typeof value === 'string' ? value : undefined
}

/** A token without the claim names no workspace; in a claim of another type nobody can tell which it names. */
function namedWorkspaces(payload: JsonObject, path: readonly string[]): readonly string[] | undefined {
  return valueAt(payload, path) === undefined ? [] : textsAt(payload, path)
}

/** A list of strings, or a single one; undefined, *cannot tell*, for everything else. */
function textsAt(payload: JsonObject, path: readonly string[]): readonly string[] | undefined {
  const value = valueAt(payload, path)
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) return undefined
  return value
}
