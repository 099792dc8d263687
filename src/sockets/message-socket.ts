import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type Fault, fault } from '../model/fault.ts'
import type { MessageSocket, SocketAllowances } from '../model/ports.ts'
import { HeldBytes } from './held-bytes.ts'

/** Bytes that may wait for a peer before nothing more is sent to it, and at which sending goes on. */
const FULL_BYTES = 512 * 1024
const LOW_BYTES = 64 * 1024
/** What a message takes while it waits, beside its bytes: many small ones take most of all (measured). */
const MESSAGE_BYTES = 256
/** Pings and pongs of one peer in a second: they are no part of a message, and nobody needs more than a few. */
const MAX_CONTROL_FRAMES = 100
const WINDOW_MS = 1000

/** Where a connection comes from, and what it may take of memory. */
export interface Connected {
  readonly raw: Duplex
  /** What comes from a client is masked, so that the head of its frames is longer. */
  readonly isMasked: boolean
  readonly allowances: SocketAllowances
}

/** One end of a WebSocket, as the library has it open. */
export class OpenSocket implements MessageSocket {
  onMessage: ((message: Buffer, isBinary: boolean) => void) | null = null
  onDrain: (() => void) | null = null
  onExcess: ((excess: Fault) => void) | null = null
  onClose: ((code: number, broke: boolean) => void) | null = null
  readonly #socket: WebSocket
  readonly #unread: HeldBytes
  readonly #unsent: HeldBytes
  readonly #frameHead: number
  readonly #tooManyPings: Fault
  #heardAt = performance.now()
  #fullSince = Number.POSITIVE_INFINITY
  /** Messages that wait for the peer to take them. */
  #waiting = 0
  /** Bytes since the last whole message. */
  #pending = 0
  #controlFrames = 0
  #windowSince = 0

  constructor(socket: WebSocket, { raw, isMasked, allowances }: Connected) {
    this.#socket = socket
    this.#unread = new HeldBytes(allowances.unread)
    this.#unsent = new HeldBytes(allowances.unsent)
    this.#frameHead = isMasked ? 6 : 2
    this.#tooManyPings = isMasked ? clientPings : upstreamPings
    // Before the library takes the bytes: a message that they complete then counts no more.
    raw.prependListener('data', (chunk: Buffer) => {
      this.#pending += chunk.length
      this.#mayHold(this.#unread.hold(this.#pending))
    })
    socket.on('message', (message, isBinary) => {
      this.#heardAt = performance.now()
      this.#release()
      this.onMessage?.(message as Buffer, isBinary)
    })
    socket.on('ping', (payload: Buffer) => {
      // Not each one needs an answer (RFC 6455 section 5.5.3): who takes nothing gets none.
      if (this.#control(payload) && this.#isOpen && this.#unsentBytes < FULL_BYTES) socket.pong(payload)
    })
    socket.on('pong', (payload: Buffer) => this.#control(payload))
    // What breaks the protocol is answered with its code by the library, which then closes: there the end is told.
    let broke = false
    socket.on('error', (error: NodeJS.ErrnoException) => {
      broke = error.code?.startsWith('WS_ERR_') ?? false
    })
    socket.once('close', (code) => {
      this.#release()
      this.#unsent.release()
      this.onClose?.(code, broke)
    })
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  #mayHold(excess: Fault | null): void {
    if (excess !== null) this.onExcess?.(excess)
  }

  #release(): void {
    this.#pending = 0
    this.#unread.release()
  }

  /** A sign of life, and no part of what is not whole yet. False where it is one too many. */
  #control({ length }: Buffer): boolean {
    const now = performance.now()
    this.#heardAt = now
    this.#pending -= this.#frameHead + length
    if (this.#pending <= 0) this.#release()
    if (now - this.#windowSince >= WINDOW_MS) {
      this.#windowSince = now
      this.#controlFrames = 0
    }
    if (++this.#controlFrames <= MAX_CONTROL_FRAMES) return true
    this.#mayHold(this.#tooManyPings)
    return false
  }

  get #unsentBytes(): number {
    return this.#socket.bufferedAmount + this.#waiting * MESSAGE_BYTES
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
    this.#waiting++
    this.#socket.send(message, { binary: isBinary, fin: true }, this.#sent)
    const waiting = this.#unsentBytes
    this.#mayHold(this.#unsent.hold(waiting))
    if (waiting < FULL_BYTES) return true
    if (this.#fullSince === Number.POSITIVE_INFINITY) this.#fullSince = performance.now()
    return false
  }

  ping(): void {
    if (this.#isOpen) this.#socket.ping()
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
    this.#waiting--
    if (this.#unsentBytes > LOW_BYTES) return
    this.#unsent.release()
    if (this.#fullSince === Number.POSITIVE_INFINITY) return
    this.#fullSince = Number.POSITIVE_INFINITY
    this.onDrain?.()
  }
}

const clientPings = fault('rate_limit_exceeded', 'too many pings: one in a few seconds is enough', {
  reason: 'control_frames',
})
const upstreamPings = fault('upstream_unavailable', 'the upstream sent too many pings', { reason: 'bad_stream' })
