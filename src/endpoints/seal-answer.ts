import type { AnswerForm } from './answer-forms.ts'
import { type Change, JsonIds, type SuffixOf } from './seal-json.ts'

const LF = 10
const CR = 13
const COLON = 58
const FIELD = Buffer.from('data')
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** So many ids of one answer are remembered with their seals: events of a stream name the same few. */
const MAX_REMEMBERED = 64

/** What an id is to say beside whose it is, by where it stands, as `SuffixOf` has it; null for nothing. */
export type Verdicts = (key: string, depth: number, id: string) => string | null

/** Seals the ids in a passing answer, and takes the marks out of its names. */
export interface AnswerSealer {
  /**
   * The bytes to send for a piece of the answer. Nothing is changed but by an insertion, or a mark that goes, and nothing
   * held back but a name whose end is in the next piece.
   */
  push(chunk: Buffer): Buffer
  /** What was held back when the answer ends; null for nothing. */
  end(): Buffer | null
}

/**
 * Opens the sealer of one answer. Its bytes may come in pieces of any size: of them only a string of the length of an id is
 * remembered. In a stream of events the data of each event is one JSON text.
 *
 * Does not seal: what stands at no place of the form, and what cannot be sealed; both leave as they came and open nothing.
 */
export function openAnswerSealer(
  form: AnswerForm,
  kind: 'json' | 'sse',
  suffixOf: (id: string, verdict?: string) => string | null,
  verdicts: Verdicts | null = null,
): AnswerSealer {
  const plain = remembering(suffixOf)
  const suffix: SuffixOf = verdicts === null ? plain : saying(suffixOf, verdicts, plain)
  const reader = kind === 'json' ? new JsonIds(form, suffix) : new StreamIds(() => new JsonIds(form, suffix))
  let held: Buffer | null = null
  return {
    push: (chunk) => {
      const piece = held === null ? chunk : Buffer.concat([held, chunk])
      const changes: Change[] = []
      const length = reader.read(piece.toString('latin1'), 0, changes, true)
      // A copy, since a part of a piece keeps all of it in memory.
      held = length === piece.length ? null : Buffer.from(piece.subarray(length))
      const read = held === null ? piece : piece.subarray(0, length)
      return changes.length === 0 ? read : changed(read, changes)
    },
    end: () => held,
  }
}

/** The same of an answer that is there whole. Nothing of it is lost, whatever it breaks off in. */
export function sealedWhole(sealer: AnswerSealer, answer: Buffer): Buffer {
  const sealed = sealer.push(answer)
  const rest = sealer.end()
  return rest === null ? sealed : Buffer.concat([sealed, rest])
}

function saying(
  suffixOf: (id: string, verdict: string) => string | null,
  verdicts: Verdicts,
  plain: SuffixOf,
): SuffixOf {
  return (id, key, depth) => {
    const verdict = verdicts(key, depth, id)
    return verdict === null ? plain(id, key, depth) : suffixOf(id, verdict)
  }
}

function remembering(suffixOf: (id: string) => string | null): (id: string) => string | null {
  const known = new Map<string, string>()
  return (id) => {
    const remembered = known.get(id)
    if (remembered !== undefined) return remembered
    const suffix = suffixOf(id)
    // A copy, since a part of a text keeps all of it in memory. What can be sealed is ASCII.
    if (suffix !== null && known.size < MAX_REMEMBERED) known.set(Buffer.from(id, 'latin1').toString('latin1'), suffix)
    return suffix
  }
}

function changed(chunk: Buffer, changes: readonly Change[]): Buffer {
  let length = chunk.length
  for (const { text, cut } of changes) length += text.length - cut
  const whole = Buffer.allocUnsafe(length)
  let from = 0
  let written = 0
  for (const { at, text, cut } of changes) {
    written += chunk.copy(whole, written, from, at)
    written += whole.write(text, written, 'latin1')
    from = at + cut
  }
  chunk.copy(whole, written, from)
  return whole
}

/**
 * Reads the data of server-sent events as it passes. Data on several lines is one text, with line ends between: in JSON
 * they are spaces.
 *
 * Source: WHATWG HTML section 9.2.6.
 */
class StreamIds {
  readonly #open: () => JsonIds
  /** Of the event that passes; null before its data. */
  #ids: JsonIds | null = null
  /** `field`: the beginning of a line, which may become `data:`; `mark`: of the stream, which may be a byte order mark. */
  #place: 'mark' | 'field' | 'data' | 'other' = 'mark'
  /** How many bytes of what is looked for have been seen. */
  #matched = 0
  /** Nothing stands on the present line yet. */
  #isBlank = true
  /** The last byte was a CR: an LF that follows belongs to it. */
  #afterCr = false

  constructor(open: () => JsonIds) {
    this.#open = open
  }

  /** As `JsonIds` does. A name that its line ends is none. */
  read(chunk: string, _: number, changes: Change[], mayWait: boolean): number {
    // Each is looked for once, however many lines end in the other.
    let lf = chunk.indexOf('\n')
    let cr = chunk.indexOf('\r')
    let index = 0
    while (index < chunk.length) {
      const byte = chunk.charCodeAt(index)
      if (byte === LF || byte === CR) {
        this.#endLine(byte)
        index++
      } else if (this.#place === 'data' || this.#place === 'other') {
        if (lf !== -1 && lf < index) lf = chunk.indexOf('\n', index)
        if (cr !== -1 && cr < index) cr = chunk.indexOf('\r', index)
        const end = Math.min(lf === -1 ? chunk.length : lf, cr === -1 ? chunk.length : cr)
        if (this.#place === 'data') {
          this.#ids ??= this.#open()
          this.#afterCr = this.#isBlank = false
          const read = this.#ids.read(chunk.slice(index, end), index, changes, mayWait && end === chunk.length)
          if (index + read < end) return index + read
        }
        this.#afterCr = this.#isBlank = false
        index = end
      } else {
        this.#match(byte)
        index++
      }
    }
    return index
  }

  #endLine(byte: number): void {
    const isSecondHalf = this.#afterCr && byte === LF
    this.#afterCr = byte === CR
    if (isSecondHalf) return
    if (this.#isBlank) this.#ids = null
    this.#isBlank = true
    this.#place = 'field'
    this.#matched = 0
  }

  /** One byte of a line's beginning. */
  #match(byte: number): void {
    this.#afterCr = false
    if (this.#place === 'mark') {
      if (byte === BYTE_ORDER_MARK[this.#matched]) {
        if (++this.#matched < BYTE_ORDER_MARK.length) return
        this.#place = 'field'
        this.#matched = 0
        return
      }
      this.#place = this.#matched === 0 ? 'field' : 'other'
    }
    this.#isBlank = false
    if (this.#place !== 'field') return
    if (this.#matched === FIELD.length) this.#place = byte === COLON ? 'data' : 'other'
    else if (byte === FIELD[this.#matched]) this.#matched++
    else this.#place = 'other'
  }
}
