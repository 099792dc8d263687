import type { Fault } from '../../model/fault.ts'
import type { MessageSocket } from '../../model/ports.ts'
import { guardedBy } from '../../upstream/key-guards.ts'
import type { Ending } from '../events.ts'
import { auditUnavailable } from '../refusals.ts'
import {
  binaryAnswer,
  closeCodeOf,
  internalError,
  isOrderly,
  malformedFrames,
  sayable,
  tooManyRefused,
  upstreamBroke,
  upstreamClosed,
} from './closing.ts'
import type { Liveness } from './liveness.ts'
import type { Gate, Judged, Refusal, SessionJudge } from './session-judge.ts'
import type { SessionPorts } from './session-ports.ts'
import type { Standing } from './standing.ts'
import { Tally } from './tally.ts'
import { type Held, type Passed, Waiting } from './waiting.ts'

const TICK_MS = 1000
/** Refused messages of one session: who goes on is not mistaken but trying. */
const MAX_REFUSED = 32
const notYet: Judged = { outcome: 'waits' }

/**
 * Carries messages between a client and an upstream, each of the client's after it was judged, until one of them leaves
 * or the session may not go on. Neither side is read faster than the other one takes.
 */
export class Session {
  readonly #client: MessageSocket
  readonly #upstream: MessageSocket
  readonly #judge: SessionJudge
  readonly #standing: Standing
  readonly #liveness: Liveness
  readonly #ports: SessionPorts
  readonly #clean: (message: Buffer) => Buffer
  readonly #gate: Gate
  readonly #tally: Tally
  readonly #over = Promise.withResolvers<Ending>()
  #timer: NodeJS.Timeout | null = null
  readonly #waiting: Waiting
  #ending: Ending | null = null
  #openEnds = 2

  constructor(
    client: MessageSocket,
    upstream: MessageSocket,
    judge: SessionJudge,
    standing: Standing,
    liveness: Liveness,
    ports: SessionPorts,
  ) {
    this.#client = client
    this.#upstream = upstream
    this.#judge = judge
    this.#standing = standing
    this.#liveness = liveness
    this.#ports = ports
    const { upstream: target, providerSecret = null, joins = false } = judge.opened
    this.#tally = new Tally(!joins)
    this.#gate = judge.gate
    this.#waiting = new Waiting((held, mayWait) => this.#pass(held, mayWait), ports.held)
    this.#clean = guardedBy([target.settings.apiKey, providerSecret])
  }

  get receivedBytes(): number {
    return this.#tally.receivedBytes
  }

  /** Resolves when both ends are closed. */
  run(): Promise<Ending> {
    const [client, upstream] = [this.#client, this.#upstream]
    client.onMessage = (message, isBinary) => this.#try(() => this.#fromClient({ message, isBinary }))
    client.onDrain = () =>
      this.#try(() => {
        upstream.resume()
        this.#readOn()
      })
    client.onExcess = upstream.onExcess = (excess) => this.end(excess)
    client.onClose = (code, broke) => this.#closed(() => this.#clientClosed(code, broke))
    upstream.onMessage = (message, isBinary) => this.#try(() => this.#fromUpstream(message, isBinary))
    upstream.onDrain = () => this.#try(() => this.#readOn())
    upstream.onClose = (code) => this.#closed(() => this.#upstreamClosed(code))
    this.#judge.onSettled = () => this.#try(() => this.#goOn())
    this.#timer = setInterval(() => this.#try(() => this.#tick(performance.now())), TICK_MS)
    this.#try(() => {
      const { opening } = this.#judge
      if (opening !== null) upstream.send(opening.text)
      upstream.resume()
    })
    return this.#over.promise
  }

  /** Ends the session for a reason that the client is told. Never throws. */
  end(reason: Fault): void {
    this.#try(() => this.#end(reason))
  }

  #end(reason: Fault): void {
    if (this.#ending !== null) return
    const code = closeCodeOf(reason)
    this.#settle('broken', code, reason)
    this.#client.send(this.#judge.errorText(reason, null))
    this.#client.close(code, reason.code)
    this.#upstream.close(1000, '')
  }

  /** INVARIANT: nothing that a socket or the clock calls throws, for that would end every session of the process. */
  #try(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#ports.bug(cause)
      this.#abandon()
    }
  }

  /** After a bug this session ends, and it alone. What cannot be ended in words is cut. */
  #abandon(): void {
    const wasOver = this.#ending !== null
    try {
      this.#end(internalError)
      if (!wasOver) return
    } catch (cause) {
      this.#ports.bug(cause)
    }
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#ending === null) this.#over.reject(new Error('a session could not be ended'))
    this.#client.cut()
    this.#upstream.cut()
  }

  #fromClient(held: Held): void {
    if (this.#ending !== null) return
    this.#tally.received(held.message)
    const excess = this.#waiting.take(held)
    if (excess !== null) this.end(excess)
  }

  #pass(held: Held, mayWait: boolean): Passed {
    const lost = this.#ports.isAuditWritable() ? this.#standing.fault() : auditUnavailable
    if (lost !== null) {
      this.end(lost)
      return 'over'
    }
    const judged = this.#gate.isTaken ? this.#judge.judge(held.message, held.isBinary, mayWait) : notYet
    if (judged.outcome === 'waits') {
      this.#client.pause()
      return 'waits'
    }
    if (judged.outcome === 'passed') {
      const isTaken = this.#upstream.send(judged.text)
      // What waits for the upstream may have become too much.
      if (this.#ending !== null) return 'over'
      if (!isTaken) this.#client.pause()
      return 'done'
    }
    if (judged.outcome === 'ends') this.end(judged.fault)
    else this.#refuse(judged)
    return this.#ending === null ? 'done' : 'over'
  }

  #refuse(refusal: Refusal): void {
    this.#tally.refused++
    this.#ports.refused(refusal)
    if (this.#tally.refused >= MAX_REFUSED) {
      this.end(tooManyRefused)
      return
    }
    const isTaken = this.#client.send(this.#judge.errorText(refusal.fault, refusal.eventId))
    if (!isTaken && this.#ending === null) this.#client.pause()
  }

  #goOn(): void {
    if (this.#ending === null) this.#waiting.again(true)
    this.#readOn()
  }

  #readOn(): void {
    const isFull = this.#upstream.fullSince < Number.POSITIVE_INFINITY
    if (this.#ending === null && this.#waiting.isEmpty && !isFull) this.#client.resume()
  }

  #fromUpstream(message: Buffer, isBinary: boolean): void {
    if (this.#ending !== null) return
    if (isBinary) {
      this.end(binaryAnswer)
      return
    }
    const { told, text, settles } = this.#judge.hear(this.#clean(message))
    if (told !== null) this.#tally.told(told)
    const refused = told === null ? null : this.#gate.told(told)
    if (this.#gate.isHeard) this.#tell(text)
    if (refused !== null) this.end(refused)
    else if (settles && this.#ending === null) this.#goOn()
  }

  #tell(text: Buffer | string): void {
    this.#tally.sent(text)
    const isTaken = this.#client.send(text)
    // What waits for the client may have become too much.
    if (!isTaken && this.#ending === null) this.#upstream.pause()
  }

  #clientClosed(code: number, broke: boolean): void {
    if (this.#ending === null) {
      if (broke) this.#settle('broken', code, malformedFrames)
      else this.#settle(code === 1006 ? 'client_gone' : 'answered', code)
      this.#upstream.close(sayable(code), '')
    }
  }

  #upstreamClosed(code: number): void {
    if (this.#ending === null && isOrderly(code)) {
      this.#judge.upstreamLeft?.()
      this.#settle('answered', code)
      this.#client.close(sayable(code), '')
    } else this.end(code === 1006 ? upstreamBroke : upstreamClosed)
  }

  #closed(step: () => void): void {
    this.#try(step)
    if (--this.#openEnds === 0 && this.#ending !== null) this.#over.resolve(this.#ending)
  }

  #tick(now: number): void {
    if (this.#ending !== null) return
    const over = this.#standing.tick(now) ?? this.#gate.tick(now) ?? this.#liveness.check(now)
    if (over === 'client_gone') this.#client.cut()
    else if (over !== null) this.end(over)
    else if (!this.#waiting.isEmpty) {
      this.#waiting.tick(now)
      this.#readOn()
    }
  }

  /** What the session was, once; its ends may still have to close. */
  #settle(outcome: Ending['outcome'], closeCode: number, reason?: Fault): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#waiting.clear()
    this.#ending = this.#tally.ending(outcome, closeCode, reason)
  }
}
