import { randomBytes, randomInt } from 'node:crypto'
import type { Clock } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { StoredSealingKey } from '../model/sealing.ts'
import { Secret } from '../model/secret.ts'
import { type KeyRing, openKeyRing } from '../shape/seal.ts'
import type { KeyStore } from '../stores/keys.ts'

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
  /** Reads the keys again. Throws when the store cannot be read. */
  refresh(): void
}

/** Opens the keys of the store, and makes the first one. The failure says what to do, for people. */
export function openSealingRing(
  sealing: Pick<KeyStore['sealing'], 'usable' | 'ensure'>,
  clock: Clock,
): Result<SealingRing, string> {
  let ring: KeyRing
  let readAt = clock()
  try {
    ring = openKeyRing(sealing.ensure(mintSealingKey(readAt, readAt)), readAt)
  } catch {
    return failed('the keys that seal ids cannot be read from the store: restore it from a backup')
  }
  return ok({
    current: () => {
      const age = clock() - readAt
      return age > MAX_AGE_MS ? null : ring
    },
    refresh: () => {
      const now = clock()
      ring = openKeyRing(sealing.usable(), now)
      readAt = now
    },
  })
}
