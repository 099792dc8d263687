import { LOCAL } from '../identity/basic.ts'
import { asked } from '../identity/patience.ts'
import { failed, ok } from '../model/result.ts'
import type { SignedIn, SignInStanding } from '../model/sign-in.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { AskedToken } from '../stores/revocations.ts'

type Store = Pick<KeyStore, 'users' | 'revocations'>

/**
 * Looks at the store itself: what is remembered of it for ten seconds would be enough for a token of hours. A token carries
 * the time at which it is made, so that a revocation from before never speaks of it: who was put out between the password
 * and the token would have one that nothing ends.
 */
export function signInStanding(store: () => Store | null, clock: () => number): SignInStanding {
  return async (who) => {
    const open = store()
    const isLocal = who.principal.issuer === LOCAL
    if (open === null) return isLocal ? failed('unavailable') : ok(null)
    try {
      const user = isLocal ? await asked(() => open.users.find(who.principal.id)) : null
      if (user === undefined) return failed('unknown_user')
      if (user !== null && user.disabledAt !== null) return failed('account_disabled')
      const isRevoked = await asked(() => open.revocations.isRevoked(askedOf(who), clock()))
      return isRevoked ? failed('revoked') : ok(null)
    } catch {
      return failed('unavailable')
    }
  }
}

/**
 * Of passwords it is known when they were shown. When a provider vouched for somebody is not: `auth_time` is when they signed
 * in there, long before, perhaps, and somebody who was put out there would not be sent here again.
 */
function askedOf({ principal, subject, session }: SignedIn): AskedToken {
  const { id, issuer, method, authTime } = principal
  const isPassword = method === 'local' || method === 'ldap'
  const issuedAt = isPassword && authTime !== undefined ? authTime * 1000 : Number.MAX_SAFE_INTEGER
  return { issuer, jti: null, subject: id, sub: subject, session, key: null, issuedAt }
}
