/** More than this many are not noted: when a key was last used is a convenience. */
const MAX_NOTED = 10_000
/** So many are written in one go, which takes a few milliseconds of the loop. */
const BATCH = 1000

type NotedUse = readonly [id: string, at: number]

/** When keys were last used, kept until it is written: a request must not wait for another process's write. */
export class LastUses {
  readonly #noted = new Map<string, number>()
  readonly #batch: number

  constructor(batch = BATCH) {
    this.#batch = batch
  }

  note(id: string, usedAt: number): void {
    if (this.#noted.size < MAX_NOTED || this.#noted.has(id)) this.#noted.set(id, usedAt)
  }

  /** Hands the oldest ones to `write`, and forgets them unless it throws, or rejects. */
  write(write: (batch: readonly NotedUse[]) => void | Promise<void>): void | Promise<void> {
    if (this.#noted.size === 0) return
    const batch = [...this.#noted].slice(0, this.#batch)
    const writing = write(batch)
    if (writing instanceof Promise) return writing.then(() => this.#forget(batch))
    this.#forget(batch)
  }

  /** One that was noted anew meanwhile stays. */
  #forget(batch: readonly NotedUse[]): void {
    for (const [id, at] of batch) if (this.#noted.get(id) === at) this.#noted.delete(id)
  }
}
