import type { JsonObject, JsonValue } from './json.ts'
import { closingQuote, skipSpace } from './json-text.ts'

/**
 * Reads JSON text key by key, as it is written. Of a key that stands twice the last one is kept, as by `JSON.parse`.
 *
 * For texts in which a key is written with an escape. The V8 of Node 24 and 26 compares such a key as it is written, cut
 * to the length that it is read to, with keys that were parsed before in its place: after `{"a":0,"mode\\":0}` the second
 * key of `{"a":0,"mode\u006c":0}` is read as `mode\` for as long as an object of that form is known (nodejs/node#63785).
 * Whoever sends one body could choose what is not seen in the next one.
 *
 * Does not check: anything. The text must be valid JSON, and its depth bounded.
 */
export function readValidJson(text: string): JsonValue {
  return new Reading(text).value()
}

/**
 * V8 copies a slice of at most so many characters. A longer one would keep the whole text in memory, which nobody counts,
 * for as long as somebody remembers a name from it.
 */
const COPIED = 12

class Reading {
  readonly #text: string
  #index = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): JsonValue {
    this.#skipSpace()
    switch (this.#text.charCodeAt(this.#index)) {
      case 123: // {
        return this.#object()
      case 91: // [
        return this.#list()
      case 34: // "
        return this.#string()
      case 116: // t
        this.#index += 4
        return true
      case 102: // f
        this.#index += 5
        return false
      case 110: // n
        this.#index += 4
        return null
      default:
        return this.#number()
    }
  }

  #object(): JsonObject {
    const object: Record<string, JsonValue> = {}
    this.#index++
    while (!this.#closes(125)) {
      const key = this.#string()
      this.#skipSpace()
      this.#index++ // the colon
      const value = this.value()
      if (key !== '__proto__') object[key] = value
      else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
    }
    return object
  }

  #list(): readonly JsonValue[] {
    const list: JsonValue[] = []
    this.#index++
    while (!this.#closes(93)) list.push(this.value())
    return list
  }

  /** Goes on to the next element or member; true when there is none, and then past the end of the list or object. */
  #closes(bracket: number): boolean {
    this.#skipSpace()
    const code = this.#text.charCodeAt(this.#index)
    if (code !== bracket && code !== 44) return false
    this.#index++
    this.#skipSpace()
    return code === bracket
  }

  #string(): string {
    const start = this.#index
    const end = closingQuote(this.#text, start + 1)
    this.#index = end + 1
    const written = this.#text.slice(start + 1, end)
    // A string alone is read soundly, with all its escapes, and is a copy.
    const isRead = written.length > COPIED || written.includes('\\')
    return isRead ? JSON.parse(this.#text.slice(start, end + 1)) : written
  }

  #number(): number {
    const start = this.#index
    let index = start + 1
    while (isOfNumber(this.#text.charCodeAt(index))) index++
    this.#index = index
    // A list of very many single digits is what takes longest, byte by byte.
    const first = this.#text.charCodeAt(start)
    return index - start === 1 ? first - 48 : Number(this.#text.slice(start, index))
  }

  #skipSpace(): void {
    this.#index = skipSpace(this.#text, this.#index)
  }
}

/** Digits, `+`, `-`, `.`, `e` and `E`; false for NaN, behind the end. */
function isOfNumber(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46 || code === 45 || code === 43 || code === 101 || code === 69
}
