import type { Fault } from '../../model/fault.ts'
import type { MessageSocket } from '../../model/ports.ts'
import { guardedBy } from '../../upstream/key-guards.ts'
import type { Ending } from '../events.ts'
import { auditUnavailable } from '../refusals.ts'
import { BothEnds } from './both-ends.ts'
import { binaryAnswer, isOrderly, tooManyRefused } from './closing.ts'
import type { Liveness } from './liveness.ts'
import type { Gate, Judged, Refusal, SessionJudge } from './session-judge.ts'
import type { SessionPorts } from './session-ports.ts'
import type { Standing } from './standing.ts'
import type { Tally } from './tally.ts'
import { type Held, type Passed, Waiting } from './waiting.ts'

/** Refused messages of one session: who goes on is not mistaken but trying. */
const MAX_REFUSED = 32
const notYet: Judged = { outcome: 'waits' }

/**
 * Carries messages between a client and an upstream, each of the client's after it was judged, until one of them leaves
 * or the session may not go on. Neither side is read faster than the other one takes.
 */
export class Session {
  readonly #ends: BothEnds
  readonly #client: MessageSocket
  readonly #upstream: MessageSocket
  readonly #tally: Tally
  readonly #judge: SessionJudge
  readonly #standing: Standing
  readonly #ports: SessionPorts
  readonly #clean: (message: Buffer) => Buffer
  readonly #gate: Gate
  readonly #waiting: Waiting

  constructor(
    client: MessageSocket,
    upstream: MessageSocket,
    judge: SessionJudge,
    standing: Standing,
    liveness: Liveness,
    ports: SessionPorts,
  ) {
    this.#ends = new BothEnds(client, upstream, liveness, {
      lost: (now) => standing.tick(now) ?? judge.gate.tick(now),
      goesOn: (now) => this.#goesOn(now),
      isGoodbye: (code) => this.#isGoodbye(code),
      lastWords: (reason) => judge.errorText(reason, null),
      settled: () => this.#waiting.clear(),
      bug: ports.bug,
    })
    this.#client = client
    this.#upstream = upstream
    this.#tally = this.#ends.tally
    this.#judge = judge
    this.#standing = standing
    this.#ports = ports
    const { upstream: target, providerSecret = null, joins = false } = judge.opened
    this.#tally.countsUsage = !joins
    this.#gate = judge.gate
    this.#waiting = new Waiting((held, mayWait) => this.#pass(held, mayWait), ports.held)
    this.#clean = guardedBy([target.settings.apiKey, providerSecret])
  }

  get receivedBytes(): number {
    return this.#tally.receivedBytes
  }

  /** Resolves when both ends are closed. */
  run(): Promise<Ending> {
    const ends = this.#ends
    const { client, upstream } = ends
    client.onMessage = ends.guarded((message, isBinary) => this.#fromClient({ message, isBinary }))
    client.onDrain = ends.guarded(() => {
      upstream.resume()
      this.#readOn()
    })
    upstream.onMessage = ends.guarded((message, isBinary) => this.#fromUpstream(message, isBinary))
    upstream.onDrain = ends.guarded(() => this.#readOn())
    this.#judge.onSettled = ends.guarded(() => this.#goOn())
    return ends.run(() => {
      const { opening } = this.#judge
      if (opening !== null) upstream.send(opening.text)
      upstream.resume()
    })
  }

  /** Ends the session for a reason that the client is told. Never throws. */
  end(reason: Fault): void {
    this.#ends.end(reason)
  }

  #fromClient(held: Held): void {
    if (this.#ends.isOver) return
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
      if (this.#ends.isOver) return 'over'
      if (!isTaken) this.#client.pause()
      return 'done'
    }
    if (judged.outcome === 'ends') this.end(judged.fault)
    else this.#refuse(judged)
    return this.#ends.isOver ? 'over' : 'done'
  }

  #refuse(refusal: Refusal): void {
    this.#tally.refused++
    this.#ports.refused(refusal)
    if (this.#tally.refused >= MAX_REFUSED) {
      this.end(tooManyRefused)
      return
    }
    const isTaken = this.#client.send(this.#judge.errorText(refusal.fault, refusal.eventId))
    if (!isTaken && !this.#ends.isOver) this.#client.pause()
  }

  #goOn(): void {
    if (!this.#ends.isOver) this.#waiting.again(true)
    this.#readOn()
  }

  #readOn(): void {
    const isFull = this.#upstream.fullSince < Number.POSITIVE_INFINITY
    if (!this.#ends.isOver && this.#waiting.isEmpty && !isFull) this.#client.resume()
  }

  #fromUpstream(message: Buffer, isBinary: boolean): void {
    if (this.#ends.isOver) return
    if (isBinary) {
      this.end(binaryAnswer)
      return
    }
    const { told, text, settles } = this.#judge.hear(this.#clean(message))
    if (told !== null) this.#tally.told(told)
    const refused = told === null ? null : this.#gate.told(told)
    if (this.#gate.isHeard) this.#tell(text)
    if (refused !== null) this.end(refused)
    else if (settles) this.#goOn()
  }

  #tell(text: Buffer | string): void {
    this.#tally.sent(text)
    const isTaken = this.#client.send(text)
    // What waits for the client may have become too much.
    if (!isTaken && !this.#ends.isOver) this.#upstream.pause()
  }

  #isGoodbye(code: number): boolean {
    if (!isOrderly(code)) return false
    this.#judge.upstreamLeft?.()
    return true
  }

  #goesOn(now: number): void {
    if (this.#waiting.isEmpty) return
    this.#waiting.tick(now)
    this.#readOn()
  }
}
