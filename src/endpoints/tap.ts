import { isJsonObject } from '../model/json.ts'
import { type MemberPlace, skipSpace } from '../model/json-text.ts'
import type { AnswerTap } from '../model/ports.ts'
import type { AnswerFacts } from '../model/request.ts'
import type { AnswerKind } from './endpoint.ts'
import { type EventSink, EventSplitter, eventData } from './sse.ts'
import { AnswerReading } from './usage.ts'

/** A larger JSON answer passes, and nothing is read from it. */
const MAX_JSON_BYTES = 8 * 1024 * 1024
/** A smaller one is parsed whole; in a larger one only the places of what is wanted are looked for. */
const MAX_PARSED_BYTES = 64 * 1024
/** Where an embeddings answer tells its usage: before its vectors or after them. */
const EDGE_BYTES = 4096
/** Answers that tell their id, model and end. */
type Told = 'completion' | 'response' | 'message'
/** How many events may pass before the stream is taken to tell no id and model. */
const MAX_ANONYMOUS = 16

/**
 * Opens a tap on one answer: it reads usage, id, model and finish reasons from the passing bytes and changes none of
 * them. With `stripUsage` (a stream whose usage the proxy asked for) what that brought in is taken out: the last chunk
 * that has only usage, and `"usage":null` of the others; then an incomplete event is held until it is complete.
 */
export function openTap(answer: AnswerKind, kind: 'json' | 'sse', status: number, stripUsage: boolean): AnswerTap {
  if (answer === 'none' || status < 200 || status > 299) return openPass()
  if (kind === 'sse') return answer === 'embedding' ? openPass() : new StreamTap(answer, stripUsage)
  return answer === 'embedding' ? new EdgeTap() : new JsonTap(answer)
}

function openPass(): AnswerTap {
  return { push: (chunk) => chunk, end: () => ({ rest: null, facts: {} }) }
}

class JsonTap implements AnswerTap {
  readonly #answer: Told
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(answer: Told) {
    this.#answer = answer
  }

  push(chunk: Buffer): Buffer {
    this.#bytes += chunk.length
    if (this.#bytes <= MAX_JSON_BYTES) this.#chunks.push(chunk)
    else this.#chunks = []
    return chunk
  }

  end(): { rest: null; facts: AnswerFacts } {
    const reading = new AnswerReading()
    if (this.#bytes <= MAX_PARSED_BYTES) this.#readWhole(reading)
    else if (this.#bytes <= MAX_JSON_BYTES) this.#readPlaces(reading)
    return { rest: null, facts: reading.facts() }
  }

  #readWhole(reading: AnswerReading): void {
    const [first] = this.#chunks
    const bytes = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks)
    let answer: unknown
    try {
      answer = JSON.parse(bytes.toString('utf8'))
    } catch {
      return
    }
    if (!isJsonObject(answer)) return
    if (this.#answer === 'response') reading.takeResponse(answer)
    else if (this.#answer === 'message') reading.takeMessage(answer)
    else reading.takeCompletion(answer)
  }

  #readPlaces(reading: AnswerReading): void {
    const text = Buffer.concat(this.#chunks).toString('latin1')
    const open = skipSpace(text, 0)
    if (this.#answer === 'response') reading.readResponse(text, open)
    else if (this.#answer === 'message') reading.readMessage(text, open)
    else reading.readCompletion(text, open)
  }
}

/** For answers that are long lists of numbers: only their first and last bytes are kept. */
class EdgeTap implements AnswerTap {
  #head = ''
  #tail: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): Buffer {
    if (this.#head.length < EDGE_BYTES) this.#head += chunk.toString('latin1', 0, EDGE_BYTES - this.#head.length)
    const joined = chunk.length >= EDGE_BYTES ? chunk : Buffer.concat([this.#tail, chunk])
    this.#tail = Buffer.from(joined.subarray(-EDGE_BYTES))
    return chunk
  }

  end(): { rest: null; facts: AnswerFacts } {
    const reading = new AnswerReading()
    reading.readEdge(this.#head)
    reading.readEdge(this.#tail.toString('latin1'))
    return { rest: null, facts: reading.facts() }
  }
}

class StreamTap implements AnswerTap, EventSink {
  readonly #answer: Told
  readonly #strips: boolean
  readonly #splitter = new EventSplitter(this)
  readonly #reading = new AnswerReading()
  #events = 0
  #out: Buffer[] = []

  constructor(answer: Told, strips: boolean) {
    this.#answer = answer
    this.#strips = strips && answer === 'completion'
  }

  push(chunk: Buffer): Buffer | null {
    if (this.#passesUnread(chunk)) return chunk
    this.#splitter.push(chunk)
    return this.#strips ? this.#takeOut() : chunk
  }

  end(): { rest: Buffer | null; facts: AnswerFacts } {
    const last = this.#splitter.end()
    if (last) this.event(last)
    return { rest: this.#strips ? this.#takeOut() : null, facts: this.#reading.facts() }
  }

  event(bytes: Buffer): void {
    const isFirst = this.#events++ === 0
    const text = bytes.toString('latin1')
    const kept = this.#isIdle && !this.#speaks(text) ? bytes : this.#read(text, bytes, isFirst)
    if (this.#strips && kept) this.#out.push(kept)
  }

  loose(bytes: Buffer): void {
    this.#events++
    if (this.#strips) this.#out.push(bytes)
  }

  /** The usual chunk is one or more whole deltas in which nothing is to be read: two searches, and no copy. */
  #passesUnread(chunk: Buffer): boolean {
    const { length } = chunk
    if (!this.#isIdle || length < 2 || chunk[length - 1] !== 10 || chunk[length - 2] !== 10) return false
    return this.#splitter.between && !this.#speaks(chunk.toString('latin1'))
  }

  /** Only usage and an end are still to be read. */
  get #isIdle(): boolean {
    return this.#events > 0 && (this.#reading.identified || this.#events > MAX_ANONYMOUS)
  }

  #speaks(text: string): boolean {
    if (this.#answer !== 'completion') return text.includes('"usage"')
    return (this.#strips ? text.includes('"usage"') : tells(text, '"usage"')) || tells(text, '"finish_reason"')
  }

  /** Reads one event; answers with the bytes that are to stay of it, null for none. */
  #read(event: string, bytes: Buffer, isFirst: boolean): Buffer | null {
    const data = eventData(event, isFirst)
    if (data === null) return bytes
    const open = skipSpace(data.text, 0)
    if (this.#answer !== 'completion') {
      if (this.#answer === 'response') this.#reading.readResponse(data.text, open)
      else this.#reading.readMessage(data.text, open)
      return bytes
    }
    const { choices, usage } = this.#reading.readCompletion(data.text, open)
    if (!this.#strips || !usage) return bytes
    if (!isNull(data.text, usage)) return choices && isEmptyList(data.text, choices) ? null : bytes
    return data.from === -1 ? bytes : without(bytes, usage, data.from)
  }

  #takeOut(): Buffer | null {
    const out = this.#out
    this.#out = []
    return out.length > 1 ? Buffer.concat(out) : (out[0] ?? null)
  }
}

/** True when a member of this name has a value other than null. */
function tells(text: string, name: string): boolean {
  let at = text.indexOf(name)
  while (at !== -1) {
    const colon = skipSpace(text, at + name.length)
    if (text.charCodeAt(colon) === 58 && text[skipSpace(text, colon + 1)] !== 'n') return true
    at = text.indexOf(name, at + name.length)
  }
  return false
}

function isNull(text: string, place: MemberPlace): boolean {
  return place.end - place.value === 4 && text.startsWith('null', place.value)
}

function isEmptyList(text: string, place: MemberPlace): boolean {
  return text[place.value] === '[' && skipSpace(text, place.value + 1) === place.end - 1
}

/** An event without one member of its data, which begins at `from`. */
function without(event: Buffer, { comma, key, end, next }: MemberPlace, from: number): Buffer {
  const [cutFrom, cutTo] = next !== -1 ? [key, next] : [comma === -1 ? key : comma, end]
  return Buffer.concat([event.subarray(0, from + cutFrom), event.subarray(from + cutTo)])
}
