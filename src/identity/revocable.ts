import type { Principal } from '../model/identity.ts'
import { ownValue } from '../model/json.ts'
import type { RevocableToken } from '../model/sign-in.ts'

/** What is asked for by: the same object for the same principal, which a verified token has for as long as it is remembered. */
const known = new WeakMap<Principal, RevocableToken>()

/** Says by what a token is asked for, where the claims of its principal do not say it. */
export function noteRevocable(principal: Principal, token: RevocableToken): void {
  known.set(principal, token)
}

/** By what the token of a principal is asked for. */
export function revocableOf(principal: Principal): RevocableToken {
  const noted = known.get(principal)
  if (noted !== undefined) return noted
  const { issuer, id, tokenId, claims } = principal
  const [sub, sid, iat] = ['sub', 'sid', 'iat'].map((name) => ownValue(claims, name))
  const token = {
    issuer,
    subject: id,
    sub: typeof sub === 'string' ? sub : null,
    tokenId,
    session: typeof sid === 'string' ? sid : null,
    issuedAt: typeof iat === 'number' ? iat : null,
  }
  known.set(principal, token)
  return token
}
