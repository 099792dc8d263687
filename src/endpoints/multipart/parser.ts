import { type Fault, fault } from '../../model/fault.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { isText, type PartHead, readPartHead } from './part-head.ts'
import { TextPart } from './text-part.ts'

/** What clients write is below 512 bytes; Node's own limit for the head of a whole request is twice this. */
export const MAX_HEADER_BYTES = 8 * 1024
/** The API takes 16 images beside 25 fields; the files of a skill can be sent packed where there are more. */
export const MAX_PARTS = 128
/** Of one field, since it is held until the form is judged: ten seconds of speech, in a data URL, are below half of it. */
export const MAX_FIELD_BYTES = 1024 * 1024
/** Of all fields together: there may be four such samples of speech. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024

/** One thing that the bytes so far say. A file comes as `file`, its bytes in any number of pieces, and `end`. */
export type FormEvent =
  | { readonly kind: 'field'; readonly head: PartHead; readonly text: string }
  | { readonly kind: 'file'; readonly head: PartHead }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end' }

/** What the next byte belongs to; `behind` are the two bytes after a boundary, which say what comes. */
type State = 'start' | 'behind' | 'headers' | 'content' | 'closed'

const CR = 13
const LF = 10
const DASH = 45
const NOTHING = Buffer.alloc(0)

/**
 * Reads a `multipart/form-data` body piece by piece, as one form or not at all. What two readers are known to disagree on
 * is refused: anything before the first boundary or behind the last, a boundary anywhere but at the beginning of a line,
 * or with anything behind it, lines that do not end in CRLF, and headers beyond those of `readPartHead`.
 *
 * Holds the headers of one part, the text of its field and less than one boundary, whatever the size of the body; the
 * bytes of a file are slices of what was pushed. The first fault stands. Faults: `invalid_body`, saying which part.
 *
 * Does not check: which fields there are, and how often. Source: RFC 2046 section 5.1.1, RFC 7578.
 */
export class FormParser {
  /** With the line end before it. */
  readonly #delimiter: Buffer
  readonly #dashed: Buffer
  /** What was read of the first boundary, of what follows one, of headers or of the end. */
  readonly #line = Buffer.allocUnsafe(MAX_HEADER_BYTES)
  #lineLength = 0
  #state: State = 'start'
  #fault: Fault | null = null
  #events: FormEvent[] = []
  #parts = 0
  #head: PartHead | null = null
  #text: TextPart | null = null
  #textBytes = 0
  #contentBytes = 0
  /** The end of the content so far, as far as it could be the beginning of a boundary. */
  #held: Buffer = NOTHING

  /** `boundary`: as `boundaryOf` answers it. */
  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    this.#dashed = this.#delimiter.subarray(2)
  }

  /** What these bytes say after all before them. */
  push(chunk: Buffer): Result<readonly FormEvent[], Fault> {
    let at = 0
    while (at < chunk.length && this.#fault === null) {
      at = this.#state === 'content' ? this.#takeContent(chunk, at) : this.#takeByte(chunk, at)
    }
    const events = this.#events
    this.#events = []
    return this.#fault === null ? ok(events) : failed(this.#fault)
  }

  /** Null when the form was complete. */
  end(): Fault | null {
    if (this.#fault !== null) return this.#fault
    if (this.#state !== 'closed') this.#refuse('ends before the last boundary')
    else if (this.#lineLength === 1) this.#refuse('goes on behind its last boundary')
    return this.#fault
  }

  #refuse(says: string): undefined {
    const inPart = this.#parts > 0 && this.#state !== 'closed'
    const named = this.#head === null ? '' : ` (\`${this.#head.name}\`)`
    const where = inPart ? `part ${this.#parts}${named} of the form` : 'the form'
    this.#fault = fault('invalid_body', `${where} ${says}`, { param: this.#head?.name ?? null, reason: 'body_invalid' })
    this.#events = []
    this.#held = NOTHING
    this.#text = null
  }

  /** Takes one byte that is not content. There are few of them: boundaries and headers. */
  #takeByte(chunk: Buffer, at: number): number {
    if (this.#lineLength === this.#line.length) this.#refuse(`has more than ${MAX_HEADER_BYTES} bytes of headers`)
    else {
      this.#line[this.#lineLength++] = chunk[at] as number
      if (this.#state === 'start') this.#takeStart()
      else if (this.#state === 'behind') this.#takeBehind()
      else if (this.#state === 'headers') this.#takeHeaders()
      else this.#takeEnd()
    }
    return at + 1
  }

  #takeStart(): undefined {
    const last = this.#lineLength - 1
    if (this.#line[last] !== this.#dashed[last]) this.#refuse('must begin with its boundary')
    else if (this.#lineLength === this.#dashed.length) this.#go('behind')
  }

  #takeBehind(): undefined {
    const [first, second] = this.#line
    if (this.#lineLength < 2) return
    if (first === CR && second === LF) {
      if (this.#parts === MAX_PARTS) return this.#refuse(`is the last of ${MAX_PARTS} that a form may have`)
      this.#parts++
      this.#head = null
      this.#go('headers')
    } else if (first !== DASH || second !== DASH) this.#refuse('has a boundary with something behind it')
    else if (this.#parts === 0) this.#refuse('has no parts')
    else {
      this.#head = null
      this.#go('closed')
    }
  }

  #takeHeaders(): undefined {
    const length = this.#lineLength
    const line = this.#line
    if (line[length - 1] !== LF || line[length - 2] !== CR) return
    if (length > 2 && (line[length - 3] !== LF || line[length - 4] !== CR)) return
    const head = readPartHead(line.subarray(0, Math.max(0, length - 4)))
    if (!head.ok) return this.#refuse(head.fault)
    this.#head = head.value
    this.#contentBytes = 0
    this.#text = isText(head.value) ? new TextPart() : null
    if (this.#text === null) this.#events.push({ kind: 'file', head: head.value })
    this.#go('content')
  }

  /** A line end behind the last boundary, and nothing else. */
  #takeEnd(): undefined {
    const length = this.#lineLength
    const isLineEnd = length <= 2 && this.#line[length - 1] === (length === 1 ? CR : LF)
    if (!isLineEnd) this.#refuse('goes on behind its last boundary')
  }

  #go(state: State): undefined {
    this.#state = state
    this.#lineLength = 0
  }

  /** Takes content up to its boundary or to the end of the chunk; answers where it ended. */
  #takeContent(chunk: Buffer, from: number): number {
    const held = this.#held
    const rest = chunk.subarray(from)
    if (held.length === 0) return from + this.#scan(rest)
    this.#held = NOTHING
    // Every boundary that begins in what is held ends in this seam.
    const seam = Buffer.concat([held, rest.subarray(0, this.#delimiter.length)])
    const isWhole = rest.length <= this.#delimiter.length
    const found = seam.indexOf(this.#dashed)
    if (isWhole || (found !== -1 && found - 2 < held.length)) return from + this.#scan(seam) - held.length
    this.#emit(held)
    return from + this.#scan(rest)
  }

  /** Takes content that begins with `window`; answers how much of it was content or the boundary behind it. */
  #scan(window: Buffer): number {
    const found = window.indexOf(this.#dashed)
    if (found === -1) {
      const kept = this.#beginning(window)
      this.#emit(window.subarray(0, window.length - kept))
      // A copy, since a slice would keep what it was cut from.
      if (kept > 0) this.#held = Buffer.from(window.subarray(window.length - kept))
      return window.length
    }
    if (window[found - 2] !== CR || window[found - 1] !== LF) {
      this.#refuse('has its boundary within a line')
      return window.length
    }
    this.#emit(window.subarray(0, found - 2))
    this.#close()
    return found + this.#dashed.length
  }

  /** How many bytes at the end of `window` could begin a boundary, with or without its line end. */
  #beginning(window: Buffer): number {
    const last = window.length
    for (let at = Math.max(0, last - this.#delimiter.length + 1); at < last; at++) {
      const byte = window[at]
      if (byte !== CR && byte !== DASH) continue
      const sought = byte === CR ? this.#delimiter : this.#dashed
      if (window.compare(sought, 0, Math.min(last - at, sought.length), at, last) === 0) return last - at
    }
    return 0
  }

  #emit(bytes: Buffer): undefined {
    if (bytes.length === 0 || this.#fault !== null) return
    this.#contentBytes += bytes.length
    if (this.#text === null) {
      this.#events.push({ kind: 'bytes', bytes })
      return
    }
    this.#textBytes += bytes.length
    if (this.#contentBytes > MAX_FIELD_BYTES) {
      return this.#refuse(`has more than ${MAX_FIELD_BYTES} bytes of text: send a file with a \`filename\``)
    }
    if (this.#textBytes > MAX_TEXT_BYTES) {
      return this.#refuse(`has, with the fields before it, more than ${MAX_TEXT_BYTES} bytes of text`)
    }
    this.#text.add(bytes)
  }

  #close(): undefined {
    const head = this.#head
    if (head === null || this.#fault !== null) return
    if (head.length !== null && head.length !== this.#contentBytes) {
      return this.#refuse('is not as long as its `Content-Length` says')
    }
    if (this.#text === null) this.#events.push({ kind: 'end' })
    else {
      const text = this.#text.read()
      if (!text.ok) return this.#refuse(text.fault)
      this.#events.push({ kind: 'field', head, text: text.value })
      this.#text = null
    }
    this.#go('behind')
  }
}
