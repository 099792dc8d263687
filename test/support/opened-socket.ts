import { type ClientOptions, WebSocket } from 'ws'
import { within } from './within.ts'

/** Asks the proxy for a WebSocket; who wants to hear all of it listens before it is awaited. */
export function dialled(
  { port }: { readonly port: number },
  target: string,
  token: string,
  protocols: string[] = [],
  more: ClientOptions = {},
): WebSocket {
  const headers = { authorization: `Bearer ${token}` }
  return new WebSocket(`ws://127.0.0.1:${port}${target}`, protocols, { headers, ...more })
}

/** Resolves when it is open; rejects where the handshake is refused. */
export function opened(socket: WebSocket, what: string): Promise<void> {
  const open = new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  return within(open, what)
}

/** How it was closed. */
export function closed(socket: WebSocket): Promise<{ readonly code: number; readonly reason: string }> {
  return new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
}
