import { hash } from 'node:crypto'
import type { Clock } from '../../model/ports.ts'

const MOST = 100_000
/** Of one key, and of one person, who may have as many keys as they like: who has good tokens does not fill the memory of all. */
const MOST_OF_ONE = { key: 10_000, person: 30_000 } as const

interface Shares {
  readonly key: number
  readonly person: number
}

interface Used {
  readonly key: string
  readonly person: string
  readonly untilMs: number
}

/** The proofs that were used, for as long as they could be used again. Full, it takes no new ones: none is forgotten early. */
export class ProofMemory {
  readonly #clock: Clock
  readonly #lifeMs: number
  readonly #most: number
  readonly #mostOfOne: Shares
  /** In the order in which they end. */
  readonly #used = new Map<string, Used>()
  readonly #ofKey = new Map<string, number>()
  readonly #ofPerson = new Map<string, number>()

  constructor(clock: Clock, lifeMs: number, most = MOST, mostOfOne: Shares = MOST_OF_ONE) {
    this.#clock = clock
    this.#lifeMs = lifeMs
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /** `person`: whose token the proof came with. */
  take(key: string, jti: string, person: string): 'new' | 'used' | 'full' {
    const now = this.#clock()
    for (const [name, used] of this.#used) {
      if (now < used.untilMs) break
      this.#used.delete(name)
      countDown(this.#ofKey, used.key)
      countDown(this.#ofPerson, used.person)
    }
    const name = hash('sha256', `${key} ${jti}`, 'latin1')
    if (this.#used.has(name)) return 'used'
    const [ofKey, ofPerson] = [this.#ofKey.get(key) ?? 0, this.#ofPerson.get(person) ?? 0]
    if (ofKey >= this.#mostOfOne.key || ofPerson >= this.#mostOfOne.person) return 'full'
    if (this.#used.size >= this.#most) return 'full'
    // Twice: a proof from the future lives longer than one of now.
    this.#used.set(name, { key, person, untilMs: now + 2 * this.#lifeMs })
    this.#ofKey.set(key, ofKey + 1)
    this.#ofPerson.set(person, ofPerson + 1)
    return 'new'
  }
}

function countDown(counts: Map<string, number>, name: string): void {
  const count = (counts.get(name) ?? 1) - 1
  if (count === 0) counts.delete(name)
  else counts.set(name, count)
}
