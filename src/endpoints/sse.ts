const LF = 10
const CR = 13
const MAX_EVENT_BYTES = 1024 * 1024
const FIRST_BYTES = 4096

/** Where the events of a stream go, in the order of the bytes: all of them together are the stream. */
export interface EventSink {
  /** One complete event, its blank line included. */
  event(bytes: Buffer): void
  /** A piece of an event that is too large to be looked at. */
  loose(bytes: Buffer): void
}

/**
 * Cuts a stream of server-sent events into events, however its bytes arrive: lines end in LF, CR or CRLF, also where a
 * CRLF is split between two chunks. Holds at most one incomplete event of a bounded size.
 *
 * Source: WHATWG HTML section 9.2.6.
 */
export class EventSplitter {
  readonly #sink: EventSink
  readonly #maxBytes: number
  #held: Buffer | null = null
  #heldBytes = 0
  /** Nothing stands on the present line yet. */
  #blank = true
  /** The last byte was a CR: an LF that follows belongs to it. */
  #afterCr = false
  /** That CR ended an event. */
  #ended = false
  #isLoose = false

  constructor(sink: EventSink, maxBytes = MAX_EVENT_BYTES) {
    this.#sink = sink
    this.#maxBytes = maxBytes
  }

  /** True between two events: what comes next begins one. */
  get between(): boolean {
    return this.#heldBytes === 0 && this.#blank && !this.#afterCr && !this.#isLoose
  }

  push(chunk: Buffer): void {
    const onlyLf = !this.#afterCr && chunk.indexOf(CR) === -1
    let start = 0
    let index = 0
    while (index < chunk.length) {
      const byte = chunk[index]
      if (this.#afterCr) {
        this.#afterCr = false
        if (byte === LF) index++
        if (this.#ended) {
          this.#finish(chunk.subarray(start, index))
          start = index
        }
        if (byte === LF) continue
      }
      if (byte !== LF && byte !== CR) {
        this.#blank = false
        index = onlyLf ? indexOrEnd(chunk, index + 1) : index + 1
        continue
      }
      index++
      if (byte === CR) {
        this.#afterCr = true
        this.#ended = this.#blank
      } else if (this.#blank) {
        this.#finish(chunk.subarray(start, index))
        start = index
      }
      this.#blank = true
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
  }

  /** What came after the last complete event; null when there is nothing. */
  end(): Buffer | null {
    return this.#heldBytes === 0 ? null : this.#take()
  }

  #finish(bytes: Buffer): void {
    this.#ended = false
    if (this.#isLoose || this.#heldBytes + bytes.length > this.#maxBytes) {
      this.#release(bytes)
      this.#isLoose = false
    } else if (this.#heldBytes === 0) this.#sink.event(bytes)
    else {
      this.#append(bytes)
      this.#sink.event(this.#take())
    }
  }

  #hold(bytes: Buffer): void {
    if (this.#isLoose || this.#heldBytes + bytes.length > this.#maxBytes) {
      this.#release(bytes)
      this.#isLoose = true
    } else this.#append(bytes)
  }

  #release(bytes: Buffer): void {
    if (this.#heldBytes > 0) this.#sink.loose(this.#take())
    if (bytes.length > 0) this.#sink.loose(bytes)
  }

  #append(bytes: Buffer): void {
    const needed = this.#heldBytes + bytes.length
    if (this.#held === null || needed > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, needed * 2))
      this.#held?.copy(larger, 0, 0, this.#heldBytes)
      this.#held = larger
    }
    bytes.copy(this.#held, this.#heldBytes)
    this.#heldBytes = needed
  }

  #take(): Buffer {
    const taken = (this.#held ?? Buffer.alloc(0)).subarray(0, this.#heldBytes)
    this.#held = null
    this.#heldBytes = 0
    return taken
  }
}

function indexOrEnd(chunk: Buffer, from: number): number {
  const found = chunk.indexOf(LF, from)
  return found === -1 ? chunk.length : found
}

/** The data of one event. `from` and `to` are its place in the event's text; -1 when it stands on several lines. */
export interface EventData {
  readonly text: string
  readonly from: number
  readonly to: number
}

const BYTE_ORDER_MARK = '\xef\xbb\xbf'

/** Reads the data of an event in Latin-1, one character a byte; null when it has none. */
export function eventData(event: string, isFirst: boolean): EventData | null {
  const hasCr = event.includes('\r')
  let data: EventData | null = null
  let start = isFirst && event.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  while (start < event.length) {
    const end = lineEnd(event, start, hasCr)
    const from = valueStart(event, start, end)
    if (from !== -1) {
      const text = event.slice(from, end)
      data = data === null ? { text, from, to: end } : { text: `${data.text}\n${text}`, from: -1, to: -1 }
    }
    start = end + 1
  }
  return data
}

function lineEnd(event: string, from: number, hasCr: boolean): number {
  if (!hasCr) {
    const lf = event.indexOf('\n', from)
    return lf === -1 ? event.length : lf
  }
  let index = from
  while (index < event.length && event.charCodeAt(index) !== LF && event.charCodeAt(index) !== CR) index++
  return index
}

/** Where the value of a `data` line begins; -1 for every other line. */
function valueStart(event: string, start: number, end: number): number {
  if (!event.startsWith('data', start)) return -1
  if (start + 4 === end) return end
  if (event[start + 4] !== ':') return -1
  return event[start + 5] === ' ' && start + 5 < end ? start + 6 : start + 5
}
