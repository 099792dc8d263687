import type { Fault } from '../../model/fault.ts'
import type { MessageSocket } from '../../model/ports.ts'
import type { Ending } from '../events.ts'
import { auditUnavailable } from '../refusals.ts'
import { BothEnds } from './both-ends.ts'
import { isOrderly } from './closing.ts'
import type { Liveness } from './liveness.ts'

export interface RelayPorts {
  readonly isAuditWritable: () => boolean
  /** Why the caller may not have it any longer; null while it may. Asked once a second. */
  readonly lost: (now: number) => Fault | null
  /** Told of a bug that met it; must not throw. */
  readonly bug: (cause: unknown) => void
}

/**
 * Passes whole messages between a client and an upstream, both ways and unread, until one of them leaves or the caller may
 * not have it any longer. Neither side is read faster than the other one takes.
 */
export class Relay {
  readonly #ends: BothEnds

  constructor(client: MessageSocket, upstream: MessageSocket, liveness: Liveness, ports: RelayPorts) {
    this.#ends = new BothEnds(client, upstream, liveness, {
      lost: (now) => (ports.isAuditWritable() ? ports.lost(now) : auditUnavailable),
      // Applications have codes of their own, which their clients wait for.
      isGoodbye: (code) => isOrderly(code) || (code >= 3000 && code <= 4999),
      lastWords: null,
      bug: ports.bug,
    })
  }

  get receivedBytes(): number {
    return this.#ends.tally.receivedBytes
  }

  /** Resolves when both ends are closed. */
  run(): Promise<Ending> {
    const ends = this.#ends
    const { client, upstream, tally } = ends
    client.onMessage = ends.guarded((message, isBinary) => {
      tally.received(message)
      this.#pass(client, upstream, message, isBinary)
    })
    upstream.onMessage = ends.guarded((message, isBinary) => {
      tally.sent(message)
      this.#pass(upstream, client, message, isBinary)
    })
    client.onDrain = ends.guarded(() => this.#readOn(upstream))
    upstream.onDrain = ends.guarded(() => this.#readOn(client))
    return ends.run(() => upstream.resume())
  }

  /** Ends it for a reason, whose code the client is told. Never throws. */
  end(reason: Fault): void {
    this.#ends.end(reason)
  }

  #pass(from: MessageSocket, to: MessageSocket, message: Buffer, isBinary: boolean): void {
    if (this.#ends.isOver) return
    const isTaken = to.send(message, isBinary)
    // What waits may have become too much: then it is over, and the goodbye is to be read.
    if (!isTaken && !this.#ends.isOver) from.pause()
  }

  #readOn(from: MessageSocket): void {
    if (!this.#ends.isOver) from.resume()
  }
}
