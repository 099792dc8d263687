import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from '../model/fault.ts'
import type { BodyAllowance, ClientExchange, ClientUpgrade, PieceLimits, TakePiece } from '../model/ports.ts'
import { failed, type Result } from '../model/result.ts'
import { type BodyBreak, BodyReading, BREAKS, bodyLate, tooLarge } from './body.ts'
import type { Carrier } from './carrier.ts'
import { errorForm } from './error-form.ts'
import { errorHeaders, faultRow } from './errors.ts'
import { sendWhole } from './linger.ts'
import { PieceReading } from './pieces.ts'

/** A last piece of this size is sent in one piece with a head that waits for it. */
const JOINED_BYTES = 8 * 1024

const JSON_TYPE = ['content-type', 'application/json']
const NEVER = Number.POSITIVE_INFINITY
const EXCHANGE = Symbol('exchange')

/** An answer that knows its exchange: so the listeners are the same functions for every request. */
interface Exchanged extends ServerResponse {
  [EXCHANGE]?: Exchange
}

/**
 * One request and its answer on one connection. It owns the only places where the client's body is read and where
 * bytes go back; whoever answers first wins and nothing is ever answered twice.
 */
export class Exchange implements ClientExchange {
  readonly id: string
  onDrain: (() => void) | null = null
  onGone: ((stopped: Fault | null) => void) | null = null
  upgrade: ClientUpgrade | null = null
  gone = false
  stopped: Fault | null = null
  bytesSent = 0
  status = 0
  readonly #request: IncomingMessage
  readonly #response: Exchanged
  readonly #carrier: Carrier
  #closed = false
  #hearsDrain = false
  #expectsContinue: boolean
  #deadline = NEVER
  /** Until when the client must have taken what is written. */
  #unread = NEVER
  #onLate: (() => void) | null = null
  #body: BodyReading | PieceReading | null = null
  #bodyMs = 0
  #broken: BodyBreak | null = null

  constructor(request: IncomingMessage, response: ServerResponse, id: string, expectsContinue: boolean, on: Carrier) {
    this.id = id
    this.#request = request
    this.#response = response
    this.#expectsContinue = expectsContinue
    this.#carrier = on
    this.#response[EXCHANGE] = this
    // Not the request's 'close': that one comes as soon as the body has been read.
    response.on('close', onClose)
    response.on('error', ignore)
  }

  get started(): boolean {
    return this.status !== 0
  }

  /** Another request may follow this one. */
  get keepsConnection(): boolean {
    return this.#response.shouldKeepAlive
  }

  /**
   * Reads the whole body. Faults: `body_too_large` past `limitBytes` (at once, where the length was announced),
   * `request_timeout` when it is not complete within `timeoutMs`, `invalid_body` when the client goes before its end.
   */
  readBody(
    announced: number | undefined,
    limitBytes: number,
    timeoutMs: number,
    allowance: BodyAllowance | null = null,
  ): Promise<Result<Buffer, Fault>> {
    const unread = (announced ?? 0) > limitBytes ? tooLarge(limitBytes) : this.#beginBody(timeoutMs)
    if (unread !== null) return Promise.resolve(failed(unread))
    return new Promise((resolve) => {
      const settle = (result: Result<Buffer, Fault>) => resolve(this.#bodyOver(result))
      this.#body = new BodyReading(this.#request, limitBytes, allowance, settle)
    })
  }

  /** The faults are those of `readBody`, and what `take` answers. Rejects with what `take` throws. */
  readPieces(announced: number | undefined, limits: PieceLimits, take: TakePiece): Promise<Fault | null> {
    const { bytes: limitBytes, idleMs, totalMs, untaken } = limits
    const tooMuch = (announced ?? 0) > limitBytes ? tooLarge(limitBytes, 'max_upload') : null
    const unread = tooMuch ?? this.#beginBody(Math.min(idleMs, totalMs))
    if (unread !== null) return Promise.resolve(unread)
    const last = this.#carrier.deadline(totalMs)
    const went = () => {
      this.#deadline = Math.min(this.#carrier.deadline(idleMs), last)
      this.#bodyMs = this.#deadline === last ? totalMs : idleMs
    }
    return new Promise((resolve, reject) => {
      const settle = (fault: Fault | null) => resolve(this.#bodyOver(fault))
      const broke = (cause: unknown) => reject(this.#bodyOver(cause))
      this.#body = new PieceReading(this.#request, { limitBytes, take, went, untaken, settle, broke })
    })
  }

  #beginBody(limitMs: number): Fault | null {
    // All three may have come about while the caller was being authenticated: no event would tell of them again.
    if (this.stopped !== null) return this.stopped
    if (this.#broken !== null) return BREAKS[this.#broken]
    if (this.gone || this.#request.destroyed) return BREAKS.client_closed
    if (this.#expectsContinue) this.#response.writeContinue()
    this.#expectsContinue = false
    this.#bodyMs = limitMs
    this.#deadline = this.#carrier.deadline(limitMs)
    return null
  }

  #bodyOver<Outcome>(outcome: Outcome): Outcome {
    this.#body = null
    this.#deadline = NEVER
    return outcome
  }

  /** For the listeners of this module, as is `drained`: the answer is over, sent or not. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (!this.#response.writableFinished) this.gone = true
    if (this.gone) this.#body?.fail(BREAKS.client_closed)
    if (this.gone) this.onGone?.(null)
    this.#carrier.over(this)
  }

  limit(ms: number, onLate: () => void): void {
    this.#deadline = this.#carrier.deadline(ms)
    this.#onLate = onLate
  }

  unlimit(): void {
    this.#deadline = NEVER
    this.#onLate = null
  }

  /** Ends what has taken too long by `now`. */
  tick(now: number): void {
    // Politely there is nothing left to say: the end of the answer would wait behind what is not read.
    if (now >= this.#unread) this.#request.socket.resetAndDestroy()
    if (now < this.#deadline) return
    this.#deadline = NEVER
    if (this.#body === null) this.#onLate?.()
    else this.#body.late(this.#request.complete ? null : bodyLate(this.#bodyMs))
  }

  /** The rest of this request's body will not come. False when the body was complete: nothing was done. */
  breakBody(how: BodyBreak): boolean {
    if (this.#request.complete) return false
    this.#response.shouldKeepAlive = false
    this.#broken ??= how
    this.#body?.fail(BREAKS[this.#broken])
    return true
  }

  /** Ends what is not complete: refused where no answer has begun. It is the connection's last one in any case. */
  stop(reason: Fault): void {
    if (this.#closed || this.stopped !== null) return
    this.stopped = reason
    this.last()
    if (this.#body !== null) this.#body.fail(reason)
    else if (this.onGone !== null) this.onGone(reason)
    else this.refuse(reason)
  }

  /** Makes this answer the connection's last one. */
  last(): void {
    this.#response.shouldKeepAlive = false
  }

  refuse(fault: Fault): void {
    const headers = [...JSON_TYPE, ...errorHeaders(fault)]
    this.document(faultRow(fault.code).status, headers, errorForm(this.#request).body(fault, this.id))
  }

  json(status: number, document: string): void {
    this.document(status, JSON_TYPE, document)
  }

  /** Answers with a whole document of our own; the headers say its type. */
  document(status: number, headers: readonly string[], body: string): void {
    if (this.started || this.gone) return
    const bytes = Buffer.from(body)
    this.bytesSent = bytes.length
    this.status = status
    const named = [...headers, ...errorForm(this.#request).names(this.id)]
    sendWhole(this.#request, this.#response, status, named, bytes, () => this.cut())
  }

  start(status: number, headers: readonly string[], stream: boolean): void {
    if (this.started || this.gone) return
    this.status = status
    this.#response.writeHead(status, [...headers, ...errorForm(this.#request).names(this.id)])
    if (stream) this.#response.flushHeaders()
  }

  write(chunk: Buffer): boolean {
    if (this.gone) return true
    this.bytesSent += chunk.length
    if (this.#response.write(chunk)) return true
    this.#unread = this.#carrier.deadline(this.#carrier.unreadMs)
    if (!this.#hearsDrain) this.#response.on('drain', onDrain)
    this.#hearsDrain = true
    return false
  }

  drained(): void {
    this.#unread = NEVER
    this.onDrain?.()
  }

  end(last: Buffer | null): void {
    if (this.gone) return
    this.#unread = this.#carrier.deadline(this.#carrier.unreadMs)
    if (last === null) return void this.#response.end()
    this.bytesSent += last.length
    // Node joins a head and a text to one write; a head and bytes are two, gathered at some cost.
    if (last.length <= JOINED_BYTES) this.#response.end(last.toString('latin1'), 'latin1')
    else this.#response.end(last)
  }

  breakStream(fault: Fault, midEvent: boolean): void {
    this.end(Buffer.from(errorForm(this.#request).lastEvent(fault, this.id, midEvent)))
  }

  cut(): void {
    // To an HTTP/1.0 client the end of the connection is the end of the answer: only a reset says that it is not.
    if (this.started && this.#request.httpVersion === '1.0') this.#request.socket.resetAndDestroy()
    else this.#response.destroy()
  }
}

function onClose(this: Exchanged): void {
  this[EXCHANGE]?.close()
}

function onDrain(this: Exchanged): void {
  this[EXCHANGE]?.drained()
}

function ignore(): void {}
