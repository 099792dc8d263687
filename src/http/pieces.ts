import type { IncomingMessage } from 'node:http'
import type { Fault } from '../model/fault.ts'
import type { TakePiece } from '../model/ports.ts'
import { afterReads } from '../model/turn.ts'
import { tooLarge } from './body.ts'

interface PiecePorts {
  readonly limitBytes: number
  readonly take: TakePiece
  /** Told of each piece that came and was taken: whoever sends is not idle. */
  readonly went: () => void
  readonly untaken: Fault
  readonly settle: (fault: Fault | null) => void
  /** Told instead of `settle` where the taker breaks: a bug of the taker is its caller's to see. */
  readonly broke: (cause: unknown) => void
}

/**
 * The body of one request on its way to somebody who keeps it: handed over piece by piece, and no piece before the one
 * before it was taken, so that a client sends no faster than its bytes are kept. Settled once, and while a piece is being
 * taken only if that takes too long.
 */
export class PieceReading {
  readonly #request: IncomingMessage
  readonly #ports: PiecePorts
  #length = 0
  #isOver = false
  #isTaking = false
  #isEnded = false
  /** Why it ends, once the piece that is being taken lets it. */
  #fault: Fault | null = null
  readonly #onPiece = (chunk: Buffer) => {
    try {
      this.#take(chunk)
    } catch (cause) {
      this.#break(cause)
    }
  }
  readonly #onEnd = () => this.#end()

  constructor(request: IncomingMessage, ports: PiecePorts) {
    this.#request = request
    this.#ports = ports
    request.on('data', this.#onPiece).on('end', this.#onEnd).on('error', ignore)
  }

  /** Stops reading, unless all of it was handed over. */
  fail(fault: Fault): void {
    if (this.#isOver || this.#fault !== null) return
    this.#fault = fault
    this.#leave()
    if (!this.#isTaking) this.#settle()
  }

  /**
   * The time is up. A piece that is still being taken may never be: then that is why, and nobody waits for it. `ofClient`:
   * why it ends else; null where the client has sent everything.
   */
  late(ofClient: Fault | null): void {
    if (!this.#isTaking) {
      if (ofClient) this.fail(ofClient)
      return
    }
    this.#fault ??= this.#ports.untaken
    this.#leave()
    this.#settle()
  }

  /** The request is read no further. */
  #leave(): void {
    this.#request.removeListener('data', this.#onPiece)
    this.#request.removeListener('end', this.#onEnd)
    this.#request.pause()
  }

  #take(chunk: Buffer): void {
    this.#length += chunk.length
    const isTooLarge = this.#length > this.#ports.limitBytes
    const taken = isTooLarge ? tooLarge(this.#ports.limitBytes, 'max_upload') : this.#ports.take(chunk)
    if (!(taken instanceof Promise)) {
      this.#taken(taken)
      return
    }
    this.#isTaking = true
    // From here on the time is the taker's: what the client has used of it is not counted against that one.
    this.#ports.went()
    this.#request.pause()
    void taken.then((fault) => this.#resume(fault)).catch((cause: unknown) => this.#break(cause))
  }

  #taken(fault: Fault | null): void {
    if (fault) this.fail(fault)
    else this.#ports.went()
  }

  #resume(fault: Fault | null): void {
    this.#isTaking = false
    if (this.#fault === null) this.#taken(fault)
    else this.#settle()
    if (this.#fault !== null) return
    if (this.#isEnded) this.#handOn()
    else this.#request.resume()
  }

  /** The end may be told of while the last piece is still being taken. */
  #end(): void {
    this.#isEnded = true
    if (!this.#isTaking) this.#handOn()
  }

  #handOn(): void {
    afterReads(() => this.#settle())
  }

  #settle(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ports.settle(this.#fault)
  }

  #break(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#leave()
    this.#ports.broke(cause)
  }
}

function ignore(): void {}
