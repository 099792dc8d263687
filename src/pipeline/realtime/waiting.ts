import type { Fault } from '../../model/fault.ts'
import type { HeldAllowance } from '../../model/ports.ts'

/** How long a message waits for the upstream's answer to a change. Milliseconds. */
const HELD_MS = 5000

export interface Held {
  readonly message: Buffer
  readonly isBinary: boolean
}

/** What became of a message: it is dealt with, it waits for an answer of the upstream, or the session is over. */
export type Passed = 'done' | 'waits' | 'over'

/** Messages of one client on their way through the judge, in order; where one must wait, those behind it wait, too. */
export class Waiting {
  readonly #pass: (held: Held, mayWait: boolean) => Passed
  readonly #allowance: HeldAllowance
  readonly #held: Held[] = []
  /** Since when the first of them waits for an answer: each has the whole time once it is its turn. */
  #since = 0

  constructor(pass: (held: Held, mayWait: boolean) => Passed, allowance: HeldAllowance) {
    this.#pass = pass
    this.#allowance = allowance
  }

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  /** A fault where it would have to wait, and may not be kept so long. */
  take(held: Held): Fault | null {
    if (this.#held.length === 0) {
      if (this.#pass(held, true) !== 'waits') return null
      this.#since = performance.now()
    }
    const excess = this.#allowance.take(held.message.length)
    if (excess === null) this.#held.push(held)
    return excess
  }

  /** Judges again what waits; `mayWait`: false where the first of them has waited long enough. */
  again(mayWait: boolean): void {
    let first = this.#held[0]
    for (let isFirst = true; first !== undefined; isFirst = false) {
      const passed = this.#pass(first, mayWait || !isFirst)
      if (passed === 'waits' && !isFirst) this.#since = performance.now()
      if (passed !== 'done') return
      this.#held.shift()
      first = this.#held[0]
    }
    this.#allowance.release()
  }

  /** What has waited long enough is judged as things are. */
  tick(now: number): void {
    if (this.#held.length > 0 && now - this.#since >= HELD_MS) this.again(false)
  }

  clear(): void {
    this.#held.length = 0
    this.#allowance.release()
  }
}
