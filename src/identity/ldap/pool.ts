import type { Clock } from '../../model/ports.ts'
import { failed, type Result } from '../../model/result.ts'
import type { Schedule } from '../jwt/key-sets.ts'
import { Limiter } from '../limiter.ts'
import type { SearchFailure } from './fault.ts'
import type { Opened, Servers } from './servers.ts'
import type { LdapSession, SessionFailure } from './session.ts'

/** How long a connection is used, however busy: the first server is returned to, and certificates are looked at again. */
const MAX_AGE_MS = 600_000

export interface PoolLimits {
  readonly maxConnections: number
  readonly maxWaiting: number
  /** How long a connection stays open unused. Milliseconds. */
  readonly idleMs: number
}

interface Idle extends Opened {
  readonly cancel: () => void
}

/**
 * Connections to a directory that are all bound alike, kept open between uses. Each is used by one at a time. Work that a
 * lost or silent connection failed is tried once more: on another server, or on a connection that is new.
 */
export class Pool {
  readonly #servers: Servers
  readonly #limits: PoolLimits
  readonly #clock: Clock
  readonly #schedule: Schedule
  readonly #limiter: Limiter
  readonly #idle: Idle[] = []
  #isClosed = false

  constructor(servers: Servers, limits: PoolLimits, clock: Clock, schedule: Schedule) {
    this.#servers = servers
    this.#limits = limits
    this.#clock = clock
    this.#schedule = schedule
    this.#limiter = new Limiter(limits.maxConnections, limits.maxWaiting)
  }

  async run<Value>(
    work: (session: LdapSession) => Promise<Result<Value, SessionFailure>>,
  ): Promise<Result<Value, SessionFailure | SearchFailure>> {
    return (await this.#limiter.run(() => this.#twice(work))) ?? failed('busy')
  }

  /** Closes what is not in use at once, and the rest when its work is done. */
  close(): void {
    this.#isClosed = true
    for (const { session, cancel } of this.#idle.splice(0)) {
      cancel()
      session.close()
    }
  }

  async #twice<Value>(
    work: (session: LdapSession) => Promise<Result<Value, SessionFailure>>,
  ): Promise<Result<Value, SessionFailure | SearchFailure>> {
    let outcome = await this.#once(work)
    if (!outcome.ok && isOfConnection(outcome.fault)) outcome = await this.#once(work)
    return outcome
  }

  async #once<Value>(
    work: (session: LdapSession) => Promise<Result<Value, SessionFailure>>,
  ): Promise<Result<Value, SessionFailure | SearchFailure>> {
    const known = this.#take()
    const opened = known === null ? await this.#servers.open() : { ok: true as const, value: known }
    if (!opened.ok) return opened
    const { session, server } = opened.value
    const outcome = await work(session)
    if (outcome.ok || !isOfConnection(outcome.fault)) {
      this.#keep(opened.value)
      return outcome
    }
    session.close()
    // One that the server had closed meanwhile says nothing of the server: another one shows.
    if (known === null || outcome.fault.kind === 'late') this.#giveUp(server, outcome.fault)
    return outcome
  }

  #take(): Opened | null {
    for (;;) {
      const idle = this.#idle.pop()
      if (idle === undefined) return null
      idle.cancel()
      if (idle.session.isOpen) return idle
    }
  }

  #keep(opened: Opened): void {
    const { session, openedAtMs } = opened
    if (this.#isClosed || !session.isOpen || Math.abs(this.#clock() - openedAtMs) >= MAX_AGE_MS) {
      session.close()
      return
    }
    const idle: Idle = {
      ...opened,
      cancel: this.#schedule(this.#limits.idleMs, () => {
        this.#idle.splice(this.#idle.indexOf(idle), 1)
        session.close()
      }),
    }
    this.#idle.push(idle)
  }

  #giveUp(server: number, failure: SessionFailure): void {
    this.#servers.failed(server, failure.kind === 'late' ? 'timeout' : 'unreachable')
    for (const idle of this.#idle.filter((one) => one.server === server)) {
      this.#idle.splice(this.#idle.indexOf(idle), 1)
      idle.cancel()
      idle.session.close()
    }
  }
}

function isOfConnection(
  failure: SessionFailure | SearchFailure,
): failure is SessionFailure & { kind: 'lost' | 'late' } {
  return typeof failure === 'object' && (failure.kind === 'lost' || failure.kind === 'late')
}
