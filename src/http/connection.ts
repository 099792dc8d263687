import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Carrier, Ended } from './carrier.ts'
import type { Deadlines, Timed } from './deadlines.ts'
import type { Exchange } from './exchange.ts'

/** Requests that one connection may have waiting behind the one being answered (HTTP pipelining). */
const PIPELINE_LIMIT = 16

const CONNECTION = Symbol('connection')

interface Carrying extends Duplex {
  [CONNECTION]?: Connection
}

interface Waiting {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly expectsContinue: boolean
}

/** Begins a request: afterwards it is the connection's active one. */
export type Start = (
  connection: Connection,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
) => void

/** What one connection is doing. Requests on it run one after the other, and none runs once it is to close. */
export class Connection implements Carrier, Timed {
  active: Exchange | null = null
  closing = false
  readonly unreadMs: number
  readonly #socket: Socket
  readonly #deadlines: Deadlines
  readonly #start: Start
  readonly #waiting: Waiting[] = []

  constructor(socket: Duplex & Carrying, deadlines: Deadlines, unreadMs: number, start: Start) {
    this.unreadMs = unreadMs
    this.#socket = socket as Duplex as Socket
    this.#deadlines = deadlines
    this.#start = start
    socket[CONNECTION] = this
    if (socket.destroyed) return
    deadlines.watch(this)
    socket.once('close', () => deadlines.forget(this))
  }

  static of(socket: Carrying): Connection | undefined {
    return socket[CONNECTION]
  }

  /** Runs a request now or when it is its turn; never on a connection that is to close. False: too many wait. */
  take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): boolean {
    if (this.closing) return true
    if (this.active === null && this.#waiting.length === 0) {
      this.#start(this, request, response, expectsContinue)
      return true
    }
    if (this.#waiting.length >= PIPELINE_LIMIT) return false
    this.#waiting.push({ request, response, expectsContinue })
    return true
  }

  /** The answer of the active exchange is over: the next request runs, or the connection closes. */
  over(ended: Ended): void {
    this.active = null
    if (ended.gone || !ended.keepsConnection) this.closing = true
    if (this.closing) {
      this.#socket.destroySoon()
      return
    }
    const next = this.#waiting.shift()
    if (next) this.#start(this, next.request, next.response, next.expectsContinue)
  }

  deadline(limitMs: number): number {
    return this.#deadlines.after(limitMs)
  }

  tick(now: number): void {
    this.active?.tick(now)
  }
}
