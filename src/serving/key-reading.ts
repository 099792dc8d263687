import { unreadable } from './sealing-ring.ts'

/** A store that other processes hold for longer is told of. */
const FAILED_READS = 3

export interface StoreReports {
  info(message: string): void
  error(message: string): void
}

/** What is read: the keys, as the beginning of a sentence, and what comes of it where they cannot be. */
export interface ReadKeys {
  readonly keys: string
  readonly consequence: string
}

/** Reads keys again and again, one reading at a time. It never throws or rejects; one sentence tells of an outage. */
export class KeyReading {
  readonly #refresh: () => void | Promise<void>
  readonly #what: ReadKeys
  readonly #diagnostics: StoreReports
  #failedReads = 0
  #reading: Promise<void> | null = null

  constructor(refresh: () => void | Promise<void>, what: ReadKeys, diagnostics: StoreReports) {
    this.#refresh = refresh
    this.#what = what
    this.#diagnostics = diagnostics
  }

  read(): void | Promise<void> {
    if (this.#reading !== null) return this.#reading
    try {
      const reading = this.#refresh()
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

  #readAgain(): void {
    if (this.#failedReads >= FAILED_READS) this.#diagnostics.info(`${this.#what.keys} can be read again`)
    this.#failedReads = 0
  }

  #unread(cause: unknown): void {
    if (++this.#failedReads !== FAILED_READS) return
    const { keys, consequence } = this.#what
    this.#diagnostics.error(`${keys} cannot be read: ${unreadable(cause)} (${consequence})`)
  }
}
