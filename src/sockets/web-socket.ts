import type { ClientRequest, IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { MessageSocket, SocketAllowances, TakenConnection } from '../model/ports.ts'
import { OpenSocket } from './message-socket.ts'

/** A whole message, however many frames it comes in. OpenAI's API takes 15 MiB of audio at once. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** How long a peer may take to answer a goodbye. Milliseconds. */
const GOODBYE_MS = 1000
/** Of an answer that is no WebSocket. */
const MAX_REFUSAL_BYTES = 64 * 1024
/** Informational answers before the one that counts. */
const MAX_EARLY_ANSWERS = 16

/**
 * Compression is not negotiated: what a message holds is judged, and what it grows to would have to be bounded first. A
 * compressed frame then breaks the protocol. Pings are answered by who counts them. Between two messages of one connection
 * everybody else has a turn: a read brings very many small ones, each of which is judged, and twenty connections that did
 * nothing but send them kept all others waiting for seconds.
 */
const LIMITS = {
  maxPayload: MAX_MESSAGE_BYTES,
  maxFragments: 1024,
  maxBufferedChunks: 16 * 1024,
  perMessageDeflate: false,
  autoPong: false,
  allowSynchronousEvents: false,
  closeTimeout: GOODBYE_MS,
}

/**
 * Answers a client's handshake, which must be a good one: otherwise the connection ends with a plain 400 and null comes
 * back. `protocol` is the one that is chosen of those that were offered; `headers` are lines of the answer.
 */
export function acceptSocket(
  { request, socket, head }: TakenConnection,
  protocol: string | null,
  headers: readonly string[],
  allowances: SocketAllowances,
): MessageSocket | null {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    handleProtocols: () => protocol ?? false,
    ...LIMITS,
  })
  server.on('headers', (lines) => lines.push(...headers))
  server.on('wsClientError', (_, failed) => failed.destroy())
  let accepted: MessageSocket | null = null
  server.handleUpgrade(request, socket, head, (opened) => {
    accepted = new OpenSocket(opened, { raw: socket, isMasked: true, allowances })
  })
  return accepted
}

export interface DialTarget {
  /** `ws:` or `wss:`. */
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** Those that are offered; none when absent. */
  readonly protocols?: readonly string[]
  readonly handshakeMs: number
}

export type Dialled =
  | { readonly outcome: 'open'; readonly socket: MessageSocket }
  /** It answered, but not with a WebSocket. */
  | {
      readonly outcome: 'answered'
      readonly status: number
      readonly headers: IncomingHttpHeaders
      readonly body: Buffer
    }
  | { readonly outcome: 'late' }
  | { readonly outcome: 'given_up' }
  | { readonly outcome: 'failed'; readonly error: Error }

/**
 * Opens a WebSocket; redirects are not followed. It is paused: nothing is read from it before `resume`. Never rejects.
 */
export function dialSocket(
  { url, headers, protocols = [], handshakeMs }: DialTarget,
  signal: AbortSignal,
  allowances: SocketAllowances,
): Promise<Dialled> {
  return new Promise((resolve) => {
    let isLate = false
    const options = { headers: { ...headers }, followRedirects: false, finishRequest: askOnce, ...LIMITS }
    const socket = new WebSocket(url, [...protocols], options)
    const timer = setTimeout(() => {
      isLate = true
      socket.terminate()
    }, handshakeMs)
    const giveUp = () => socket.terminate()
    const settle = (dialled: Dialled) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      resolve(dialled)
    }
    signal.addEventListener('abort', giveUp)
    socket.on('error', (error) => {
      if (signal.aborted) settle({ outcome: 'given_up' })
      else settle(isLate ? { outcome: 'late' } : { outcome: 'failed', error })
    })
    socket.on('unexpected-response', (call, answer) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const over = () => {
        settle({
          outcome: 'answered',
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks),
        })
        call.destroy()
      }
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= MAX_REFUSAL_BYTES) chunks.push(chunk)
        else over()
      })
      answer.once('end', over)
      answer.once('close', over)
      answer.on('error', over)
    })
    let raw: Duplex | null = null
    socket.once('upgrade', (answer) => {
      raw = answer.socket
    })
    socket.once('open', () => {
      socket.pause()
      // INVARIANT: it opens by the answer that upgrades the connection.
      if (raw !== null)
        settle({ outcome: 'open', socket: new OpenSocket(socket, { raw, isMasked: false, allowances }) })
    })
    if (signal.aborted) giveUp()
  })
}

/** Sends the handshake. An upstream that answers it with informational answers only would keep this process busy. */
function askOnce(call: ClientRequest): void {
  let early = 0
  call.on('information', () => {
    if (++early > MAX_EARLY_ANSWERS) call.destroy(new Error('too many informational answers'))
  })
  call.end()
}
