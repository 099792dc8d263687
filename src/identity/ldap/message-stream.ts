import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { berElement, isSoundMessage } from './ber.ts'

/** What one answer of a directory, all its entries together, may have. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/**
 * A connection to a directory, cut into whole messages: its reader gets exactly one at a time, so that what a server sends
 * cannot grow what is kept, nest what is called, or be read as a part of something else. An answer that is larger than any
 * directory has reason for, and what is no sound message, end the connection: the reader behind it looks for ends of lists that
 * are not there for ever. It never emits an error: it closes.
 */
export class MessageStream extends Duplex {
  /** What the LDAP client asks of a socket that it did not open. */
  readonly connecting = false
  readonly readyState = 'open'
  readonly #socket: Socket
  #held: Buffer[] = []
  #heldBytes = 0
  #needBytes = 2
  #answerBytes = 0

  constructor(socket: Socket) {
    super({ readableObjectMode: true, writableObjectMode: false, emitClose: true })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => this.destroy())
    socket.on('end', () => this.destroy())
    socket.on('close', () => this.destroy())
    // Closed before anybody listened.
    if (socket.destroyed) this.destroy()
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#answerBytes = 0
    this.#socket.write(chunk, () => done())
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#held = []
    this.#socket.destroy()
    done(null)
  }

  #take(chunk: Buffer): void {
    this.#answerBytes += chunk.length
    if (this.#answerBytes > MAX_ANSWER_BYTES) {
      this.destroy()
      return
    }
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#needBytes) return
    const bytes = this.#held.length === 1 ? chunk : Buffer.concat(this.#held, this.#heldBytes)
    let at = 0
    for (;;) {
      const element = berElement(bytes, at)
      if (element === null || (element !== undefined && element.tag !== 0x30)) {
        this.destroy()
        return
      }
      if (element === undefined || element.end > bytes.length) {
        this.#keep(bytes.subarray(at), element === undefined ? bytes.length - at + 1 : element.end - at)
        return
      }
      if (!isSoundMessage(bytes, element)) {
        this.destroy()
        return
      }
      this.push(bytes.subarray(at, element.end))
      at = element.end
    }
  }

  #keep(rest: Buffer, needBytes: number): void {
    this.#held = rest.length === 0 ? [] : [rest]
    this.#heldBytes = rest.length
    this.#needBytes = Math.max(2, needBytes)
  }
}
