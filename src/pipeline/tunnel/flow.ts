import type { Duplex } from 'node:stream'
import { FrameBorders } from '../../sockets/frame-borders.ts'

const NEVER = Number.POSITIVE_INFINITY

/** Bytes on their way from one end of a tunnel to the other, read no faster than they are taken. */
export class Flow {
  readonly frames = new FrameBorders()
  bytes = 0
  firstByteAt = 0
  /** When bytes were last read, or taken after they had waited. Milliseconds of `performance.now`. */
  movedAt = performance.now()
  /** Since when bytes wait for the reader; infinite while they do not. */
  fullSince = NEVER
  readonly #from: Duplex
  readonly #to: Duplex

  constructor(from: Duplex, to: Duplex) {
    this.#from = from
    this.#to = to
  }

  /** `clean`: makes of bytes that were read those that go on, as many of them or fewer for now. */
  pass(chunk: Buffer, clean: (chunk: Buffer, isWhole: boolean) => Buffer): void {
    this.movedAt = performance.now()
    if (this.firstByteAt === 0) this.firstByteAt = this.movedAt
    this.frames.push(chunk)
    const bytes = clean(chunk, this.frames.isAtBorder)
    this.bytes += bytes.length
    if (bytes.length === 0 || this.#to.write(bytes)) return
    if (this.fullSince === NEVER) this.fullSince = this.movedAt
    this.#from.pause()
  }

  drained(): void {
    this.movedAt = performance.now()
    this.fullSince = NEVER
    this.#from.resume()
  }
}
