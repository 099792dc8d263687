import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Fault, fault } from '../model/fault.ts'
import type { ClientExchange } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { errorBody, errorHeaders, faultRow } from './errors.ts'

/** How long, and how much, a refused client may go on sending so that it gets to read its answer. */
const LINGER_MS = 1000
const LINGER_BYTES = 4 * 1024 * 1024

/** Why the rest of a body will never come. */
export type BodyBreak = 'malformed' | 'client_closed' | 'timeout'

const BREAKS: Readonly<Record<BodyBreak, Fault>> = {
  malformed: fault('invalid_body', 'the body is not framed as HTTP/1.1 frames one'),
  client_closed: fault('invalid_body', 'the body ended early', { reason: 'client_closed' }),
  timeout: fault('request_timeout', 'the request was not complete in time'),
}

/**
 * One request and its answer on one connection. It owns the only places where the client's body is read and where
 * bytes go back; whoever answers first wins and nothing is ever answered twice.
 */
export class Exchange implements ClientExchange {
  readonly id: string
  onDrain: (() => void) | null = null
  onGone: (() => void) | null = null
  /** Called once when the answer is over, in whichever way. */
  onOver: (() => void) | null = null
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #gone = false
  #expectsContinue: boolean
  #bytesSent = 0
  #status = 0
  #settleBody: ((result: Result<Buffer, Fault>) => void) | null = null
  #broken: BodyBreak | null = null

  constructor(request: IncomingMessage, response: ServerResponse, id: string, expectsContinue: boolean) {
    this.id = id
    this.#request = request
    this.#response = response
    this.#expectsContinue = expectsContinue
    // Not the request's 'close': that one comes as soon as the body has been read.
    response.once('close', () => {
      if (!response.writableFinished) this.#gone = true
      if (this.#gone) this.onGone?.()
      this.onOver?.()
    })
    response.on('drain', () => this.onDrain?.())
    response.on('error', () => undefined)
  }

  get started(): boolean {
    return this.#status !== 0
  }

  get gone(): boolean {
    return this.#gone
  }

  get bytesSent(): number {
    return this.#bytesSent
  }

  /** The status sent; 0 before there is one. */
  get status(): number {
    return this.#status
  }

  /**
   * Reads the whole body. Faults: `body_too_large` past `limitBytes` (at once, where the length was announced),
   * `request_timeout` when it is not complete within `timeoutMs`, `invalid_body` when the client goes before its end.
   */
  readBody(announced: number | undefined, limitBytes: number, timeoutMs: number): Promise<Result<Buffer, Fault>> {
    if (announced !== undefined && announced > limitBytes) return Promise.resolve(failed(tooLarge(limitBytes)))
    // Both may have come about while the caller was being authenticated: no event would tell of them again.
    if (this.#broken !== null) return Promise.resolve(failed(BREAKS[this.#broken]))
    if (this.#gone || this.#request.destroyed) return Promise.resolve(failed(BREAKS.client_closed))
    if (this.#expectsContinue) {
      this.#expectsContinue = false
      this.#response.writeContinue()
    }
    const request = this.#request
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let length = 0
      const settle = (result: Result<Buffer, Fault>) => {
        clearTimeout(timer)
        this.#settleBody = null
        request.removeListener('data', onBytes)
        request.removeListener('end', onEnd)
        request.removeListener('close', onClose)
        if (!result.ok) request.pause()
        resolve(result)
      }
      const onBytes = (chunk: Buffer) => {
        length += chunk.length
        if (length > limitBytes) settle(failed(tooLarge(limitBytes)))
        else chunks.push(chunk)
      }
      const onEnd = () => settle(ok(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length)))
      const onClose = () => settle(failed(BREAKS.client_closed))
      this.#settleBody = settle
      const timer = setTimeout(
        () => settle(failed(fault('request_timeout', `the body was not complete within ${timeoutMs} ms`))),
        timeoutMs,
      )
      request.on('data', onBytes)
      request.once('end', onEnd)
      request.once('close', onClose)
      request.on('error', () => undefined)
    })
  }

  /** The rest of this request's body will not come. False when the body was complete: nothing was done. */
  breakBody(how: BodyBreak): boolean {
    if (this.#request.complete) return false
    this.#response.shouldKeepAlive = false
    this.#broken ??= how
    this.#settleBody?.(failed(BREAKS[this.#broken]))
    return true
  }

  /** Makes this answer the connection's last one. */
  last(): void {
    this.#response.shouldKeepAlive = false
  }

  refuse(fault: Fault): void {
    if (this.started || this.#gone) return
    const body = errorBody(fault)
    this.#answer(faultRow(fault.code).status, errorHeaders(fault), Buffer.from(body))
  }

  /** Answers with a JSON document of our own. */
  json(status: number, document: string): void {
    if (this.started || this.#gone) return
    this.#answer(status, [], Buffer.from(document))
  }

  start(status: number, headers: readonly string[], stream: boolean): void {
    if (this.started || this.#gone) return
    this.#status = status
    this.#response.writeHead(status, [...headers, 'x-request-id', this.id])
    if (stream) this.#response.flushHeaders()
  }

  write(chunk: Buffer): boolean {
    if (this.#gone) return true
    this.#bytesSent += chunk.length
    return this.#response.write(chunk)
  }

  end(last: Buffer | null): void {
    if (this.#gone) return
    if (last) {
      this.#bytesSent += last.length
      this.#response.end(last)
    } else {
      this.#response.end()
    }
  }

  breakStream(fault: Fault, midEvent: boolean): void {
    this.end(Buffer.from(`${midEvent ? '\n\n' : ''}data: ${errorBody(fault)}\n\n`))
  }

  cut(): void {
    // To an HTTP/1.0 client the end of the connection is the end of the answer: only a reset says that it is not.
    if (this.started && this.#request.httpVersion === '1.0') this.#request.socket.resetAndDestroy()
    else this.#response.destroy()
  }

  #answer(status: number, headers: readonly string[], body: Buffer): void {
    this.#status = status
    this.#bytesSent = body.length
    const response = this.#response
    const head = [
      'content-type',
      'application/json',
      'content-length',
      String(body.length),
      ...headers,
      'x-request-id',
      this.id,
    ]
    if (this.#request.complete || !announcesBody(this.#request)) {
      response.writeHead(status, head)
      response.end(this.#request.method === 'HEAD' ? undefined : body)
      return
    }
    // The rest of the body is not wanted. Closing at once would reset the connection before the client has read why.
    response.shouldKeepAlive = false
    response.writeHead(status, head)
    if (this.#request.method !== 'HEAD') response.write(body)
    this.#linger()
  }

  #linger(): void {
    const request = this.#request
    let received = 0
    const over = () => {
      clearTimeout(timer)
      this.#response.end()
    }
    const timer = setTimeout(() => this.cut(), LINGER_MS)
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received > LINGER_BYTES) this.cut()
    })
    request.once('end', over)
    request.once('close', over)
    request.resume()
  }
}

/** A head can be answered before the parser says that nothing follows it. */
function announcesBody({ method, rawHeaders }: IncomingMessage): boolean {
  if (method === 'CONNECT') return false
  return rawHeaders.some(
    (name, index) =>
      index % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name) && rawHeaders[index + 1] !== '0',
  )
}

function tooLarge(limitBytes: number): Fault {
  return fault('body_too_large', `the body is larger than the ${limitBytes} bytes that \`max_body\` allows`)
}
