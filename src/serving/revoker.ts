import type { Clock } from '../model/ports.ts'
import type { Revoker } from '../model/sign-in.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { Operator } from '../stores/outbox.ts'
import type { Revocation } from '../stores/revocations.ts'

const DAY_MS = 86_400_000
/** No token that anybody accepts here lives longer; there is one row a person. */
export const SUBJECT_REVOKED_MS = 400 * DAY_MS
/** A session of a provider's, and all that came from it, is over by then. There is one row a session. */
export const SESSION_REVOKED_MS = 90 * DAY_MS

type Revocable = Pick<Revocation, 'kind' | 'issuer' | 'value' | 'expiresAt'>

/** Writes revocations into the store. Rejects where there is none, and where it cannot be written. */
export function openRevoker(store: () => Pick<KeyStore, 'revocations'> | null, clock: Clock): Revoker {
  const add = async (revoked: Revocable, now: number, by: string) => {
    const open = store()
    if (open === null) throw new Error('no store is open')
    await open.revocations.add({ ...revoked, before: now, at: now }, asked(by))
  }
  return {
    subject: (issuer, value, by) => {
      const now = clock()
      return add({ kind: 'subject', issuer, value, expiresAt: now + SUBJECT_REVOKED_MS }, now, by)
    },
    session: (issuer, value, by) => {
      const now = clock()
      return add({ kind: 'session', issuer, value, expiresAt: now + SESSION_REVOKED_MS }, now, by)
    },
    token: (issuer, value, expiresAt, by) => add({ kind: 'jti', issuer, value, expiresAt }, clock(), by),
  }
}

const asked = (by: string): Operator => ({ user: by, host: null })
