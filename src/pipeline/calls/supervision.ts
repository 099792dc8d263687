import { type Fault, fault } from '../../model/fault.ts'
import type { MessageSocket } from '../../model/ports.ts'
import { guardedBy } from '../../upstream/key-guards.ts'
import type { Ending } from '../events.ts'
import {
  binaryAnswer,
  closeCodeOf,
  internalError,
  isOrderly,
  upstreamBroke,
  upstreamClosed,
} from '../realtime/closing.ts'
import type { MessageJudge } from '../realtime/message-judge.ts'
import type { Standing } from '../realtime/standing.ts'
import { Tally } from '../realtime/tally.ts'
import { auditUnavailable } from '../refusals.ts'
import type { RunningCall } from './running-calls.ts'

const TICK_MS = 1000
/** An upstream is given at least so long to show that it is there. Milliseconds. */
const MIN_SILENCE_MS = 3000
const PINGS = 3

export interface SupervisionPorts {
  readonly isAuditWritable: () => boolean
  /** Told of a bug that met the call; must not throw. */
  readonly bug: (cause: unknown) => void
}

export interface CallLimits {
  /** By when the upstream must have shown that it is there. Milliseconds. */
  readonly upstreamMs: number
  /** Of the whole call. Milliseconds. */
  readonly totalMs: number
}

/**
 * Listens to the session of a call for as long as it goes on, and ends it when its caller may not have it any longer. The
 * proxy says nothing in it. Without somebody who listens a call does not go on: when the connection is lost, it is over.
 */
export class CallSupervision implements RunningCall {
  readonly #socket: MessageSocket
  readonly #judge: MessageJudge
  readonly #standing: Standing
  readonly #limits: CallLimits
  readonly #ports: SupervisionPorts
  readonly #clean: (message: Buffer) => Buffer
  readonly #tally = new Tally()
  readonly #over = Promise.withResolvers<Ending>()
  readonly #startedAt = performance.now()
  #pingedAt = performance.now()
  #timer: NodeJS.Timeout | null = null
  #ending: Ending | null = null

  constructor(
    socket: MessageSocket,
    judge: MessageJudge,
    standing: Standing,
    limits: CallLimits,
    ports: SupervisionPorts,
  ) {
    this.#socket = socket
    this.#judge = judge
    this.#standing = standing
    this.#limits = limits
    this.#ports = ports
    this.#clean = guardedBy([judge.opened.upstream.settings.apiKey])
  }

  /** Resolves when the call is to be over: whoever called then hangs up. */
  run(): Promise<Ending> {
    const socket = this.#socket
    socket.onMessage = (message, isBinary) => this.#try(() => this.#heard(message, isBinary))
    socket.onExcess = (excess) => this.end(excess)
    socket.onClose = (code) => this.#try(() => this.#closed(code))
    this.#timer = setInterval(() => this.#try(() => this.#tick(performance.now())), TICK_MS)
    socket.resume()
    return this.#over.promise
  }

  end(reason: Fault): void {
    this.#settle('broken', closeCodeOf(reason), reason)
  }

  /** INVARIANT: nothing that a socket or the clock calls throws. After a bug this call ends, and it alone. */
  #try(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#ports.bug(cause)
      this.end(internalError)
    }
  }

  #heard(message: Buffer, isBinary: boolean): void {
    if (this.#ending !== null) return
    if (isBinary) {
      this.end(binaryAnswer)
      return
    }
    const clean = this.#clean(message)
    const { told } = this.#judge.hear(clean)
    this.#tally.sent(clean)
    if (told === null) return
    this.#tally.told(told)
    // Who has joined the call may set it up as its maker may not have it.
    const lost = this.#judge.gate.told(told) ?? (told.kind === 'session' ? this.#standing.again() : null)
    if (lost !== null) this.end(lost)
  }

  #closed(code: number): void {
    if (isOrderly(code)) this.#settle('answered', code)
    else this.end(code === 1006 ? upstreamBroke : upstreamClosed)
  }

  #tick(now: number): void {
    if (this.#ending !== null) return
    const lost = this.#ports.isAuditWritable() ? null : auditUnavailable
    const over = lost ?? this.#standing.tick(now) ?? this.#judge.gate.tick(now) ?? this.#late(now)
    if (over !== null) this.end(over)
  }

  #late(now: number): Fault | null {
    const { totalMs, upstreamMs } = this.#limits
    if (now - this.#startedAt >= totalMs) return tookTooLong
    if (now - this.#socket.heardAt >= Math.max(upstreamMs, MIN_SILENCE_MS)) return upstreamSilent
    if (now - this.#pingedAt >= upstreamMs / PINGS) {
      this.#pingedAt = now
      this.#socket.ping()
    }
    return null
  }

  #settle(outcome: Ending['outcome'], closeCode: number, reason?: Fault): void {
    if (this.#ending !== null) return
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#ending = this.#tally.ending(outcome, closeCode, reason)
    this.#over.resolve(this.#ending)
  }
}

const upstreamSilent = fault('upstream_timeout', 'the upstream is not there any more', { reason: 'upstream_timeout' })
const tookTooLong = fault('upstream_timeout', 'the call has lasted as long as one may', {
  reason: 'session_too_long',
})
