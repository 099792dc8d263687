import { type Fault, fault } from '../model/fault.ts'
import { failed, ok, type Result } from '../model/result.ts'

/**
 * Decodes one path segment or query text once. Null when it is malformed, not UTF-8, or encodes what needs no encoding:
 * of two spellings of one name only the one that encoders write is taken.
 */
export function decodeStrictly(text: string): string | null {
  if (!text.includes('%')) return text
  // Letters, digits, `-`, `.`, `_` and `~` (RFC 3986 section 2.3), and what encodeURIComponent leaves besides.
  if (/%(?:2[Dd]|2[Ee]|5[Ff]|7[Ee]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa])/.test(text)) return null
  return decodeAny(text)
}

function decodeAny(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/**
 * Keeps the parameters that an endpoint names, each at most once, written canonically in the order of the query; the
 * others are dropped. Faults: `invalid_request` for malformed encoding anywhere, and a named parameter that stands twice.
 */
export function readQuery(written: string, named: readonly string[]): Result<string, Fault> {
  const kept = new Map<string, string>()
  for (const pair of written.split('&')) {
    const equals = pair.indexOf('=')
    const name = decodeForm(equals === -1 ? pair : pair.slice(0, equals))
    const value = decodeForm(equals === -1 ? '' : pair.slice(equals + 1))
    if (name === null || value === null) return invalid('the query is not percent-encoded as it must be', 'query')
    if (!named.includes(name)) continue
    if (kept.has(name)) return invalid(`the query parameter \`${name}\` may stand once`, name)
    kept.set(name, value)
  }
  return ok([...kept].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&'))
}

function decodeForm(text: string): string | null {
  return decodeAny(text.replaceAll('+', ' '))
}

function invalid(message: string, param: string): Result<never, Fault> {
  return failed(fault('invalid_request', message, { param, reason: 'head_malformed' }))
}
