import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Fault } from '../model/fault.ts'
import type { HeldAllowance, MessageSocket } from '../model/ports.ts'

/** Bytes that may wait for a peer before nothing more is sent to it, and at which sending goes on. */
const FULL_BYTES = 512 * 1024
const LOW_BYTES = 64 * 1024
/** Pieces of messages are counted in steps of this: most messages come in one piece and are never counted. */
const COUNTED_BYTES = 64 * 1024

/** One end of a WebSocket, as the library has it open. */
export class OpenSocket implements MessageSocket {
  onMessage: ((message: Buffer, isBinary: boolean) => void) | null = null
  onDrain: (() => void) | null = null
  onExcess: ((excess: Fault) => void) | null = null
  onClose: ((code: number, broke: boolean) => void) | null = null
  readonly #socket: WebSocket
  #heardAt = performance.now()
  #fullSince = Number.POSITIVE_INFINITY
  /** Bytes since the last whole message, and how many of them were counted. */
  #pending = 0
  #counted = 0
  #allowance: HeldAllowance | null = null

  constructor(socket: WebSocket) {
    this.#socket = socket
    const heard = () => {
      this.#heardAt = performance.now()
    }
    socket.on('message', (message, isBinary) => {
      heard()
      this.#release()
      this.onMessage?.(message as Buffer, isBinary)
    })
    socket.on('ping', heard)
    socket.on('pong', heard)
    // What breaks the protocol is answered with its code by the library, which then closes: there the end is told.
    let broke = false
    socket.on('error', (error: NodeJS.ErrnoException) => {
      broke = error.code?.startsWith('WS_ERR_') ?? false
    })
    socket.once('close', (code) => {
      this.#release()
      this.onClose?.(code, broke)
    })
  }

  /** Counts what is read from the connection until it is a whole message. */
  count(raw: Duplex, allowance: HeldAllowance): void {
    this.#allowance = allowance
    // Before the library takes the bytes: a message that they complete then counts no more.
    raw.prependListener('data', (chunk: Buffer) => {
      this.#pending += chunk.length
      if (this.#pending - this.#counted < COUNTED_BYTES) return
      const excess = allowance.take(this.#pending - this.#counted)
      this.#counted = this.#pending
      if (excess) this.onExcess?.(excess)
    })
  }

  #release(): void {
    if (this.#counted > 0) this.#allowance?.release()
    this.#pending = this.#counted = 0
  }

  /** Who is not read from cannot be heard. */
  get heardAt(): number {
    return this.#socket.isPaused ? performance.now() : this.#heardAt
  }

  get fullSince(): number {
    return this.#fullSince
  }

  /** The protocol that was chosen; empty for none. */
  get protocol(): string {
    return this.#socket.protocol
  }

  send(message: Buffer | string, isBinary = false): boolean {
    this.#socket.send(message, { binary: isBinary, fin: true }, this.#sent)
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
