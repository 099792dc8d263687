import { type Fault, fault } from '../model/fault.ts'
import { RunningCalls } from '../pipeline/calls/running-calls.ts'
import type { ServingUpstream, Snapshot } from '../pipeline/snapshot.ts'
import { Places } from './places.ts'

/** Why requests end that a drain does not wait for any longer. */
export const SHUTTING_DOWN = fault('shutting_down', 'the proxy is shutting down: try again', {
  headers: ['retry-after', '1'],
})

/** A request that is being worked on. */
export interface Running {
  stop(reason: Fault): void
}

/**
 * The snapshot in force, and who still works by an older one. Upstreams pass from one snapshot to the next, so that one
 * is closed when no snapshot that is in force or in use has it any more, however many reloads lie between.
 */
export class Current {
  /** Those whose requests were answered: no exchange ends them any more. */
  readonly calls = new RunningCalls()
  #snapshot: Snapshot
  readonly #retire: (upstream: ServingUpstream) => void
  readonly #idle = new Set<() => void>()
  /** The requests that go by each snapshot; one that nobody goes by is not in it. */
  readonly #users = new Map<Snapshot, Places<Running>>()
  #stopped: Fault | null = null

  /** `retire` is called once for each upstream that nobody needs any more. */
  constructor(snapshot: Snapshot, retire: (upstream: ServingUpstream) => void) {
    this.#snapshot = snapshot
    this.#retire = retire
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Runs one request by the snapshot that is in force now, to its end. */
  async use(running: Running, work: (snapshot: Snapshot) => Promise<void>): Promise<void> {
    const snapshot = this.#snapshot
    const users = this.#usersOf(snapshot)
    const place = users.enter(running)
    try {
      if (this.#stopped) running.stop(this.#stopped)
      await work(snapshot)
    } finally {
      users.leave(place)
      if (users.size === 0) this.#unused(snapshot)
    }
  }

  /** Stops every request, those that begin later, too. */
  stop(reason: Fault): void {
    this.#stopped = reason
    for (const users of [...this.#users.values()]) for (const running of users.all()) running.stop(reason)
    this.calls.stop(reason)
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

  #usersOf(snapshot: Snapshot): Places<Running> {
    const known = this.#users.get(snapshot)
    if (known) return known
    const users = new Places<Running>()
    this.#users.set(snapshot, users)
    return users
  }

  #unused(snapshot: Snapshot): void {
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
