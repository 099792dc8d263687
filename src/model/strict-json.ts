import { isUtf8 } from 'node:buffer'
import { isJsonObject, type JsonBody, type JsonObject, type JsonValue } from './json.ts'
import { readValidJson } from './json-reader.ts'
import { closingQuote } from './json-text.ts'
import { failed, ok, type Result } from './result.ts'

export interface JsonLimits {
  /** Levels of nested objects and lists. */
  readonly depth: number
  /** Members of all objects together: what an attack on hash tables would need many of. */
  readonly members: number
  /** Objects and lists together. */
  readonly containers: number
  /** Values that follow another one in their object or list: what a parser takes longest for, byte by byte. */
  readonly values: number
}

/** What is wrong, as the end of a sentence: `is not valid JSON`. */
export interface JsonDefect {
  readonly says: string
  readonly repeatsKey: boolean
}

/**
 * Reads an object that no two parsers can read differently: valid UTF-8, no byte order mark, RFC 8259, an object at the
 * top, no key twice in one object, however it is escaped, and no number beyond a double. Depth is judged before anything
 * is parsed. The text and the bytes are always those that were read.
 *
 * Does not check: what the members mean; lone surrogates in strings; how many digits of a number a parser keeps; the
 * size, which the caller bounds.
 * Source: RFC 8259 sections 4, 6 and 8.1, RFC 7493 sections 2.2 and 2.3, RFC 7519 section 4.
 */
export function parseStrictJson(bytes: Buffer, limits: JsonLimits): Result<JsonBody, JsonDefect> {
  if (bytes.length === 0) return defect('is empty: send a JSON object')
  if (!isUtf8(bytes)) return defect('is not valid UTF-8')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return defect('begins with a byte order mark: leave it out')
  }
  const text = bytes.toString('utf8')
  const written = countWritten(text, limits)
  if (typeof written === 'string') return defect(written)
  let value: JsonValue
  try {
    value = JSON.parse(text)
  } catch {
    return defect('is not valid JSON')
  }
  // An escaped key may be misread above: what is judged has to be what the bytes say.
  if (written.hasEscapedKey) value = readValidJson(text)
  if (!isJsonObject(value)) return defect('must be a JSON object')
  const kept = countKept(value)
  if (Number.isNaN(kept)) return defect('has a number beyond the range of a double')
  // INVARIANT: in valid JSON each colon outside a string is one member, and a key that stands twice is kept once.
  return kept === written.members ? ok({ value, text, bytes }) : defect('has a key twice in one object', true)
}

interface Written {
  readonly members: number
  /** Some key is written with an escape. */
  readonly hasEscapedKey: boolean
}

/** What the text writes down, or why it goes no further. Exact on valid JSON; the parser refuses the rest. */
function countWritten(text: string, limits: JsonLimits): Written | string {
  let depth = 0
  let members = 0
  let containers = 0
  let values = 0
  let backslash = nextBackslash(text, 0)
  let isEscaped = false // the last string, which before a colon is a key
  let hasEscapedKey = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 44 && code < 58) continue // digits first: long lists are numbers
    if (code === 34) {
      const from = index + 1
      index = closingQuote(text, from)
      if (index === -1) return 'is not valid JSON'
      if (backslash < from) backslash = nextBackslash(text, from)
      isEscaped = backslash < index
    } else if (code === 44) {
      if (++values > limits.values) return `has more than ${limits.values} values`
    } else if (code === 58) {
      if (++members > limits.members) return `has more than ${limits.members} members`
      if (isEscaped) hasEscapedKey = true
    } else if (code === 123 || code === 91) {
      if (++depth > limits.depth) return `is nested deeper than ${limits.depth} levels`
      if (++containers > limits.containers) return `has more than ${limits.containers} objects and lists`
    } else if (code === 125 || code === 93) depth--
  }
  return { members, hasEscapedKey }
}

function nextBackslash(text: string, from: number): number {
  const index = text.indexOf('\\', from)
  return index === -1 ? text.length : index
}

/**
 * Own keys of all objects in the parsed value; NaN when a number is infinite. Recursion is bounded by the depth that the
 * text was admitted with.
 */
function countKept(value: JsonObject | readonly JsonValue[]): number {
  let count = 0
  if (Array.isArray(value)) {
    for (const element of value) {
      if (typeof element === 'number') {
        if (!Number.isFinite(element)) return Number.NaN
      } else if (typeof element === 'object' && element !== null) count += countKept(element)
    }
    return count
  }
  // A parsed object inherits nothing that this loop would see: it costs a third of a list of keys.
  const object = value as JsonObject
  for (const key in object) {
    count++
    const member = object[key]
    if (typeof member === 'number') {
      if (!Number.isFinite(member)) return Number.NaN
    } else if (typeof member === 'object' && member !== null) count += countKept(member)
  }
  return count
}

function defect(says: string, repeatsKey = false): Result<never, JsonDefect> {
  return failed({ says, repeatsKey })
}
