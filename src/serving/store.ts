import type { SealingKeysState } from '../admin/metrics.ts'
import type { Clock, Stopwatch } from '../model/ports.ts'
import { failed, type Result } from '../model/result.ts'
import type { ScimStandingReader } from '../model/scim.ts'
import { keepsSealingKeys } from '../model/sealing.ts'
import type { Settings } from '../model/settings.ts'
import type { KeyRing } from '../shape/seal.ts'
import { type KeyStore, openKeyStore } from '../stores/keys.ts'
import { openPostgresStore, type PostgresStore } from '../stores/postgres-store.ts'
import { openSealingRing, type SealingRing, sealingRing, unreadable } from './sealing-ring.ts'

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
  /** The same where it is on a server: then it may be there only later. */
  #remote: PostgresStore | null = null
  #ring: SealingRing | null = null
  #timer: NodeJS.Timeout | null = null
  #failedReads = 0
  #reading: Promise<void> | null = null

  constructor(clock: Clock, stopwatch: Stopwatch, diagnostics: StoreReports) {
    this.#clock = clock
    this.#stopwatch = stopwatch
    this.#diagnostics = diagnostics
  }

  /** What an identity provider says of somebody. */
  readonly standing: ScimStandingReader = (match, id) => {
    if (this.#keys === null) throw new Error('no store is open')
    return this.#keys.scimUsers.standing(match, id)
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

  /**
   * Opens what the settings ask for and is not open yet. Answers why it cannot, for people; null when it is open. One on a
   * server is not waited for.
   */
  open(settings: Pick<Settings, 'apiKeys' | 'upstreams' | 'store'> & Partial<Pick<Settings, 'scim'>>): string | null {
    if (!keepsSealingKeys(settings)) return null
    if (this.#keys === null) {
      const opened = this.#openStore(settings.store)
      if (!opened.ok) return opened.fault
      this.#keys = opened.value
    }
    if (this.#ring !== null) return null
    const ring = this.#openRing(this.#keys)
    if (!ring.ok) return ring.fault
    this.#ring = ring.value
    // It keeps no process alive.
    this.#timer = setInterval(() => void this.readKeys(), READ_EVERY_MS).unref()
    if (this.#remote !== null) void this.readKeys()
    return null
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

  /** Reads the sealing keys again. Never throws or rejects: after a while without them there are none. */
  readKeys(): void | Promise<void> {
    if (this.#ring === null || this.#reading !== null) return this.#reading ?? undefined
    try {
      const reading = this.#ring.refresh()
      if (!(reading instanceof Promise)) return this.#readAgain()
      this.#reading = reading
        .then(
          () => this.#readAgain(),
          (cause) => this.#unread(cause),
        )
        .finally(() => {
          this.#reading = null
        })
      return this.#reading
    } catch (cause) {
      this.#unread(cause)
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#ring = null
    await this.#keys?.close()
  }

  #openStore(store: Settings['store']): Result<KeyStore, string> {
    if (store.kind !== 'postgres') return openKeyStore(store.file)
    if (store.server === null) return failed('the URL of the store is not known')
    const opened = openPostgresStore(store.server)
    if (opened.ok) this.#remote = opened.value
    return opened
  }

  #openRing({ sealing }: KeyStore): Result<SealingRing, string> {
    if (this.#remote !== null) {
      return { ok: true, value: sealingRing(this.#remote.sealing, this.#clock, this.#stopwatch) }
    }
    // INVARIANT: a store that is not on a server is a file, which answers at once.
    return openSealingRing(sealing as KeyStore<'sync'>['sealing'], this.#clock, this.#stopwatch)
  }

  #readAgain(): void {
    if (this.#failedReads >= FAILED_READS) this.#diagnostics.info('the keys that seal ids can be read again')
    this.#failedReads = 0
  }

  #unread(cause: unknown): void {
    // One sentence an outage.
    if (++this.#failedReads !== FAILED_READS) return
    this.#diagnostics.error(
      `the keys that seal ids cannot be read: ${unreadable(cause)} (stored objects are not opened after a minute)`,
    )
  }
}
