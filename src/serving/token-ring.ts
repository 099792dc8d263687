import { mintTokenKey, ringOfKept, type TokenKeyRing } from '../identity/tokens/keys.ts'
import type { Clock, Stopwatch } from '../model/ports.ts'
import { KeysUnusable } from '../model/sealing.ts'
import type { KeyStore } from '../stores/keys.ts'
import type { StoredTokenKey } from '../stores/token-keys.ts'
import type { Mode } from '../stores/work.ts'

/** A new key signs after this time: by then every process of a fleet has read it. Milliseconds. */
export const SIGNS_AFTER_MS = 60_000
/** Keys that could not be read again for so long are not used any more: one of them may be retired. Milliseconds. */
const MAX_AGE_MS = 60_000

const DAMAGED = 'one of them is damaged: restore the store from a backup'
const NONE = 'the store has none: restore it from a backup'

/** A new key. `signsFrom`: epoch milliseconds, at once for the first one of a store. */
export function newTokenKey(now: number, signsFrom: number): StoredTokenKey {
  return { ...mintTokenKey(), createdAt: now, signsFrom }
}

/** The keys of the store that sign tokens, read again at intervals. */
export interface TokenRing {
  /** Null where the keys could not be read for too long: then nobody gets a token, and none is valid. */
  current(): TokenKeyRing | null
  /** Reads the keys again, and makes the first one of a store. Throws, or rejects, when the store cannot be read. */
  refresh(): void | Promise<void>
}

/** A ring that has no keys until it is refreshed. `clock` says whose time has come to sign, `stopwatch` how old they are. */
export function tokenRing(
  tokenKeys: Pick<KeyStore<Mode>['tokenKeys'], 'usable' | 'ensure'>,
  clock: Clock,
  stopwatch: Stopwatch,
): TokenRing {
  let ring: TokenKeyRing | null = null
  let readAt = stopwatch()
  return {
    current: () => (stopwatch() - readAt > MAX_AGE_MS ? null : ring),
    refresh: () => {
      const beganAt = stopwatch()
      const now = clock()
      const take = (keys: readonly StoredTokenKey[]) => {
        ring = opened(keys, clock(), ring)
        readAt = beganAt
      }
      const read = ring === null ? tokenKeys.ensure(newTokenKey(now, now)) : tokenKeys.usable()
      return read instanceof Promise ? read.then(take) : take(read)
    },
  }
}

function opened(keys: readonly StoredTokenKey[], now: number, before: TokenKeyRing | null): TokenKeyRing {
  let ring: TokenKeyRing | null
  try {
    ring = ringOfKept(keys, now, before?.byKid)
  } catch {
    throw new KeysUnusable(DAMAGED)
  }
  if (ring === null) throw new KeysUnusable(NONE)
  return ring
}
