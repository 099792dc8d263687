import { isUtf8 } from 'node:buffer'
import { isJsonObject, type JsonBody, type JsonObject, type JsonValue } from './json.ts'
import { closingQuote, skipSpace } from './json-text.ts'
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
 * top and no key twice in one object, however it is escaped. Depth is judged before anything is parsed.
 *
 * Does not check: what the members mean; lone surrogates in strings; the size, which the caller bounds.
 * Source: RFC 8259 sections 4 and 8.1, RFC 7493 section 2.3, RFC 7519 section 4.
 */
export function parseStrictJson(bytes: Buffer, limits: JsonLimits): Result<JsonBody, JsonDefect> {
  if (bytes.length === 0) return defect('is empty: send a JSON object')
  if (!isUtf8(bytes)) return defect('is not valid UTF-8')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return defect('begins with a byte order mark: leave it out')
  }
  const text = bytes.toString('utf8')
  const members = countWritten(text, limits)
  if (typeof members === 'string') return defect(members)
  let value: JsonValue
  try {
    value = JSON.parse(text)
  } catch {
    return defect('is not valid JSON')
  }
  if (!isJsonObject(value)) return defect('must be a JSON object')
  // INVARIANT: in valid JSON each colon outside a string is one member, and a key that stands twice is kept once.
  if (countKept(value) !== members) return defect('has a key twice in one object', true)
  // V8 has been seen to read an escaped key wrongly, now and then (Node 26.10): what goes on then is what was read here.
  if (!hasEscapedKey(text)) return ok({ value, text, bytes })
  const rewritten = JSON.stringify(value)
  return ok({ value, text: rewritten, bytes: Buffer.from(rewritten) })
}

/** True when some key of the valid text is written with an escape. */
function hasEscapedKey(text: string): boolean {
  let backslash = text.indexOf('\\')
  for (let index = 0; backslash !== -1 && index < text.length; index++) {
    if (text.charCodeAt(index) !== 34) continue
    const from = index + 1
    index = closingQuote(text, from)
    if (index === -1) return true
    if (backslash < from) backslash = text.indexOf('\\', from)
    if (backslash !== -1 && backslash < index && text.charCodeAt(skipSpace(text, index + 1)) === 58) return true
  }
  return false
}

/** The members that the text writes down, or why it goes no further. Exact on valid JSON; the parser refuses the rest. */
function countWritten(text: string, limits: JsonLimits): number | string {
  let depth = 0
  let members = 0
  let containers = 0
  let values = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 34) {
      index = closingQuote(text, index + 1)
      if (index === -1) return 'is not valid JSON'
    } else if (code === 44) {
      if (++values > limits.values) return `has more than ${limits.values} values`
    } else if (code === 58) {
      if (++members > limits.members) return `has more than ${limits.members} members`
    } else if (code === 123 || code === 91) {
      if (++depth > limits.depth) return `is nested deeper than ${limits.depth} levels`
      if (++containers > limits.containers) return `has more than ${limits.containers} objects and lists`
    } else if (code === 125 || code === 93) depth--
  }
  return members
}

/** Own keys of all objects in the parsed value. Recursion is bounded by the depth that the text was admitted with. */
function countKept(value: JsonObject | readonly JsonValue[]): number {
  let count = 0
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === 'object' && element !== null) count += countKept(element)
    return count
  }
  // A parsed object inherits nothing that this loop would see: it costs a third of a list of keys.
  const object = value as JsonObject
  for (const key in object) {
    count++
    const member = object[key]
    if (typeof member === 'object' && member !== null) count += countKept(member)
  }
  return count
}

function defect(says: string, repeatsKey = false): Result<never, JsonDefect> {
  return failed({ says, repeatsKey })
}
