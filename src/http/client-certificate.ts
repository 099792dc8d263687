import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../model/identity.ts'

/** By the socket of the connection that showed it: no other connection's, and never a request's. */
const shown = new WeakMap<Socket, ClientCertificate>()

/** The verified certificate of a connection's client. Costs nothing where no certificates are asked for. */
export function clientCertificateOf(socket: Socket): ClientCertificate | undefined {
  return (socket as TLSSocket).encrypted === true ? shown.get(socket) : undefined
}

/**
 * Keeps the certificate of a connection whose handshake has ended. False where there is one that was not verified: such a
 * connection goes no further. A client without a certificate may come with another credential.
 *
 * INVARIANT: a session is never resumed where certificates are asked for, so that the certificate is of this handshake.
 */
export function keepClientCertificate(socket: TLSSocket, authorities: string): boolean {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return true
  if (!socket.authorized || socket.isSessionReused()) return false
  let untilMs = Number.POSITIVE_INFINITY
  let count = 0
  for (let one: typeof leaf | undefined = leaf; one !== undefined && count < 16; one = one.issuerCertificate) {
    untilMs = Math.min(untilMs, one.validToDate.getTime())
    count++
  }
  const { raw } = leaf
  shown.set(socket, { raw, thumbprint: hash('sha256', raw, 'base64url'), authorities, untilMs })
  return true
}
