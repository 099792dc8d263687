import type { WebSocket } from 'ws'
import type { MessageSocket } from '../model/ports.ts'

/** Bytes that may wait for a peer before nothing more is sent to it, and at which sending goes on. */
const FULL_BYTES = 512 * 1024
const LOW_BYTES = 64 * 1024

/** One end of a WebSocket, as the library has it open. */
export class OpenSocket implements MessageSocket {
  onMessage: ((message: Buffer, isBinary: boolean) => void) | null = null
  onDrain: (() => void) | null = null
  onClose: ((code: number, broke: boolean) => void) | null = null
  readonly #socket: WebSocket
  #heardAt = performance.now()
  #fullSince = Number.POSITIVE_INFINITY

  constructor(socket: WebSocket) {
    this.#socket = socket
    const heard = () => {
      this.#heardAt = performance.now()
    }
    socket.on('message', (message, isBinary) => {
      heard()
      this.onMessage?.(message as Buffer, isBinary)
    })
    socket.on('ping', heard)
    socket.on('pong', heard)
    // What breaks the protocol is answered with its code by the library, which then closes: there the end is told.
    let broke = false
    socket.on('error', (error: NodeJS.ErrnoException) => {
      broke = error.code?.startsWith('WS_ERR_') ?? false
    })
    socket.once('close', (code) => this.onClose?.(code, broke))
  }

  /** Who is not read from cannot be heard. */
  get heardAt(): number {
    return this.#socket.isPaused ? performance.now() : this.#heardAt
  }

  get fullSince(): number {
    return this.#fullSince
  }

  send(text: Buffer | string): boolean {
    this.#socket.send(text, { binary: false, fin: true }, this.#sent)
    if (this.#socket.bufferedAmount < FULL_BYTES) return true
    if (this.#fullSince === Number.POSITIVE_INFINITY) this.#fullSince = performance.now()
    return false
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#heardAt = performance.now()
    this.#socket.resume()
  }

  close(code: number, reason: string): void {
    // A peer whose goodbye is to be read must be read from.
    this.#socket.resume()
    this.#socket.close(code, reason)
  }

  cut(): void {
    this.#socket.terminate()
  }

  readonly #sent = (): void => {
    if (this.#fullSince === Number.POSITIVE_INFINITY || this.#socket.bufferedAmount > LOW_BYTES) return
    this.#fullSince = Number.POSITIVE_INFINITY
    this.onDrain?.()
  }
}
