import type { Snapshot } from './pipeline/snapshot.ts'

/**
 * The snapshot in force, and who still works by an older one: what a replaced snapshot alone used is closed when its
 * last request is over.
 */
export class Current {
  #snapshot: Snapshot
  readonly #idle = new Set<() => void>()
  readonly #users = new Map<Snapshot, { count: number; retire: (() => void) | null }>()

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Runs one request by the snapshot that is in force now, to its end. */
  async use(work: (snapshot: Snapshot) => Promise<void>): Promise<void> {
    const snapshot = this.#snapshot
    const users = this.#users.get(snapshot) ?? { count: 0, retire: null }
    if (users.count++ === 0) this.#users.set(snapshot, users)
    try {
      await work(snapshot)
    } finally {
      if (--users.count === 0) {
        this.#users.delete(snapshot)
        users.retire?.()
        if (this.#users.size === 0) for (const settle of [...this.#idle]) settle()
      }
    }
  }

  /** Resolves when no request is being worked on, or after `limitMs`. */
  idle(limitMs: number): Promise<void> {
    if (this.#users.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        this.#idle.delete(settle)
        resolve()
      }
      const timer = setTimeout(settle, limitMs)
      this.#idle.add(settle)
    })
  }

  /** Puts another snapshot in force. `retire` is called once nobody works by the one before. */
  replace(next: Snapshot, retire: () => void): void {
    const users = this.#users.get(this.#snapshot)
    this.#snapshot = next
    if (users) users.retire = retire
    else retire()
  }
}
