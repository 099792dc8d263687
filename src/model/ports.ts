/** Interfaces that the edges implement for each other; the composition root joins them. */

/** One API key as stored. `hash` (argon2id) and `tag` (a truncated digest) are not credentials. */
export interface StoredKey {
  readonly id: string
  readonly owner: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly workspace: string | null
  readonly hash: string
  readonly tag: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly rotatedFrom: string | null
  readonly lastUsedAt: number | null
}

/** The read side of the key store, as the identity method needs it. Faults: throws when the store cannot be read. */
export interface KeyReader {
  find(id: string): StoredKey | undefined
  /** Best effort and rate limited by the caller. */
  touch(id: string, usedAt: number): void
}

/** Epoch milliseconds; an argument everywhere, so that tests own the time. */
export type Clock = () => number
