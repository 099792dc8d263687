import { randomBytes, randomInt } from 'node:crypto'
import type { Clock, Stopwatch } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { KeysUnusable, type StoredSealingKey } from '../model/sealing.ts'
import { Secret } from '../model/secret.ts'
import { type KeyRing, openKeyRing } from '../shape/seal.ts'
import type { KeyStore } from '../stores/keys.ts'
import { storeReason } from '../stores/sqlite.ts'

/** A new key seals after this time: by then every process of a fleet has read it. Milliseconds. */
export const SEALS_AFTER_MS = 60_000
/** Keys that could not be read again for so long are not used any more: one of them may be retired. Milliseconds. */
const MAX_AGE_MS = 60_000

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A new key. `sealsFrom`: epoch milliseconds, at once for the first one of a store. */
export function mintSealingKey(now: number, sealsFrom: number): StoredSealingKey {
  const kid = Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return { kid, secret: new Secret(randomBytes(32).toString('base64url')), createdAt: now, sealsFrom }
}

/** The sealing keys in force, read again at intervals. */
export interface SealingRing {
  /** Null where the keys could not be read for too long: then nothing is sealed and nothing opened. */
  current(): KeyRing | null
  /** Since they were last read. Milliseconds. */
  ageMs(): number
  /** Reads the keys again. Throws when the store cannot be read. */
  refresh(): void
}

/**
 * Opens the keys of the store, and makes the first one. `clock` says whose time has come to seal; how old the keys are is a
 * matter of `stopwatch`, for a clock that is set would close them, or keep them open. The failure says what to do, for people.
 */
export function openSealingRing(
  sealing: Pick<KeyStore['sealing'], 'usable' | 'ensure'>,
  clock: Clock,
  stopwatch: Stopwatch,
): Result<SealingRing, string> {
  let ring: KeyRing
  let readAt = stopwatch()
  try {
    const now = clock()
    ring = openKeyRing(sealing.ensure(mintSealingKey(now, now)), now)
  } catch (cause) {
    return failed(`the keys that seal ids cannot be read: ${unreadable(cause)}`)
  }
  const ageMs = () => stopwatch() - readAt
  return ok({
    current: () => (ageMs() > MAX_AGE_MS ? null : ring),
    ageMs,
    refresh: () => {
      const beganAt = stopwatch()
      ring = openKeyRing(sealing.usable(), clock())
      readAt = beganAt
    },
  })
}

/** Why keys cannot be read and what to do, for people. What an error says that is not ours is never told. */
export function unreadable(cause: unknown): string {
  return cause instanceof KeysUnusable ? cause.message : `the store ${storeReason(cause)}`
}
