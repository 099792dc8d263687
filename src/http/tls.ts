import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { TlsSettings } from '../model/settings.ts'

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
  })
  limitHandshakes(server, handshakeMs, failed)
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const reason = reasonOf(error)
    if (reason !== null) failed({ reason, clientIp: socket.remoteAddress, clientPort: socket.remotePort })
  })
  return server
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
  if (tls !== null && server instanceof TlsServer)
    server.setSecureContext({ ...material(tls), minVersion: tls.minVersion })
}

function material({ cert, key }: TlsSettings): { readonly cert: string; readonly key: string } {
  return { cert, key: key.reveal() }
}

/** Null for a peer that left before it said anything: a port scan, a health check of a load balancer. */
function reasonOf({ code = '' }: NodeJS.ErrnoException): string | null {
  if (code === 'ECONNRESET' || code === 'EPIPE') return null
  return code === 'ERR_SSL_HTTP_REQUEST' ? 'tls_expected' : 'tls_handshake_failed'
}
