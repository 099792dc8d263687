import type { JsonObject } from '../../model/json.ts'
import { type JsonLimits, parseStrictJson } from '../../model/strict-json.ts'

/** Of a token, a key set or a provider's metadata. */
const LIMITS: JsonLimits = { depth: 32, members: 20_000, containers: 20_000, values: 50_000 }

/**
 * Reads a JSON object of a token or provider; null for everything that two parsers could read differently. The caller
 * bounds the size. Source: RFC 7515 section 4 and RFC 7519 section 4 ask for unique names; RFC 8725 section 3.7 for UTF-8.
 */
export function readJsonObject(bytes: Buffer): JsonObject | null {
  const parsed = parseStrictJson(bytes, LIMITS)
  return parsed.ok ? parsed.value.value : null
}
