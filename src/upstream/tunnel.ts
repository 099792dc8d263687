import { createHash, randomBytes } from 'node:crypto'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type Fault, fault } from '../model/fault.ts'
import type { AnswerSink } from '../model/ports.ts'
import type { AnswerShape } from './answer-shape.ts'
import type { Delivery } from './delivery.ts'
import { faultOf, timedOut } from './faults.ts'
import { Transfer } from './forward.ts'
import { brokeOff, type Line, openLine } from './http-proxy.ts'
import { type Carried, singled } from './passthrough.ts'
import type { Upstream } from './pools.ts'

/** A WebSocket whose bytes pass as they are. */
export interface Tunnel {
  /** What the upstream says is read here, and what it is to hear is written here. */
  readonly end: Duplex
  /** The one of those that were offered that the upstream chose. */
  readonly protocol: string | null
  /** Ends the connection without a word. */
  cut(): void
}

/** A WebSocket, or what became of a request that did not get one. */
export type Dug =
  | { readonly outcome: 'open'; readonly tunnel: Tunnel }
  | { readonly outcome: 'delivered'; readonly delivery: Delivery }

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The proof that a handshake was read (RFC 6455 section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64')
}

/**
 * Asks an upstream for a WebSocket, with a handshake of our own and on a connection of its own. Whatever it answers
 * instead is treated as the answer to any other request is; a switch to something else, or without the proof, is a fault.
 * Compression is not offered: an upstream that has it all the same is refused.
 */
export function dig(
  upstream: Upstream,
  request: Omit<Carried, 'method'>,
  protocols: readonly string[],
  sink: AnswerSink,
  shape: AnswerShape,
): Promise<Dug> {
  const dug = Promise.withResolvers<Dug>()
  const promised = Promise.withResolvers<Delivery>()
  promised.promise.then((delivery) => dug.resolve({ outcome: 'delivered', delivery }), dug.reject)
  const transfer = new Transfer(upstream, sink, shape, promised)
  const dial = new Dial(upstream, transfer, protocols, {
    open: (tunnel) => {
      // From here on nothing is an answer any more: what the transfer would end is over.
      sink.unlimit()
      sink.onGone = sink.onDrain = null
      dug.resolve({ outcome: 'open', tunnel })
    },
    bug: promised.reject,
  })
  transfer.onRequestStart(dial)
  if (!dial.aborted) dial.send(request)
  return dug.promise
}

interface DialPorts {
  readonly open: (tunnel: Tunnel) => void
  /** Told of what nobody expects: it must not end the process. */
  readonly bug: (cause: unknown) => void
}

/** One handshake, until there is a WebSocket or an answer. */
class Dial implements Dispatcher.DispatchController {
  aborted = false
  paused = false
  reason: Error | null = null
  readonly #upstream: Upstream
  readonly #transfer: Transfer
  readonly #protocols: readonly string[]
  readonly #ports: DialPorts
  readonly #key = randomBytes(16).toString('base64')
  #line: Line | null = null
  #call: ClientRequest | null = null
  #limit: NodeJS.Timeout | undefined
  #isOver = false

  constructor(upstream: Upstream, transfer: Transfer, protocols: readonly string[], ports: DialPorts) {
    this.#upstream = upstream
    this.#transfer = transfer
    this.#protocols = protocols
    this.#ports = ports
  }

  send({ path, headers }: Omit<Carried, 'method'>): void {
    const { url, timeouts } = this.#upstream.settings
    const { origin, host } = new URL(url)
    const handshake: { [name: string]: string } = {
      ...headers,
      host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': this.#key,
    }
    if (this.#protocols.length > 0) handshake['sec-websocket-protocol'] = this.#protocols.join(', ')
    const late = timedOut('the upstream did not answer in time')
    this.#limit = setTimeout(() => this.#transfer.abort(late), timeouts.firstByteMs)
    const caller = { asked: (call: ClientRequest) => this.#asked(call), failed: (error: Error) => this.#failed(error) }
    const target = { origin, connectMs: timeouts.connectMs }
    this.#try(() => {
      this.#line = openLine({ method: 'GET', path, headers: handshake }, caller, target)
      if (this.#isOver) this.#line.drop()
    })
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#close()
    this.#transfer.onResponseError(this, reason)
  }

  /** Nothing of an answer goes on before it is whole: there is no reader that could be too slow for it. */
  pause(): void {}
  resume(): void {}

  #close(): void {
    this.#isOver = true
    clearTimeout(this.#limit)
    this.#call?.destroy()
    this.#line?.drop()
  }

  #asked(call: ClientRequest): void {
    this.#call = call
    call.on('upgrade', (answer: IncomingMessage, socket: Duplex) => this.#try(() => this.#switched(answer, socket)))
    call.on('response', (answer: IncomingMessage) => this.#try(() => this.#answered(answer)))
    call.on('information', ({ statusCode }) => {
      this.#try(() => this.#transfer.onResponseStart(this, statusCode, {}))
    })
  }

  #switched(answer: IncomingMessage, socket: Duplex): void {
    const refused = this.#isOver ? badSwitch : switchFault(answer, acceptOf(this.#key), this.#protocols)
    const line = this.#line
    if (refused !== null || line === null) {
      socket.destroy()
      this.#transfer.abort(refused ?? badSwitch)
      return
    }
    clearTimeout(this.#limit)
    const protocol = answer.headers['sec-websocket-protocol'] ?? null
    const cut = () => {
      socket.destroy()
      line.drop()
    }
    line.join(socket, () => {
      const isLate = this.#isOver
      this.#isOver = true
      if (isLate) cut()
      else this.#ports.open({ end: line.near, protocol, cut })
    })
  }

  #answered(answer: IncomingMessage): void {
    // Before the library's own listener, which would write the answer to whoever is at the end of its socket.
    this.#line?.drop()
    answer.on('error', (error) => this.#failed(error))
    answer.on('close', () => {
      if (!answer.complete) this.#failed(brokeOff())
    })
    const { statusCode = 0, headersDistinct } = answer
    if (statusCode < 300) this.#transfer.abort(noSession)
    else this.#transfer.onResponseStart(this, statusCode, singled(headersDistinct))
    if (this.aborted) return
    answer.on('data', (chunk: Buffer) => {
      this.#try(() => this.#transfer.onResponseData(this, chunk))
    })
    answer.on('end', () => {
      clearTimeout(this.#limit)
      if (answer.complete) this.#transfer.onResponseEnd()
    })
  }

  #try(step: () => void): void {
    try {
      step()
    } catch (cause) {
      this.#close()
      this.#ports.bug(cause)
    }
  }

  #failed(error: Error): void {
    if (this.aborted || this.#isOver) return
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNECT_TIMEOUT') this.#transfer.abort({ ...faultOf(error), ...timedOut('no connection in time') })
    else this.abort(error)
  }
}

/** Why an answer with 101 is not the WebSocket that was asked for; null where it is. Source: RFC 6455 section 4.1. */
function switchFault(answer: IncomingMessage, accept: string, protocols: readonly string[]): Fault | null {
  const { statusCode, headersDistinct: seen } = answer
  const [upgrade, ...others] = seen.upgrade ?? []
  const connection = (seen.connection ?? []).join(',').toLowerCase().split(',')
  const isSwitch =
    statusCode === 101 &&
    others.length === 0 &&
    upgrade?.toLowerCase() === 'websocket' &&
    connection.some((token) => token.trim() === 'upgrade')
  const [proof, ...proofs] = seen['sec-websocket-accept'] ?? []
  const isProven = proofs.length === 0 && proof === accept
  const chosen = seen['sec-websocket-protocol'] ?? []
  const isOffered = chosen.length <= 1 && chosen.every((name) => protocols.includes(name))
  const isPlain = seen['sec-websocket-extensions'] === undefined
  return isSwitch && isProven && isOffered && isPlain ? null : badSwitch
}

const badSwitch = fault('upstream_unavailable', 'the upstream switched to another protocol than the one asked for', {
  reason: 'bad_stream',
})
const noSession = fault('upstream_unavailable', 'the upstream opened no session', { reason: 'bad_stream' })
