import { constants } from 'node:crypto'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { TlsSettings } from '../model/settings.ts'
import { keepClientCertificate } from './client-certificate.ts'

/** A handshake that came to nothing: why, in a word, and from where. */
export interface FailedHandshake {
  readonly reason: string
  readonly clientIp: string | undefined
  readonly clientPort: number | undefined
}

/** A server of HTTP/1.1, over TLS where there are settings for it. */
export function openListener(
  options: ServerOptions,
  tls: TlsSettings | null,
  handshakeMs: number,
  failed: (handshake: FailedHandshake) => void,
): Server {
  if (tls === null) return createServer(options)
  const server = createTlsServer({
    ...options,
    ...material(tls),
    minVersion: tls.minVersion,
    // HTTP/2 is not spoken: a client that offers nothing else learns it in the handshake.
    ALPNProtocols: ['http/1.1'],
    // Only behind the limit below: Node tells of its own when nobody knows any more whose handshake it was.
    handshakeTimeout: handshakeMs + 5000,
    // Node's own refusal would be of those without a certificate, too.
    ...(tls.clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: false }),
  })
  if (tls.clientCa !== undefined) {
    authorities.set(server, tls.clientCa)
    askForCertificates(server, failed)
  }
  limitHandshakes(server, handshakeMs, failed)
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const reason = reasonOf(error)
    if (reason !== null) failed({ reason, clientIp: socket.remoteAddress, clientPort: socket.remotePort })
  })
  return server
}

/** What the certificates of a server's clients are verified by now. */
const authorities = new WeakMap<TlsServer, string>()

/** Ends a connection whose client shows a certificate that nobody here vouches for, before anything is read from it. */
function askForCertificates(server: TlsServer, failed: (handshake: FailedHandshake) => void): void {
  // A handshake ends by the authorities that it has begun with, however long its client takes over it.
  const begun = new Map<string, string>()
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    begun.set(peer, authorities.get(server) ?? '')
    socket.once('close', () => begun.delete(peer))
  })
  server.prependListener('secureConnection', (socket) => {
    if (keepClientCertificate(socket, begun.get(peerOf(socket)) ?? '')) return
    failed({ reason: 'client_certificate', clientIp: socket.remoteAddress, clientPort: socket.remotePort })
    socket.destroy()
  })
}

/** Cuts off who has not come to the end of the handshake in time. */
function limitHandshakes(server: TlsServer, limitMs: number, failed: (handshake: FailedHandshake) => void): void {
  const waiting = new Map<string, NodeJS.Timeout>()
  const settle = (peer: string) => {
    clearTimeout(waiting.get(peer))
    waiting.delete(peer)
  }
  server.on('connection', (socket: Socket) => {
    const { remoteAddress: clientIp, remotePort: clientPort } = socket
    const peer = peerOf(socket)
    const late = () => {
      failed({ reason: 'tls_handshake_timeout', clientIp, clientPort })
      socket.destroy()
    }
    waiting.set(peer, setTimeout(late, limitMs))
    socket.once('close', () => settle(peer))
  })
  server.on('secureConnection', (socket) => settle(peerOf(socket)))
}

/** One of the connections that are open. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Takes another certificate for connections that are still to come. A listener without TLS stays so. */
export function renewTls(server: Server, tls: TlsSettings | null): void {
  if (tls === null || !(server instanceof TlsServer)) return
  // Whether certificates are asked for is settled at the start.
  const asked = authorities.get(server)
  const { clientCa = asked } = tls
  const renewed = asked === undefined || clientCa === undefined ? withoutAuthorities(tls) : { ...tls, clientCa }
  server.setSecureContext({ ...material(renewed), minVersion: tls.minVersion })
  if (asked === undefined || clientCa === undefined || clientCa === asked) return
  authorities.set(server, clientCa)
  server.closeIdleConnections()
}

function withoutAuthorities({ clientCa: _, ...tls }: TlsSettings): TlsSettings {
  return tls
}

/**
 * A resumed session brings its client's certificate along without a look at it: with certificates there are no tickets, and
 * Node keeps no sessions by itself.
 */
function material({ cert, key, clientCa }: TlsSettings): SecureContextOptions {
  const own = { cert, key: key.reveal() }
  return clientCa === undefined ? own : { ...own, ca: clientCa, secureOptions: constants.SSL_OP_NO_TICKET }
}

/** Null for a peer that left before it said anything: a port scan, a health check of a load balancer. */
function reasonOf({ code = '' }: NodeJS.ErrnoException): string | null {
  if (code === 'ECONNRESET' || code === 'EPIPE') return null
  return code === 'ERR_SSL_HTTP_REQUEST' ? 'tls_expected' : 'tls_handshake_failed'
}
