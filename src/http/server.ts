import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TlsSettings } from '../model/settings.ts'
import type { BodyBreak } from './body.ts'
import { Connection, type Start } from './connection.ts'
import { Deadlines } from './deadlines.ts'
import { Exchange } from './exchange.ts'
import { openListener } from './tls.ts'
import { Upgrade } from './upgrade.ts'

const MAX_HEAD_BYTES = 16 * 1024
const MAX_HEADERS = 200

export interface ServerLimits {
  readonly headMs: number
  readonly bodyMs: number
  readonly uploadMs: number
  readonly keepAliveMs: number
}

/** What Node allows a whole request: more than the exchange does, which answers one that is late. */
export function requestLimit({ headMs, bodyMs, uploadMs }: ServerLimits): number {
  return headMs + Math.max(bodyMs, uploadMs) + 5000
}

/**
 * Bytes that never became a request: they have no id, one 400 or 431 answers them and the connection closes. Status null: a
 * TLS handshake that failed, which nothing can be answered to.
 */
export interface RejectedConnection {
  readonly status: 400 | 408 | 431 | null
  readonly reason: string
  readonly clientIp: string | undefined
  readonly clientPort: number | undefined
}

type Answered = NonNullable<RejectedConnection['status']>

export interface ServerPorts {
  readonly newRequestId: () => string
  /** Handles one request to its end; never throws. */
  readonly handle: (request: IncomingMessage, exchange: Exchange) => void
  readonly rejected: (connection: RejectedConnection) => void
  /** True for the target of an operation that is a WebSocket. */
  readonly upgrades: (target: string) => boolean
  /** True once the proxy drains: every answer closes its connection. */
  readonly draining: () => boolean
}

/**
 * The proxy's HTTP/1.1 listener. Node by itself runs pipelined requests side by side and goes on to run those that it
 * has read after an answer said `Connection: close`; here they run in order and none after a close
 * (RFC 9112 sections 9.3.2 and 9.6).
 */
export function createProxyServer(limits: ServerLimits, ports: ServerPorts, tls: TlsSettings | null): Server {
  const deadlines = new Deadlines()
  // Where no protocol is switched to, Node forgets what it has already read behind such a request, so that the two ends
  // would be out of step: its answer is the connection's last one. So is that of a WebSocket which is refused.
  const upgrading = new WeakSet<IncomingMessage>()
  const upgrades = new WeakMap<IncomingMessage, Upgrade>()
  const isUpgraded = (request: IncomingMessage) => {
    upgrading.add(request)
    const isIdle = (Connection.of(request.socket)?.active ?? null) === null
    return isIdle && request.method === 'GET' && ports.upgrades(request.url ?? '')
  }

  const options = {
    requireHostHeader: false, // answered by `receive`, so that it is audited like any other request
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: limits.headMs,
    requestTimeout: requestLimit(limits),
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: 1000,
    insecureHTTPParser: false,
    noDelay: true,
    shouldUpgradeCallback: isUpgraded,
  }
  const server = openListener(options, tls, limits.headMs, (failed) => ports.rejected({ status: null, ...failed }))
  server.maxHeadersCount = MAX_HEADERS

  const start: Start = (connection, request, response, expectsContinue) => {
    const asksUpgrade = upgrading.has(request)
    if (asksUpgrade || ports.draining()) response.shouldKeepAlive = false
    const exchange = new Exchange(request, response, ports.newRequestId(), expectsContinue, connection)
    if (asksUpgrade) exchange.upgrade = upgrades.get(request) ?? null
    connection.active = exchange
    ports.handle(request, exchange)
  }
  const connectionOf = (socket: Duplex) =>
    Connection.of(socket) ?? new Connection(socket, deadlines, limits.bodyMs, start)
  const accept = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    const connection = connectionOf(request.socket)
    if (!connection.take(request, response, expectsContinue)) {
      reject(request.socket, connection, 400, 'pipeline_limit')
    }
  }
  const reject = (socket: Duplex, connection: Connection, status: Answered, reason: string) => {
    const { remoteAddress, remotePort } = socket as Socket
    connection.closing = true
    ports.rejected({ status, reason, clientIp: remoteAddress, clientPort: remotePort })
    if (connection.active) connection.active.last()
    else lastWords(socket as Socket, rawAnswer(status))
  }

  server.on('request', (request, response) => accept(request, response, false))
  server.on('checkContinue', (request, response) => accept(request, response, true))
  server.on('checkExpectation', (request, response) => accept(request, response, false))
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    // Node has let go of this socket: nobody else hears its errors, nor tells an earlier answer that it may go on.
    socket.on('error', () => undefined)
    socket.resume()
    const connection = connectionOf(socket)
    if (connection.active !== null) {
      reject(socket, connection, 400, 'connect_in_pipeline')
      socket.destroy()
      return
    }
    accept(request, lastAnswer(request, socket as Socket), false)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined)
    const response = lastAnswer(request, socket as Socket)
    upgrades.set(request, new Upgrade(request, response, socket as Socket, head))
    accept(request, response, false)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const connection = connectionOf(socket)
    const unused = (socket as Socket).bytesRead === 0
    if (unused || GONE.has(error.code ?? '')) {
      connection.closing = true
      socket.destroy()
      return
    }
    // Bytes that break off a request's own body are that request's fault; it has an id and is answered by it.
    const how = breakOf(error.code)
    if (connection.active?.breakBody(how)) {
      if (how === 'client_closed') socket.destroy()
      return
    }
    if (connection.closing) return
    reject(socket, connection, statusOf(error.code), (error.code ?? 'malformed').toLowerCase())
  })
  return server
}

/** An answer on a connection that Node has let go of: afterwards it is closed. */
function lastAnswer(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.destroySoon())
  return response
}

/** How long, and how much, a refused peer may go on sending: closing at once would reset its unread answer away. */
const LINGER_MS = 1000
const LINGER_BYTES = 1024 * 1024

function lastWords(socket: Socket, answer: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const limit = socket.bytesRead + LINGER_BYTES
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', () => socket.destroy())
  // The parser takes no more bytes after its error; without this each further one would be another error.
  socket.removeAllListeners('data')
  socket.on('data', () => {
    if (socket.bytesRead > limit) socket.destroy()
  })
  socket.resume()
  socket.end(answer)
}

/** What the socket says when its peer is not there any more. */
const GONE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT'])

function breakOf(code: string | undefined): BodyBreak {
  if (code === 'HPE_INVALID_EOF_STATE') return 'client_closed'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timeout' : 'malformed'
}

function statusOf(code: string | undefined): Answered {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}

const REASONS = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
} as const

function rawAnswer(status: Answered): string {
  const body = JSON.stringify({
    error: {
      message: 'the connection did not carry a well-formed HTTP request',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_request',
    },
  })
  return `HTTP/1.1 ${status} ${REASONS[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
}
