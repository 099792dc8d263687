/** What is kept of accounts, as those who check passwords and codes need it; `src/stores` keeps it. */

import { folded } from './ldap-name.ts'
import type { Secret } from './secret.ts'

/** Whose account it is, `local` or the name of a provider, and the account there: the principal's id. */
export interface AccountName {
  readonly source: string
  readonly account: string
}

/**
 * The account by which a second factor is kept. Directories compare names without regard to case and spaces, and answer them
 * as somebody wrote them last: a factor that was given to `Alice` must be asked of `alice`, or a password would be enough.
 * Names of local users have one spelling.
 */
export function factorAccount<Of extends AccountName>(of: Of): Of {
  return of.source === 'local' ? of : { ...of, account: folded(of.account) }
}

/** A local user as stored. `hash` (argon2id) is no credential. Times are epoch milliseconds. */
export interface StoredUser {
  readonly name: string
  readonly display: string | null
  readonly email: string | null
  readonly groups: readonly string[]
  readonly roles: readonly string[]
  readonly workspace: string | null
  /** Null for who has no password yet. */
  readonly hash: string | null
  readonly disabledAt: number | null
  readonly changedAt: number
  readonly createdAt: number
}

/** A second factor as stored. `secret` may be sealed by who keeps it here. */
export interface StoredFactor extends AccountName {
  readonly secret: Secret
  /** The time step of the code that was used last; null before the first. */
  readonly lastStep: number | null
  /** Of codes that were not used yet. */
  readonly recoveryHashes: readonly string[]
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** How many failures lock an account, counted over which time, and for how long. Milliseconds. */
export interface LockRule {
  readonly most: number
  readonly windowMs: number
  readonly lockMs: number
}

export interface FailureCount {
  /** In the present window; 0 once they have locked the account. */
  readonly failures: number
  /** Epoch milliseconds; null where it is not locked. */
  readonly lockedUntil: number | null
  /** It is this failure that has locked it. */
  readonly hasLocked: boolean
}

/** At once, where the store is a file. */
type Answered<T> = T | Promise<T>

/** The part of the store that sign-ins ask. Faults: everything throws, or rejects, where it cannot be read or written. */
export interface AccountStore {
  readonly users: { find(name: string): Answered<StoredUser | undefined> }
  readonly accountFailures: {
    failed(of: AccountName, now: number, rule: LockRule): Answered<FailureCount>
    forgive(of: AccountName): Answered<void>
  }
  readonly secondFactors: {
    find(of: AccountName): Answered<StoredFactor | undefined>
    advance(of: AccountName, step: number): Answered<boolean>
    useRecovery(of: AccountName, hash: string, now: number): Promise<boolean>
  }
}

/** The account by which wrong codes are counted: apart from wrong passwords, so that neither hides the other. */
export function codesOf(of: AccountName): AccountName {
  const { source, account } = factorAccount(of)
  return { source: `second-factor:${source}`, account }
}
