import type { SealingKeysState } from '../admin/metrics.ts'
import type { TokenKeyRing } from '../identity/tokens/keys.ts'
import type { Clock, Stopwatch } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { keepsSealingKeys } from '../model/sealing.ts'
import type { Settings } from '../model/settings.ts'
import type { KeyRing } from '../shape/seal.ts'
import { isBusy } from '../stores/busy.ts'
import { type KeyStore, openKeyStore } from '../stores/keys.ts'
import { openPostgresStore, type PostgresStore } from '../stores/postgres-store.ts'
import { KeyReading, type ReadKeys, type StoreReports } from './key-reading.ts'
import { openSealingRing, type SealingRing, sealingRing, unreadable } from './sealing-ring.ts'
import { type TokenRing, tokenRing } from './token-ring.ts'

/** A retired key opens nothing any more after this, and a new one is known well before it seals. */
const READ_EVERY_MS = 10_000

/** Soon after another process was met at it. Milliseconds. */
const RETRY_MS = 100

const SEALING: ReadKeys = {
  keys: 'the keys that seal ids',
  consequence: 'stored objects are not opened after a minute',
}
const SIGNING: ReadKeys = {
  keys: 'the keys that sign tokens',
  consequence: 'nobody can sign in, and no token of the proxy is believed, after a minute',
}

/**
 * The store, as far as serving has asked for it: API keys, the keys that seal ids of stored objects and secrets, and those
 * that sign tokens.
 */
export class ServingStore {
  readonly #clock: Clock
  readonly #stopwatch: Stopwatch
  readonly #diagnostics: StoreReports
  #keys: KeyStore | null = null
  /** The same where it is on a server: then it may be there only later. */
  #remote: PostgresStore | null = null
  #ring: SealingRing | null = null
  #tokenRing: TokenRing | null = null
  readonly #readings: KeyReading[] = []
  #timer: NodeJS.Timeout | null = null

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

  /** Null where the store keeps none, or they cannot be read. */
  tokenKeys(): TokenKeyRing | null {
    return this.#tokenRing?.current() ?? null
  }

  /** How the keys that seal ids stand; null where there is no store for them. */
  sealingKeys(): SealingKeysState | null {
    const ring = this.#ring
    return ring === null ? null : { usable: ring.current() !== null, ageSeconds: ring.ageMs() / 1000 }
  }

  /**
   * Opens what the settings ask for and is not open yet. Answers why it cannot, for people; null when it is open. One on a
   * server is not waited for.
   */
  open(
    settings: Pick<Settings, 'apiKeys' | 'upstreams' | 'store'> & Partial<Pick<Settings, 'local' | 'tokens'>>,
  ): string | null {
    if (!keepsSealingKeys(settings)) return null
    if (this.#keys === null) {
      const opened = this.#openStore(settings.store)
      if (!opened.ok) return opened.fault
      this.#keys = opened.value
    }
    const failure = this.#ring === null ? this.#openSealing(this.#keys) : null
    if (failure !== null) return failure
    return settings.tokens?.keys.kind === 'store' && this.#tokenRing === null ? this.#openSigning(this.#keys) : null
  }

  /**
   * The same at the start: waits for a store on a server, too. A server that cannot be reached keeps nothing
   * from starting: what needs the store is refused until it can be. Closes it where somebody has to mend something first.
   */
  async start(settings: Parameters<ServingStore['open']>[0]): Promise<string | null> {
    const why = this.open(settings)
    if (why !== null || this.#remote === null) return why
    const failure = await this.#remote.begin()
    if (failure === null) await this.readKeys()
    else if (failure.isPassing) {
      this.#diagnostics.error(`${failure.message}: what needs it is refused until it can be used`)
    } else {
      await this.close()
      return failure.message
    }
    return null
  }

  /** Reads the keys again. Never throws or rejects: after a while without them there are none. */
  readKeys(): void | Promise<void> {
    const reading = this.#readings.map((one) => one.read()).filter((read) => read instanceof Promise)
    if (reading.length > 0) return Promise.all(reading).then(() => undefined)
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#ring = null
    this.#tokenRing = null
    this.#readings.length = 0
    await this.#keys?.close()
  }

  #openStore(store: Settings['store']): Result<KeyStore, string> {
    if (store.kind !== 'postgres') return openKeyStore(store.file)
    if (store.server === null) return failed('the URL of the store is not known')
    const opened = openPostgresStore(store.server)
    if (opened.ok) this.#remote = opened.value
    return opened
  }

  #openSealing({ sealing }: KeyStore): string | null {
    // INVARIANT: a store that is not on a server is a file, which answers at once.
    const ring: Result<SealingRing, string> =
      this.#remote === null
        ? openSealingRing(sealing as KeyStore<'sync'>['sealing'], this.#clock, this.#stopwatch)
        : ok(sealingRing(this.#remote.sealing, this.#clock, this.#stopwatch))
    if (!ring.ok) return ring.fault
    this.#ring = ring.value
    // It keeps no process alive.
    this.#timer = setInterval(() => void this.readKeys(), READ_EVERY_MS).unref()
    this.#readAtIntervals(ring.value, SEALING)
    return null
  }

  #openSigning({ tokenKeys }: KeyStore): string | null {
    const ring = tokenRing(tokenKeys, this.#clock, this.#stopwatch)
    if (this.#remote === null) {
      try {
        void ring.refresh()
      } catch (cause) {
        // Another process that starts at the same time makes the first key just now.
        if (isBusy(cause)) setTimeout(() => void this.readKeys(), RETRY_MS).unref()
        else return `${SIGNING.keys} cannot be read: ${unreadable(cause)}`
      }
    }
    this.#tokenRing = ring
    this.#readAtIntervals(ring, SIGNING)
    return null
  }

  #readAtIntervals(ring: SealingRing | TokenRing, what: ReadKeys): void {
    const reading = new KeyReading(() => ring.refresh(), what, this.#diagnostics)
    this.#readings.push(reading)
    if (this.#remote !== null) void reading.read()
  }
}
