import { type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { SignedIn } from '../../model/sign-in.ts'
import { isId, principalOf, valueAt } from '../claims.ts'
import type { Trouble } from './faults.ts'
import type { LoginIssuer } from './ports.ts'

/** Claims about the sign-in and the token: only the ID token itself says these, and they are no claims of the person. */
const OF_PROTOCOL = new Set([
  ...['iss', 'aud', 'azp', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'typ', 'cnf', 'events', 'sid'],
  ...['at_hash', 'c_hash', 's_hash', 'auth_time', 'acr', 'amr'],
])

/** Who signed in, by the claims of a verified ID token and those of the userinfo endpoint; the ID token's come first. */
export function signedIn(idToken: JsonObject, more: JsonObject, settings: LoginIssuer): Result<SignedIn, Trouble> {
  const payload: JsonObject = { ...withoutProtocol(more), ...idToken }
  const id = valueAt(payload, settings.claims.id)
  if (id === undefined) return failed('claim_missing')
  if (!isId(id)) return failed('malformed')
  const { key: _, tokenId: __, expiresAt: ___, ...caller } = principalOf({ payload, text: '' }, id, settings)
  const sid = ownValue(idToken, 'sid')
  return ok({
    principal: { ...caller, claims: withoutProtocol(payload) },
    amr: textsOf(ownValue(idToken, 'amr')),
    subject: String(ownValue(idToken, 'sub')),
    session: isId(sid) ? sid : null,
    // An ID token's own end says how long it may be shown, and nothing about the session.
    notAfter: null,
  })
}

function withoutProtocol(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !OF_PROTOCOL.has(name)))
}

function textsOf(amr: JsonValue | undefined): readonly string[] | undefined {
  if (typeof amr === 'string') return [amr]
  return Array.isArray(amr) && amr.every((method) => typeof method === 'string') ? amr : undefined
}
