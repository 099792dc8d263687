import { randomBytes, randomInt } from 'node:crypto'
import type { Clock, Stopwatch } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { KeysUnusable, type StoredSealingKey } from '../model/sealing.ts'
import { Secret } from '../model/secret.ts'
import { type KeyRing, openKeyRing } from '../shape/seal.ts'
import type { KeyStore } from '../stores/keys.ts'
import { storeReason } from '../stores/store-reason.ts'
import type { Mode } from '../stores/work.ts'

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
  /** Reads the keys again, and makes the first one of a store. Throws, or rejects, when the store cannot be read. */
  refresh(): void | Promise<void>
}

type SealingKeys<M extends Mode> = Pick<KeyStore<M>['sealing'], 'usable' | 'ensure'>

/**
 * Opens the keys of the store, and makes the first one. The failure says what to do, for people. For a store that answers
 * at once.
 */
export function openSealingRing(
  sealing: SealingKeys<'sync'>,
  clock: Clock,
  stopwatch: Stopwatch,
): Result<SealingRing, string> {
  const ring = sealingRing(sealing, clock, stopwatch)
  try {
    void ring.refresh()
    return ok(ring)
  } catch (cause) {
    return failed(`the keys that seal ids cannot be read: ${unreadable(cause)}`)
  }
}

/**
 * A ring that has no keys until it is refreshed. `clock` says whose time has come to seal; how old the keys are is a matter
 * of `stopwatch`, for a clock that is set would close them, or keep them open.
 */
export function sealingRing(sealing: SealingKeys<Mode>, clock: Clock, stopwatch: Stopwatch): SealingRing {
  let ring: KeyRing | null = null
  let readAt = stopwatch()
  const ageMs = () => stopwatch() - readAt
  return {
    current: () => (ageMs() > MAX_AGE_MS ? null : ring),
    ageMs,
    refresh: () => {
      const beganAt = stopwatch()
      const now = clock()
      const take = (keys: readonly StoredSealingKey[]) => {
        ring = openKeyRing(keys, clock())
        readAt = beganAt
      }
      const read = ring === null ? sealing.ensure(mintSealingKey(now, now)) : sealing.usable()
      return read instanceof Promise ? read.then(take) : take(read)
    },
  }
}

/** Why keys cannot be read and what to do, for people. What an error says that is not ours is never told. */
export function unreadable(cause: unknown): string {
  return cause instanceof KeysUnusable ? cause.message : `the store ${storeReason(cause)}`
}
