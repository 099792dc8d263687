/** Runs at most `atOnce` pieces of work at a time, in the order of their arrival, and lets at most `waiting` wait. */
export class Limiter {
  readonly #atOnce: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce
    this.#maxWaiting = maxWaiting
  }

  /** Null when too many wait already: the work is not started and never will be. */
  run<Value>(work: () => Promise<Value>): Promise<Value> | null {
    if (this.#running < this.#atOnce) return this.#start(work)
    if (this.#waiting.length >= this.#maxWaiting) return null
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.#start(work).then(resolve, reject))
    })
  }

  async #start<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }
}
