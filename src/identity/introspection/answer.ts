import type { IssuerSettings } from '../../model/identity-settings.ts'
import type { JsonObject, JsonValue } from '../../model/json.ts'
import { isJsonObject, ownValue } from '../../model/json.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import {
  type Accepted,
  audienceFault,
  isForAnotherUse,
  isId,
  principalOf,
  type Validity,
  validityOf,
  valueAt,
} from '../claims.ts'

/**
 * Checks what an issuer answered about an opaque token, and maps it to the caller as the claims of a JWT are. `active` has
 * to be exactly true and `aud` has to name us; `iss`, `exp`, `nbf`, `iat` and `token_type` may be absent and must be right
 * where they are there. An answer that names nobody is refused.
 *
 * Does not check: scopes. Faults: the reason of the first member that is wrong. Source: RFC 7662 section 2.2.
 */
export function acceptAnswer(
  text: string,
  payload: JsonObject,
  settings: IssuerSettings,
  nowMs: number,
): Result<Accepted, RejectReason> {
  if (ownValue(payload, 'active') !== true) return failed('inactive')
  const issuer = ownValue(payload, 'iss')
  if (issuer !== undefined && issuer !== settings.issuer) return failed('wrong_iss')
  const audience = audienceFault(ownValue(payload, 'aud'), settings.audience)
  if (audience !== null) return failed(audience)
  if (!isOfAccessToken(payload)) return failed('wrong_type')
  const validity = ageOf(payload, settings.clockSkewMs)
  if (!validity.ok) return validity
  if (nowMs >= validity.value.untilMs) return failed('expired')
  if (nowMs < validity.value.fromMs) return failed('not_yet_valid')
  const subject = ownValue(payload, 'sub')
  const id = valueAt(payload, settings.claims.id)
  if (id === undefined) return failed('claim_missing')
  if (!isId(id) || (subject !== undefined && !isId(subject))) return failed('malformed')
  return ok({ principal: principalOf({ payload, text }, id, settings), validity: validity.value })
}

/**
 * An answer may be about a refresh token, too: some say so in `token_type`, some in `token_use` (Ory), some in `typ`
 * (Keycloak), and the others give it no audience.
 */
function isOfAccessToken(payload: JsonObject): boolean {
  const type = ownValue(payload, 'token_type')
  if (type !== undefined && !isWord(type, 'bearer') && !isBoundDpop(type, payload)) return false
  const { token_use: use, ...rest } = payload
  const isNamed = use === 'access_token' && Object.hasOwn(payload, 'token_use')
  return !isForAnotherUse({ payload: isNamed ? rest : payload, isExplicit: type !== undefined || isNamed })
}

/** One that is said to be bound, and not to which key, must not be taken for one that is anybody's (RFC 9449 section 6.2). */
function isBoundDpop(type: JsonValue, payload: JsonObject): boolean {
  const binding = ownValue(payload, 'cnf')
  return isWord(type, 'dpop') && isJsonObject(binding) && Object.hasOwn(binding, 'jkt')
}

function isWord(value: JsonValue, word: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === word
}

function ageOf(payload: JsonObject, skewMs: number): Result<Validity, RejectReason> {
  if (Object.hasOwn(payload, 'exp')) return validityOf(payload, skewMs)
  const begun = validityOf(payload, skewMs, 0)
  return begun.ok ? ok({ ...begun.value, untilMs: Number.POSITIVE_INFINITY }) : begun
}
