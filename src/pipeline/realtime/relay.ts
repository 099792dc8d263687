import type { Fault } from '../../model/fault.ts'
import type { MessageSocket } from '../../model/ports.ts'
import type { Ending } from '../events.ts'
import { auditUnavailable } from '../refusals.ts'
import {
  closeCodeOf,
  internalError,
  isOrderly,
  malformedFrames,
  sayable,
  upstreamBroke,
  upstreamClosed,
} from './closing.ts'
import type { Liveness } from './liveness.ts'
import { Tally } from './tally.ts'

const TICK_MS = 1000

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
  readonly #client: MessageSocket
  readonly #upstream: MessageSocket
  readonly #liveness: Liveness
  readonly #ports: RelayPorts
  readonly #tally = new Tally()
  readonly #over = Promise.withResolvers<Ending>()
  #timer: NodeJS.Timeout | null = null
  #ending: Ending | null = null
  #openEnds = 2

  constructor(client: MessageSocket, upstream: MessageSocket, liveness: Liveness, ports: RelayPorts) {
    this.#client = client
    this.#upstream = upstream
    this.#liveness = liveness
    this.#ports = ports
  }

  get receivedBytes(): number {
    return this.#tally.receivedBytes
  }

  /** Resolves when both ends are closed. */
  run(): Promise<Ending> {
    const [client, upstream] = [this.#client, this.#upstream]
    client.onMessage = (message, isBinary) =>
      this.#try(() => {
        this.#tally.received(message)
        this.#pass(client, upstream, message, isBinary)
      })
    upstream.onMessage = (message, isBinary) =>
      this.#try(() => {
        this.#tally.sent(message)
        this.#pass(upstream, client, message, isBinary)
      })
    client.onDrain = () => this.#try(() => this.#readOn(upstream))
    upstream.onDrain = () => this.#try(() => this.#readOn(client))
    client.onExcess = upstream.onExcess = (excess) => this.end(excess)
    client.onClose = (code, broke) => this.#closed(() => this.#clientClosed(code, broke))
    upstream.onClose = (code) => this.#closed(() => this.#upstreamClosed(code))
    this.#timer = setInterval(() => this.#try(() => this.#tick(performance.now())), TICK_MS)
    this.#try(() => upstream.resume())
    return this.#over.promise
  }

  /** Ends it for a reason, whose code the client is told. Never throws. */
  end(reason: Fault): void {
    this.#try(() => this.#end(reason))
  }

  #end(reason: Fault): void {
    if (this.#ending !== null) return
    const code = closeCodeOf(reason)
    this.#settle('broken', code, reason)
    this.#client.close(code, reason.code)
    this.#upstream.close(1000, '')
  }

  #pass(from: MessageSocket, to: MessageSocket, message: Buffer, isBinary: boolean): void {
    if (this.#ending !== null) return
    const isTaken = to.send(message, isBinary)
    // What waits may have become too much: then it is over, and the goodbye is to be read.
    if (!isTaken && this.#ending === null) from.pause()
  }

  #readOn(from: MessageSocket): void {
    if (this.#ending === null) from.resume()
  }

  #tick(now: number): void {
    if (this.#ending !== null) return
    const lost = this.#ports.isAuditWritable() ? this.#ports.lost(now) : auditUnavailable
    const over = lost ?? this.#liveness.check(now)
    if (over === 'client_gone') this.#client.cut()
    else if (over !== null) this.end(over)
  }

  #clientClosed(code: number, broke: boolean): void {
    if (this.#ending !== null) return
    if (broke) this.#settle('broken', code, malformedFrames)
    else this.#settle(code === 1006 ? 'client_gone' : 'answered', code)
    this.#upstream.close(sayable(code), '')
  }

  #upstreamClosed(code: number): void {
    if (this.#ending !== null) return
    // Applications have codes of their own, which their clients wait for.
    if (isOrderly(code) || (code >= 3000 && code <= 4999)) {
      this.#settle('answered', code)
      this.#client.close(sayable(code), '')
    } else this.end(code === 1006 ? upstreamBroke : upstreamClosed)
  }

  #closed(step: () => void): void {
    this.#try(step)
    if (--this.#openEnds === 0 && this.#ending !== null) this.#over.resolve(this.#ending)
  }

  /** INVARIANT: nothing that a socket or the clock calls throws, for that would end every session of the process. */
  #try(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#ports.bug(cause)
      this.#settle('broken', 1011, internalError)
      this.#client.cut()
      this.#upstream.cut()
    }
  }

  #settle(outcome: Ending['outcome'], closeCode: number, reason?: Fault): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#ending ??= this.#tally.ending(outcome, closeCode, reason)
  }
}
