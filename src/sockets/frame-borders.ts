const MAX_HEAD_BYTES = 14
/** The first byte of a goodbye: whole, as every control frame must be, and of no extension. */
const CLOSE = 0x88
/** What a goodbye without a code is said to have (RFC 6455 section 7.1.5). */
const NO_CODE = 1005

/**
 * Where the frames of one direction of a WebSocket end, read from their heads alone: what is in them is not looked at, but
 * for the code of a goodbye. What breaks the protocol is the peers' to notice: here nothing is refused.
 */
export class FrameBorders {
  readonly #head = new Uint8Array(MAX_HEAD_BYTES)
  #headBytes = 0
  #isClose = false
  #left = 0
  /** Bytes of a goodbye's content so far, and what they say. */
  #read = 0
  #code = 0
  #closeCode: number | null = null

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left === 0) {
        this.#head[this.#headBytes++] = chunk[at++] ?? 0
        if (this.#headBytes === this.#headLength()) this.#begin()
        continue
      }
      const taken = Math.min(this.#left, chunk.length - at)
      if (this.#isClose) this.#readCode(chunk.subarray(at, at + taken))
      this.#left -= taken
      at += taken
    }
  }

  /** Another frame could begin here. */
  get isAtBorder(): boolean {
    return this.#headBytes === 0 && this.#left === 0
  }

  /** The code of the first goodbye; null until there is one. */
  get closeCode(): number | null {
    return this.#closeCode
  }

  /** As far as it can be told. */
  #headLength(): number {
    if (this.#headBytes < 2) return 2
    const second = this.#head[1] ?? 0
    const size = second & 127
    return 2 + (size === 127 ? 8 : size === 126 ? 2 : 0) + (second & 128 ? 4 : 0)
  }

  #begin(): void {
    const size = (this.#head[1] ?? 0) & 127
    this.#left = size === 127 ? this.#number(2, 8) : size === 126 ? this.#number(2, 2) : size
    this.#isClose = this.#head[0] === CLOSE && this.#closeCode === null
    if (this.#isClose) {
      this.#closeCode = NO_CODE
      this.#read = this.#code = 0
    }
    this.#headBytes = 0
  }

  #number(from: number, bytes: number): number {
    let value = 0
    for (let at = from; at < from + bytes; at++) value = value * 256 + (this.#head[at] ?? 0)
    return value
  }

  #readCode(content: Buffer): void {
    const isMasked = ((this.#head[1] ?? 0) & 128) !== 0
    for (const byte of content.subarray(0, 2 - this.#read)) {
      // Its size is below 126, so that the mask follows at once.
      const mask = isMasked ? (this.#head[2 + this.#read] ?? 0) : 0
      this.#code = this.#code * 256 + (byte ^ mask)
      if (++this.#read === 2) this.#closeCode = this.#code
    }
  }
}

/** A goodbye as one frame. `mask`: of what goes to a server; null for what goes to a client. */
export function closeFrame(code: number, reason: string, mask: Buffer | null): Buffer {
  const content = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason, 'latin1')])
  const head = Buffer.from([CLOSE, (mask === null ? 0 : 128) | content.length])
  if (mask === null) return Buffer.concat([head, content])
  return Buffer.concat([head, mask, content.map((byte, at) => byte ^ (mask[at % 4] ?? 0))])
}
