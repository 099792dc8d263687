import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientUpgrade, TakenConnection } from '../model/ports.ts'

/** What a client may say before its WebSocket is open: there is nothing that it should. Bytes. */
const MAX_EARLY = 64 * 1024

/**
 * A request for a WebSocket on a connection that Node has let go of, with the answer that it gets if it is refused. The
 * connection is read from meanwhile, for nobody would notice otherwise that its client is gone.
 */
export class Upgrade implements ClientUpgrade {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #early: Buffer[]
  #bytes = 0
  #isTaken = false

  constructor(request: IncomingMessage, response: ServerResponse, socket: Socket, head: Buffer) {
    this.#request = request
    this.#response = response
    this.#socket = socket
    this.#early = [head]
    socket.on('data', this.#keep).once('end', this.#left)
    socket.resume()
  }

  take(): TakenConnection | null {
    if (this.#isTaken || this.#response.headersSent || !this.#socket.writable) return null
    this.#isTaken = true
    this.#response.detachSocket(this.#socket)
    this.#socket.off('data', this.#keep).off('end', this.#left)
    // It flows again in the next turn, when who took it listens.
    this.#socket.pause().resume()
    return { request: this.#request, socket: this.#socket, head: Buffer.concat(this.#early) }
  }

  readonly #keep = (bytes: Buffer): void => {
    // Of an answer that was refused nothing more is to come.
    if (this.#response.headersSent) return
    this.#early.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes > MAX_EARLY) this.#socket.pause()
  }

  readonly #left = (): void => {
    // What has been answered is still to be taken; `finish` closes the connection then.
    if (!this.#response.headersSent) this.#socket.destroy()
  }
}
