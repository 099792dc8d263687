import type { Fault } from '../model/fault.ts'
import type { AnswerSink, AnswerTap, ClientExchange } from '../model/ports.ts'

/** For what is passed on as it is, or read whole afterwards: nothing is told while it passes. */
export const UNREAD: AnswerTap = { push: (chunk) => chunk, end: () => ({ rest: null, facts: {} }) }

/** Headers (name, value, name, value…) for a body that is written anew. */
export function withoutLength(headers: readonly string[]): string[] {
  return headers.filter((_, at) => headers[at - (at % 2)] !== 'content-length')
}

/**
 * Takes one answer of an upstream for the proxy to read, in the name of a client that waits: when that one leaves, or the
 * proxy stops, the answer is not read on. `take` may refuse what has come so far, by its length.
 */
export class PageSink implements AnswerSink {
  onDrain: (() => void) | null = null
  started = false
  status = 0
  headers: readonly string[] = []
  /** Why the answer was not taken whole; null where it was. */
  full: Fault | null = null
  readonly #exchange: ClientExchange
  readonly #leftMs: number
  readonly #take: (bytes: number) => Fault | null
  readonly #chunks: Buffer[] = []
  #bytes = 0

  constructor(exchange: ClientExchange, leftMs: number, take: (bytes: number) => Fault | null) {
    this.#exchange = exchange
    this.#leftMs = leftMs
    this.#take = take
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  start(status: number, headers: readonly string[]): void {
    this.started = true
    this.status = status
    this.headers = headers
  }

  write(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    this.full ??= this.#take(this.#bytes)
    if (this.full === null) this.#chunks.push(chunk)
    else this.onGone?.(this.full)
    return true
  }

  end(last: Buffer | null): void {
    if (last !== null) this.write(last)
  }

  cut(): void {}

  limit(ms: number, onLate: () => void): void {
    this.#exchange.limit(Math.min(ms, this.#leftMs), onLate)
  }

  unlimit(): void {
    this.#exchange.unlimit()
  }

  get onGone(): ((stopped: Fault | null) => void) | null {
    return this.#exchange.onGone
  }

  set onGone(listener: ((stopped: Fault | null) => void) | null) {
    this.#exchange.onGone = listener
  }

  get gone(): boolean {
    return this.#exchange.gone
  }

  get stopped(): Fault | null {
    return this.#exchange.stopped
  }
}
