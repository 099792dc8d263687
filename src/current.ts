import type { ServingUpstream, Snapshot } from './pipeline/snapshot.ts'

/**
 * The snapshot in force, and who still works by an older one. Upstreams pass from one snapshot to the next, so that one
 * is closed when no snapshot that is in force or in use has it any more, however many reloads lie between.
 */
export class Current {
  #snapshot: Snapshot
  readonly #retire: (upstream: ServingUpstream) => void
  readonly #idle = new Set<() => void>()
  /** How many requests go by each snapshot; one that nobody goes by is not in it. */
  readonly #users = new Map<Snapshot, number>()

  /** `retire` is called once for each upstream that nobody needs any more. */
  constructor(snapshot: Snapshot, retire: (upstream: ServingUpstream) => void) {
    this.#snapshot = snapshot
    this.#retire = retire
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Runs one request by the snapshot that is in force now, to its end. */
  async use(work: (snapshot: Snapshot) => Promise<void>): Promise<void> {
    const snapshot = this.#snapshot
    this.#users.set(snapshot, (this.#users.get(snapshot) ?? 0) + 1)
    try {
      await work(snapshot)
    } finally {
      this.#leave(snapshot)
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

  /** Puts another snapshot in force. */
  replace(next: Snapshot): void {
    const before = this.#snapshot
    this.#snapshot = next
    this.#retireUnneeded(before)
  }

  /** Every upstream that is in force or in use, each once. */
  upstreams(): ReadonlySet<ServingUpstream> {
    return new Set([this.#snapshot, ...this.#users.keys()].flatMap(({ upstreams }) => upstreams))
  }

  #leave(snapshot: Snapshot): void {
    const left = (this.#users.get(snapshot) ?? 0) - 1
    if (left > 0) {
      this.#users.set(snapshot, left)
      return
    }
    this.#users.delete(snapshot)
    this.#retireUnneeded(snapshot)
    if (this.#users.size === 0) for (const settle of [...this.#idle]) settle()
  }

  #retireUnneeded(past: Snapshot): void {
    if (past === this.#snapshot || this.#users.has(past)) return
    const needed = this.upstreams()
    for (const upstream of past.upstreams) if (!needed.has(upstream)) this.#retire(upstream)
  }
}
