import type { Principal, Verification } from '../model/identity.ts'
import { ownValue } from '../model/json.ts'
import type { RevocableToken, RevocationReader } from '../model/sign-in.ts'

/** What is asked for by: the same object for the same principal, which a verified token has for as long as it is remembered. */
const known = new WeakMap<Principal, RevocableToken>()

/** Says by what a token is asked for, where the claims of its principal do not say it. */
export function noteRevocable(principal: Principal, token: RevocableToken): void {
  known.set(principal, token)
}

/** By what the token of a principal is asked for. */
function revocableOf(principal: Principal): RevocableToken {
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

/**
 * What was verified, unless it was revoked since. At once where the reader knows at once. A key of the proxy's own is looked
 * up in the store as it is: whatever was revoked of its owner's tokens, it goes on.
 */
export function unlessRevoked(
  verification: Verification | Promise<Verification>,
  revocations: RevocationReader,
): Verification | Promise<Verification> {
  if (verification instanceof Promise) return verification.then((settled) => unlessRevoked(settled, revocations))
  if (verification.outcome !== 'verified' || verification.principal.key !== null) return verification
  const { principal } = verification
  try {
    const isRevoked = revocations.isRevoked(revocableOf(principal))
    if (isRevoked === false) return verification
    if (isRevoked === true) return revoked(principal)
    return isRevoked.then(
      (answer) => (answer ? revoked(principal) : verification),
      () => untold(principal),
    )
  } catch {
    return untold(principal)
  }
}

function revoked({ method, issuer }: Principal): Verification {
  return { outcome: 'rejected', reason: 'revoked', method, issuer }
}

function untold({ method, issuer }: Principal): Verification {
  return { outcome: 'unavailable', reason: 'store_unavailable', method, issuer, retryAfterSeconds: 5 }
}
