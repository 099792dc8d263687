import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientUpgrade, TakenConnection } from '../model/ports.ts'

/** What a client may say before it is answered, which it should not at all (RFC 6455 section 4.1). */
const MAX_EARLY_BYTES = 64 * 1024

/** A request for a WebSocket on a connection that Node has let go of, with the answer that it gets if it is refused. */
export class Upgrade implements ClientUpgrade {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #early: Buffer[]
  #earlyBytes = 0
  #isTaken = false

  constructor(request: IncomingMessage, response: ServerResponse, socket: Socket, head: Buffer) {
    this.#request = request
    this.#response = response
    this.#socket = socket
    this.#early = [head]
  }

  /** An end of the connection that nobody reads is not seen. What is read meanwhile is kept for who takes it. */
  watch(): void {
    this.#socket.on('data', this.#keep)
    this.#socket.once('end', this.#leave)
  }

  take(): TakenConnection | null {
    if (this.#isTaken || this.#response.headersSent || !this.#socket.writable) return null
    this.#isTaken = true
    const socket = this.#socket
    socket.off('data', this.#keep)
    socket.off('end', this.#leave)
    // As Node hands a connection over: it flows again once somebody listens to it.
    socket.pause()
    socket.readableFlowing = null
    this.#response.detachSocket(socket)
    return { request: this.#request, socket, head: Buffer.concat(this.#early) }
  }

  readonly #keep = (bytes: Buffer): void => {
    this.#early.push(bytes)
    this.#earlyBytes += bytes.length
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.#leave()
  }

  readonly #leave = (): void => {
    this.#socket.destroy()
  }
}
