import { type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { SignInWish } from '../../model/sign-in.ts'
import { isDate, isId } from '../claims.ts'
import { readToken } from '../jwt/token.ts'
import type { Trouble } from './faults.ts'
import type { LoginIssuer } from './ports.ts'
import type { IssuerSignatures } from './signatures.ts'

/** What an ID token has to fit. */
export interface IdTokenChecks {
  /** Null where none was sent: then there may be none. */
  readonly nonce: string | null
  readonly wish: SignInWish
  /** When the sign-in was asked for; `max_age` counts from there. Epoch seconds. */
  readonly startedAt: number
}

/**
 * Checks an ID token whole: its form, the issuer's signature, and every claim that says whom and what it is for.
 * Source: OpenID Connect Core sections 3.1.3.7 and 12.2.
 */
export async function verifyIdToken(
  text: string,
  checks: IdTokenChecks,
  settings: LoginIssuer,
  signatures: IssuerSignatures,
  nowMs: number,
): Promise<Result<JsonObject, Trouble>> {
  const token = readToken(text)
  if (!token.ok) return token
  if (token.value.isExplicit) return failed('wrong_type')
  const { payload } = token.value
  const fault = (await signatures.faultOf(token.value)) ?? claimFault(payload, checks, settings, nowMs)
  return fault === null ? ok(payload) : failed(fault)
}

function claimFault(
  payload: JsonObject,
  { nonce, wish, startedAt }: IdTokenChecks,
  settings: LoginIssuer,
  nowMs: number,
): RejectReason | null {
  if (ownValue(payload, 'iss') !== settings.issuer) return 'wrong_iss'
  if (!isForClient(payload, settings.login.clientId)) return 'wrong_aud'
  if (Object.hasOwn(payload, 'events')) return 'wrong_type'
  const time = timeFault(payload, settings.clockSkewMs, nowMs)
  if (time !== null) return time
  const subject = ownValue(payload, 'sub')
  if (subject === undefined) return 'claim_missing'
  if (!isId(subject)) return 'malformed'
  if (ownValue(payload, 'nonce') !== (nonce ?? undefined)) return 'wrong_nonce'
  return wishFault(payload, wish, startedAt - settings.clockSkewMs / 1000)
}

/** Other audiences may stand beside ours only where it says that it was made for us. */
export function isForClient(payload: JsonObject, clientId: string): boolean {
  const aud = ownValue(payload, 'aud')
  const azp = ownValue(payload, 'azp')
  const named: readonly JsonValue[] = Array.isArray(aud) ? aud : aud === undefined ? [] : [aud]
  if (!named.includes(clientId) || (azp !== undefined && azp !== clientId)) return false
  return named.every((one) => one === clientId) || azp === clientId
}

/** `exp` and `iat` are required; neither may be of another time. */
export function timeFault(payload: JsonObject, skewMs: number, nowMs: number): RejectReason | null {
  const exp = ownValue(payload, 'exp')
  const iat = ownValue(payload, 'iat')
  const nbf = ownValue(payload, 'nbf') ?? 0
  if (exp === undefined || iat === undefined) return 'claim_missing'
  if (!isDate(exp) || !isDate(iat) || !isDate(nbf)) return 'malformed'
  if (nowMs >= exp * 1000 + skewMs) return 'expired'
  return nowMs < Math.max(iat, nbf) * 1000 - skewMs ? 'not_yet_valid' : null
}

/** `acr_values` and `max_age` bind no issuer by themselves: whether it did what was asked shows here. */
function wishFault(payload: JsonObject, { acrValues, maxAge }: SignInWish, since: number): RejectReason | null {
  const acr = ownValue(payload, 'acr')
  if (acrValues.length > 0 && !(typeof acr === 'string' && acrValues.includes(acr))) return 'sign_in_too_weak'
  if (maxAge === null) return null
  const authTime = ownValue(payload, 'auth_time')
  return isDate(authTime) && authTime >= since - maxAge ? null : 'sign_in_too_weak'
}
