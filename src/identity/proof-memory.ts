import { hash } from 'node:crypto'
import type { Clock } from '../model/ports.ts'

const MOST = 100_000
/** Of one key: who has a good token does not fill the memory of all. */
const MOST_OF_ONE = 10_000

interface Used {
  readonly key: string
  readonly untilMs: number
}

/** The proofs that were used, for as long as they could be used again. Full, it takes no new ones: none is forgotten early. */
export class ProofMemory {
  readonly #clock: Clock
  readonly #lifeMs: number
  readonly #most: number
  readonly #mostOfOne: number
  /** In the order in which they end. */
  readonly #used = new Map<string, Used>()
  readonly #ofKey = new Map<string, number>()

  constructor(clock: Clock, lifeMs: number, most = MOST, mostOfOne = MOST_OF_ONE) {
    this.#clock = clock
    this.#lifeMs = lifeMs
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  take(key: string, jti: string): 'new' | 'used' | 'full' {
    const now = this.#clock()
    for (const [name, used] of this.#used) {
      if (now < used.untilMs) break
      this.#forget(name, used.key)
    }
    const name = hash('sha256', `${key} ${jti}`, 'latin1')
    if (this.#used.has(name)) return 'used'
    const count = this.#ofKey.get(key) ?? 0
    if (this.#used.size >= this.#most || count >= this.#mostOfOne) return 'full'
    // Twice: a proof from the future lives longer than one of now.
    this.#used.set(name, { key, untilMs: now + 2 * this.#lifeMs })
    this.#ofKey.set(key, count + 1)
    return 'new'
  }

  #forget(name: string, key: string): void {
    this.#used.delete(name)
    const count = (this.#ofKey.get(key) ?? 1) - 1
    if (count === 0) this.#ofKey.delete(key)
    else this.#ofKey.set(key, count)
  }
}
