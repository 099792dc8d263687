/** Whoever may be told that the time is up. */
export interface Timed {
  /** `now`: milliseconds of `performance.now`. */
  tick(now: number): void
}

const COARSE_MS = 500
const FINEST_MS = 20

/**
 * Time limits without a timer for each request: one interval looks at everything that is watched. A limit is never
 * called too early, and late by a quarter of itself at most, or by half a second where that is less.
 */
export class Deadlines {
  readonly #watched = new Set<Timed>()
  #everyMs = COARSE_MS
  #interval: NodeJS.Timeout | null = null

  watch(timed: Timed): void {
    this.#watched.add(timed)
    if (this.#interval === null) this.#start()
  }

  forget(timed: Timed): void {
    this.#watched.delete(timed)
    if (this.#watched.size === 0) this.#stop()
  }

  /** The moment at which a limit that begins now is over. */
  after(limitMs: number): number {
    if (limitMs < this.#everyMs * 4 && this.#everyMs > FINEST_MS) {
      this.#everyMs = Math.max(FINEST_MS, limitMs / 4)
      this.#stop()
      if (this.#watched.size > 0) this.#start()
    }
    return performance.now() + limitMs
  }

  #start(): void {
    this.#interval = setInterval(() => {
      const now = performance.now()
      for (const timed of this.#watched) timed.tick(now)
    }, this.#everyMs).unref()
  }

  #stop(): void {
    if (this.#interval) clearInterval(this.#interval)
    this.#interval = null
  }
}
