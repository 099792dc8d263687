import type { Sink } from './sink.ts'

export type Answer = (accepted: boolean) => void

export interface Line {
  readonly text: string
  /** When it was queued; monotonic milliseconds. */
  readonly at: number
  /** The request that it decides. */
  readonly request: string | undefined
  readonly answer: Answer | null
}

const SCRATCH_BYTES = 64 * 1024
const UTF8_PER_UNIT = 3
const NEWLINE = 10
/** Lines that are gone from the front before the array is cut. */
const SLACK = 512

/** Lines on their way to a sink: written in order, none torn, as many as fit with one write. */
export class LineQueue {
  readonly #sink: Sink
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  readonly #ends: number[] = []
  #lines: Line[] = []
  #next = 0
  /** Bytes of the next line that the kernel has. */
  #offset = 0
  /** The next line was cut by an error: it is ended with a newline and written again, whole. */
  #torn = false
  /** Characters, which for all but exotic names are bytes. */
  size = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  get length(): number {
    return this.#lines.length - this.#next
  }

  get oldest(): Line | undefined {
    return this.#lines[this.#next]
  }

  push(line: Line): void {
    this.#lines.push(line)
    this.size += line.text.length
  }

  /** Writes until nothing is left (null) or the sink answers with an error (its code); adds what is written whole. */
  drain(written: Line[]): string | null {
    while (this.#next < this.#lines.length) {
      const taken = this.#sink.write(this.#scratch, this.#encode())
      if (typeof taken === 'string') return this.#stopped(taken)
      if (taken === 0) return this.#stopped('EAGAIN')
      this.#advance(taken, written)
    }
    this.#lines = []
    this.#next = 0
    return null
  }

  /** Takes out every line that waits for an answer. The next one stays when some of it is written: it is `begun`. */
  withdraw(): { readonly withdrawn: readonly Line[]; readonly begun: Line | null } {
    const waiting = this.#lines.slice(this.#next)
    const first = waiting[0]
    const begun = first?.answer && (this.#offset > 0 || this.#torn) ? first : null
    const withdrawn = waiting.filter((line) => line.answer && line !== begun)
    this.#lines = waiting.filter((line) => !line.answer || line === begun)
    if (begun) this.#lines[0] = { ...begun, answer: null }
    this.#next = 0
    for (const { text } of withdrawn) this.size -= text.length
    return { withdrawn, begun }
  }

  /** Takes out everything. */
  clear(): readonly Line[] {
    const left = this.#lines.slice(this.#next)
    this.#lines = []
    this.#next = 0
    this.size = 0
    return left
  }

  #encode(): number {
    const scratch = this.#scratch
    const ends = this.#ends
    ends.length = 0
    let end = 0
    if (this.#torn) scratch[end++] = NEWLINE
    for (let index = this.#next; index < this.#lines.length; index++) {
      const text = this.#lines[index]?.text ?? ''
      if (end + text.length * UTF8_PER_UNIT > SCRATCH_BYTES) break
      const bytes = scratch.write(text, end)
      if (index === this.#next && this.#offset > 0) {
        scratch.copyWithin(end, end + this.#offset, end + bytes)
        end -= this.#offset
      }
      end += bytes
      ends.push(end)
    }
    return end
  }

  /** `taken` bytes of what was encoded are with the kernel. */
  #advance(taken: number, written: Line[]): void {
    let from = this.#torn ? 1 : 0
    this.#torn = false
    for (const end of this.#ends) {
      if (end > taken) {
        this.#offset = taken - from + this.#offset
        return
      }
      const line = this.#lines[this.#next++]
      if (line) {
        this.size -= line.text.length
        written.push(line)
      }
      this.#offset = 0
      from = end
    }
  }

  #stopped(code: string): string {
    // A line of which only the newline is missing is ended by the newline.
    if (code !== 'EAGAIN' && this.#offset > 0 && this.#ends[0] !== 1) {
      this.#torn = true
      this.#offset = 0
    }
    if (this.#next > SLACK) {
      this.#lines = this.#lines.slice(this.#next)
      this.#next = 0
    }
    return code
  }
}
