import type { Fault } from '../../model/fault.ts'
import type { MessageSocket } from '../../model/ports.ts'
import type { Ending } from '../events.ts'
import { closeCodeOf, internalError, malformedFrames, sayable, upstreamBroke, upstreamClosed } from './closing.ts'
import type { Liveness } from './liveness.ts'
import { Tally } from './tally.ts'

const TICK_MS = 1000

/** What the two ends ask of whoever carries messages between them. */
export interface Carrier {
  /** Once a second: why the caller may not have it any longer; null while it may. */
  readonly lost: (now: number) => Fault | null
  /** Once a second, where it goes on. */
  readonly goesOn?: (now: number) => void
  /** The upstream closes, with this code: whether that is how it may end. */
  readonly isGoodbye: (code: number) => boolean
  /** What the client is told of the end, in the words of its API; null where the proxy has none: then a bug cuts it. */
  readonly lastWords: ((reason: Fault) => string) | null
  /** Called once, as it ends; the two ends may still have to close. */
  readonly settled?: () => void
  /** Told of a bug that met it; must not throw. */
  readonly bug: (cause: unknown) => void
}

/**
 * The client and the upstream between which messages are carried, and how both are ended: once, whoever begins, with a
 * code for either and what it was for the last event.
 */
export class BothEnds {
  readonly client: MessageSocket
  readonly upstream: MessageSocket
  readonly tally = new Tally()
  readonly #liveness: Liveness
  readonly #carrier: Carrier
  readonly #closed = Promise.withResolvers<Ending>()
  #timer: NodeJS.Timeout | null = null
  #ending: Ending | null = null
  #open = 2

  constructor(client: MessageSocket, upstream: MessageSocket, liveness: Liveness, carrier: Carrier) {
    this.client = client
    this.upstream = upstream
    this.#liveness = liveness
    this.#carrier = carrier
  }

  /** Nothing more is to be carried. */
  get isOver(): boolean {
    return this.#ending !== null
  }

  /** Watches both until they are closed, which resolves it. `start` is the first step. */
  run(start: () => void): Promise<Ending> {
    const { client, upstream } = this
    client.onExcess = upstream.onExcess = (excess) => this.end(excess)
    client.onClose = (code, broke) => this.#onClose(() => this.#clientClosed(code, broke))
    upstream.onClose = (code) => this.#onClose(() => this.#upstreamClosed(code))
    this.#timer = setInterval(() => this.#try(() => this.#tick(performance.now())), TICK_MS)
    this.#try(start)
    return this.#closed.promise
  }

  /** A step as a socket may call it. */
  guarded<Args extends readonly unknown[]>(step: (...args: Args) => void): (...args: Args) => void {
    return (...args) => this.#try(() => step(...args))
  }

  /** Ends it for a reason that the client is told. Never throws. */
  end(reason: Fault): void {
    this.#try(() => this.#end(reason))
  }

  /** INVARIANT: nothing that a socket or the clock calls throws, for that would end every session of the process. */
  #try(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#carrier.bug(cause)
      this.#abandon()
    }
  }

  /** After a bug this session ends, and it alone. What cannot be ended in words is cut. */
  #abandon(): void {
    try {
      if (this.#ending === null && this.#carrier.lastWords !== null) {
        this.#end(internalError)
        return
      }
      this.#settle('broken', closeCodeOf(internalError), internalError)
    } catch (cause) {
      this.#carrier.bug(cause)
    }
    if (this.#ending === null) this.#closed.reject(new Error('a session could not be ended'))
    this.client.cut()
    this.upstream.cut()
  }

  #end(reason: Fault): void {
    if (this.#ending !== null) return
    const code = closeCodeOf(reason)
    this.#settle('broken', code, reason)
    const { lastWords } = this.#carrier
    if (lastWords !== null) this.client.send(lastWords(reason))
    this.client.close(code, reason.code)
    this.upstream.close(1000, '')
  }

  #clientClosed(code: number, broke: boolean): void {
    if (this.#ending !== null) return
    if (broke) this.#settle('broken', code, malformedFrames)
    else this.#settle(code === 1006 ? 'client_gone' : 'answered', code)
    this.upstream.close(sayable(code), '')
  }

  #upstreamClosed(code: number): void {
    if (this.#ending !== null) return
    if (this.#carrier.isGoodbye(code)) {
      this.#settle('answered', code)
      this.client.close(sayable(code), '')
    } else this.end(code === 1006 ? upstreamBroke : upstreamClosed)
  }

  #onClose(step: () => void): void {
    this.#try(step)
    if (--this.#open === 0 && this.#ending !== null) this.#closed.resolve(this.#ending)
  }

  #tick(now: number): void {
    if (this.#ending !== null) return
    const over = this.#carrier.lost(now) ?? this.#liveness.check(now)
    if (over === 'client_gone') this.client.cut()
    else if (over !== null) this.end(over)
    else this.#carrier.goesOn?.(now)
  }

  #settle(outcome: Ending['outcome'], closeCode: number, reason?: Fault): void {
    if (this.#ending !== null) return
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#carrier.settled?.()
    this.#ending = this.tally.ending(outcome, closeCode, reason)
  }
}
