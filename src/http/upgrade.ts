import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientUpgrade, TakenConnection } from '../model/ports.ts'

/** A request for a WebSocket on a connection that Node has let go of, with the answer that it gets if it is refused. */
export class Upgrade implements ClientUpgrade {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #head: Buffer
  #isTaken = false

  constructor(request: IncomingMessage, response: ServerResponse, socket: Socket, head: Buffer) {
    this.#request = request
    this.#response = response
    this.#socket = socket
    this.#head = head
  }

  take(): TakenConnection | null {
    if (this.#isTaken || this.#response.headersSent || !this.#socket.writable) return null
    this.#isTaken = true
    this.#response.detachSocket(this.#socket)
    return { request: this.#request, socket: this.#socket, head: this.#head }
  }
}
