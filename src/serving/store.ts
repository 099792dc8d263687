import type { SealingKeysState } from '../admin/metrics.ts'
import type { Clock, Stopwatch } from '../model/ports.ts'
import { keepsSealingKeys } from '../model/sealing.ts'
import type { Settings } from '../model/settings.ts'
import type { KeyRing } from '../shape/seal.ts'
import { type KeyStore, openKeyStore } from '../stores/keys.ts'
import { openSealingRing, type SealingRing, unreadable } from './sealing-ring.ts'

/** A retired key opens nothing any more after this, and a new one is known well before it seals. */
const READ_EVERY_MS = 10_000
/** A store that other processes hold for longer is told of. */
const FAILED_READS = 3

export interface StoreReports {
  info(message: string): void
  error(message: string): void
}

/** The store, as far as serving has asked for it: API keys, and the keys that seal ids of stored objects and secrets. */
export class ServingStore {
  readonly #clock: Clock
  readonly #stopwatch: Stopwatch
  readonly #diagnostics: StoreReports
  #keys: KeyStore | null = null
  #ring: SealingRing | null = null
  #timer: NodeJS.Timeout | null = null
  #failedReads = 0

  constructor(clock: Clock, stopwatch: Stopwatch, diagnostics: StoreReports) {
    this.#clock = clock
    this.#stopwatch = stopwatch
    this.#diagnostics = diagnostics
  }

  /** Null while nothing has asked for the store. */
  get keys(): KeyStore | null {
    return this.#keys
  }

  /** Null where the keys that seal ids cannot be read: then no stored object is told from another. */
  keyRing(): KeyRing | null {
    return this.#ring?.current() ?? null
  }

  /** How the keys that seal ids stand; null where there is no store for them. */
  sealingKeys(): SealingKeysState | null {
    const ring = this.#ring
    return ring === null ? null : { usable: ring.current() !== null, ageSeconds: ring.ageMs() / 1000 }
  }

  /** Opens what the settings ask for and is not open yet. Answers why it cannot, for people; null when it is open. */
  open(settings: Pick<Settings, 'apiKeys' | 'upstreams' | 'store'>): string | null {
    if (!keepsSealingKeys(settings)) return null
    if (this.#keys === null) {
      const opened = openKeyStore(settings.store.file)
      if (!opened.ok) return opened.fault
      this.#keys = opened.value
    }
    if (this.#ring !== null) return null
    const ring = openSealingRing(this.#keys.sealing, this.#clock, this.#stopwatch)
    if (!ring.ok) return ring.fault
    this.#ring = ring.value
    // It keeps no process alive.
    this.#timer = setInterval(() => this.readKeys(), READ_EVERY_MS).unref()
    return null
  }

  /** Reads the sealing keys again. Never throws: after a while without them there are none. */
  readKeys(): void {
    if (this.#ring === null) return
    try {
      this.#ring.refresh()
      if (this.#failedReads >= FAILED_READS) this.#diagnostics.info('the keys that seal ids can be read again')
      this.#failedReads = 0
    } catch (cause) {
      // One sentence an outage.
      if (++this.#failedReads !== FAILED_READS) return
      this.#diagnostics.error(
        `the keys that seal ids cannot be read: ${unreadable(cause)} (stored objects are not opened after a minute)`,
      )
    }
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#ring = null
    this.#keys?.close()
  }
}
