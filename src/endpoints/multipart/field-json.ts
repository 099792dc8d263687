import type { JsonValue } from '../../model/json.ts'
import { ownValue } from '../../model/json.ts'
import { parseStrictJson } from '../../model/strict-json.ts'
import { JSON_LIMITS } from '../json.ts'

/** True for a text that a reader of JSON could take for an object or a list. */
export function beginsLikeJson(text: string): boolean {
  return /^[ \t\r\n]*[{[]/.test(text)
}

/**
 * The value of a field that may be written as JSON: an object or a list that all parsers read alike, or the text itself
 * where it does not begin like one. Undefined for what begins like JSON and is none.
 */
export function readFieldJson(text: string): JsonValue | undefined {
  if (!beginsLikeJson(text)) return text
  // INVARIANT: an object with one member is one value in its braces: what would close them early would leave a rest.
  const parsed = parseStrictJson(Buffer.from(`{"value":${text}}`), JSON_LIMITS)
  if (!parsed.ok || Object.keys(parsed.value.value).length !== 1) return undefined
  return ownValue(parsed.value.value, 'value')
}
