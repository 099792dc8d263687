import { type Fault, fault } from '../model/fault.ts'
import { failed, ok, type Result } from '../model/result.ts'

const LF = 10
const CR = 13
const NONE: readonly Buffer[] = Object.freeze([])

/**
 * Cuts a file into its lines while it is read, in pieces of any size. A line ends with LF, or CR LF; behind the last one
 * the end may be missing. Each line comes with its end. Of one that goes on the pieces are held, as far as a line may be long.
 *
 * Faults: `body_too_large` for a line of more than `maxBytes`; whose it is the caller knows by `count`.
 */
export class LineReader {
  readonly #maxBytes: number
  #held: Buffer[] = []
  #heldBytes = 0
  #count = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Lines that have ended so far. */
  get count(): number {
    return this.#count
  }

  /** Of the line that goes on. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The lines that end in this piece. */
  push(piece: Buffer): Result<readonly Buffer[], Fault> {
    let lines: Buffer[] | null = null
    let from = 0
    for (let end = piece.indexOf(LF); end !== -1; end = piece.indexOf(LF, from)) {
      const line = this.#ended(piece.subarray(from, end + 1))
      if (!line.ok) return line
      lines ??= []
      lines.push(line.value)
      from = end + 1
    }
    const rest = piece.subarray(from)
    if (rest.length > 0) {
      this.#held.push(rest)
      this.#heldBytes += rest.length
    }
    // A CR may belong to the line's end, which is yet to come.
    return this.#heldBytes > this.#maxBytes + 1 ? this.#tooLong() : ok(lines ?? NONE)
  }

  /** The line that nothing ends; null where there is none. */
  end(): Result<Buffer | null, Fault> {
    return this.#heldBytes === 0 ? ok(null) : this.#ended(NOTHING)
  }

  #ended(last: Buffer): Result<Buffer, Fault> {
    const whole = this.#heldBytes === 0 ? last : Buffer.concat([...this.#held, last])
    this.#held = []
    this.#heldBytes = 0
    if (whole.length - endOf(whole) > this.#maxBytes) return this.#tooLong()
    this.#count++
    return ok(whole)
  }

  #tooLong(): Result<never, Fault> {
    return failed(fault('body_too_large', `has more than ${this.#maxBytes} bytes`, { reason: 'body_too_large' }))
  }
}

const NOTHING = Buffer.alloc(0)

/** How many bytes of a line are its end. */
export function endOf(line: Buffer): number {
  const last = line.length - 1
  if (line[last] !== LF) return 0
  return line[last - 1] === CR ? 2 : 1
}
