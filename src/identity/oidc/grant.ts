import { isJsonObject, ownValue } from '../../model/json.ts'
import { Secret } from '../../model/secret.ts'
import type { Renewed, SignedIn } from '../../model/sign-in.ts'
import type { Tokens } from './client.ts'

/** What a sign-in is renewed with, and what must stay as it was. */
export interface Grant {
  readonly token: Secret
  readonly subject: string
  /** Epoch seconds of the sign-in itself; undefined where the issuer did not say. */
  readonly authTime: number | undefined
}

/** Null for what was never made here. */
export function readGrant(grant: Secret): Grant | null {
  try {
    const written: unknown = JSON.parse(grant.reveal())
    if (!isJsonObject(written)) return null
    const [token, subject, authTime] = ['token', 'subject', 'authTime'].map((name) => ownValue(written, name))
    if (typeof token !== 'string' || typeof subject !== 'string') return null
    return { token: new Secret(token), subject, authTime: typeof authTime === 'number' ? authTime : undefined }
  } catch {
    return null
  }
}

/** Who signed in, with what renews it: the new refresh token, or the one of before where it stays good. */
export function renewable(who: SignedIn, { refreshToken }: Tokens, before: Grant | null): Renewed {
  const token = refreshToken ?? before?.token ?? null
  const { subject, principal } = who
  const kept =
    token === null || subject === null ? null : { token: token.reveal(), subject, authTime: principal.authTime }
  return { outcome: 'signed-in', who, grant: kept === null ? null : new Secret(JSON.stringify(kept)) }
}

/**
 * A renewal is no sign-in: whatever it says, nobody signed in later than at first (OpenID Connect Core section 12.2), and
 * where that was not known it is not known now.
 */
export function asBefore(who: SignedIn, { authTime: before }: Grant): SignedIn {
  const { authTime } = who.principal
  const kept = authTime === undefined || before === undefined ? undefined : Math.min(authTime, before)
  return { ...who, principal: { ...who.principal, authTime: kept } }
}
