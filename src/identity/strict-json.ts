import { isUtf8 } from 'node:buffer'
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts'
import { closingQuote } from '../model/json-text.ts'

/** Levels of nested objects and lists in a token, a key set or a provider's metadata. */
const MAX_DEPTH = 32
const MAX_MEMBERS = 20_000

/**
 * Reads a JSON object that no two parsers can read differently: valid UTF-8 without a byte order mark, no key twice in
 * one object, bounded depth and number of members. Null for everything else. The caller bounds the size.
 *
 * Source: RFC 7515 section 4 and RFC 7519 section 4 ask for unique names; RFC 8725 section 3.7 for UTF-8.
 */
export function readJsonObject(bytes: Buffer): JsonObject | null {
  // A byte order mark is valid UTF-8 and no JSON, so that the parser refuses it.
  if (!isUtf8(bytes)) return null
  const text = bytes.toString('utf8')
  const members = countMembers(text)
  if (members === -1) return null
  let value: JsonValue
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  // INVARIANT: in valid JSON each colon outside a string is one member, and a key that stands twice is kept once.
  return isJsonObject(value) && countKept(value) === members ? value : null
}

function countMembers(text: string): number {
  let depth = 0
  let members = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 34) {
      index = closingQuote(text, index + 1)
      if (index === -1) return -1
    } else if (code === 58) {
      if (++members > MAX_MEMBERS) return -1
    } else if (code === 123 || code === 91) {
      if (++depth > MAX_DEPTH) return -1
    } else if (code === 125 || code === 93) depth--
  }
  return members
}

/** Own keys of all objects. Recursion is bounded by the depth that the text was admitted with. */
function countKept(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0
  const members = Object.values(value) as JsonValue[]
  let count = Array.isArray(value) ? 0 : members.length
  for (const member of members) count += countKept(member)
  return count
}
