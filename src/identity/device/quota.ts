import { Recent } from '../recent.ts'

/** Networks that are remembered. */
const CAPACITY = 16_384

interface Count {
  readonly from: number
  count: number
}

/** So many in so much time for each network, in this process. Memory is bounded; who asked longest ago is forgotten first. */
export class Quota {
  readonly #most: number
  readonly #windowMs: number
  readonly #counts = new Recent<Count>(CAPACITY)

  constructor(most: number, windowMs: number) {
    this.#most = most
    this.#windowMs = windowMs
  }

  /** 0 where it may go on, and counts it; else for how long not. Seconds. */
  waitSeconds(network: string, now: number): number {
    const known = this.#counts.get(network)
    // One that was counted from the future was so before the clock was set back.
    const isOver = known === undefined || now < known.from || now - known.from >= this.#windowMs
    const count = isOver ? { from: now, count: 0 } : known
    if (isOver) this.#counts.set(network, count)
    if (count.count >= this.#most) return Math.max(1, Math.ceil((count.from + this.#windowMs - now) / 1000))
    count.count++
    return 0
  }
}
