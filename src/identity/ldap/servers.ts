import type { LdapServer } from '../../model/identity-settings.ts'
import type { Clock } from '../../model/ports.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { SearchFailure } from './fault.ts'
import type { LdapSession } from './session.ts'

const FIRST_REST_MS = 500
const LONGEST_REST_MS = 10_000

interface State {
  readonly server: LdapServer
  failures: number
  restsUntil: number
}

export interface Opened {
  readonly session: LdapSession
  /** Names the server among the others. */
  readonly server: number
  readonly openedAtMs: number
}

/**
 * The servers of one directory, in the order in which they are tried. One that failed rests, for growing times of at most 10 s,
 * so that requests do not wait for it one after the other; when all of them rest the answer is there at once. It is tried
 * again by the first request behind its rest.
 */
export class Servers {
  readonly #states: readonly State[]
  readonly #clock: Clock
  readonly #connect: (server: LdapServer) => Promise<Result<LdapSession, SearchFailure>>
  #lastFailure: SearchFailure = 'unreachable'

  constructor(
    servers: readonly LdapServer[],
    clock: Clock,
    connect: (server: LdapServer) => Promise<Result<LdapSession, SearchFailure>>,
  ) {
    this.#states = servers.map((server) => ({ server, failures: 0, restsUntil: 0 }))
    this.#clock = clock
    this.#connect = connect
  }

  async open(): Promise<Result<Opened, SearchFailure>> {
    for (const [index, state] of this.#states.entries()) {
      if (this.#isResting(state)) continue
      const session = await this.#connect(state.server)
      if (session.ok) {
        state.failures = 0
        return ok({ session: session.value, server: index, openedAtMs: this.#clock() })
      }
      this.failed(index, session.fault)
    }
    return failed(this.#lastFailure)
  }

  failed(index: number, failure: SearchFailure): void {
    const state = this.#states[index]
    this.#lastFailure = failure
    if (state === undefined || this.#isResting(state)) return
    state.failures++
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(state.failures - 1, 10))
    state.restsUntil = this.#clock() + restMs
  }

  #isResting({ restsUntil }: State): boolean {
    const restMs = restsUntil - this.#clock()
    // A clock that was set back must not make anybody rest longer than that.
    return restMs > 0 && restMs <= LONGEST_REST_MS
  }
}
