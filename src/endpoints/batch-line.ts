import { type Fault, fault } from '../model/fault.ts'
import { isJsonObject, type JsonBody, type JsonObject, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'
import type { Reason } from '../model/reasons.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { parseStrictJson } from '../model/strict-json.ts'
import { endOf } from './batch-lines.ts'
import { BATCH_URLS } from './batch-verdicts.ts'
import { shown } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { ENDPOINTS } from './index.ts'
import { JSON_LIMITS } from './json.ts'

/** One line of a batch: a request that runs later. */
export interface BatchLine {
  /** The caller's own name of the line. */
  readonly customId: string
  readonly endpoint: Endpoint
  readonly body: JsonBody
  /** The text before its body. */
  readonly before: string
  /** The text behind its body, with the end of the line. */
  readonly behind: string
}

const KEYS: ReadonlySet<string> = new Set(['custom_id', 'method', 'url', 'body'])
const MAX_CUSTOM_ID = 512
const CR = 13

/** The operations of the table that lines may ask for: they take JSON, and are carried. */
const endpoints: ReadonlyMap<string, Endpoint> = new Map(
  ENDPOINTS.filter(
    ({ method, path, body, awaits }) =>
      method === 'POST' && awaits === null && (body === 'json' || body === 'either') && BATCH_URLS.includes(path),
  ).map((endpoint) => [endpoint.path, endpoint]),
)

/**
 * Reads one line with its end: an object that no two parsers can read differently, with `custom_id`, `method`, `url` and
 * `body`, and nothing else. The messages are the ends of a sentence about the line.
 *
 * Does not check: that a `custom_id` stands once in its file; what the body asks for.
 * Faults: `invalid_body`.
 */
export function readBatchLine(line: Buffer): Result<BatchLine, Fault> {
  const bytes = line.subarray(0, line.length - endOf(line))
  if (bytes.length === 0) return wrong('is empty')
  // White space to JSON, and to some readers of lines the end of one: what is within could be a line to them.
  if (bytes.includes(CR)) return wrong('has a carriage return in it')
  const parsed = parseStrictJson(bytes, JSON_LIMITS)
  if (!parsed.ok) return wrong(parsed.fault.says, parsed.fault.repeatsKey ? 'duplicate_key' : undefined)
  const { value, text } = parsed.value
  for (const key in value) if (!KEYS.has(key)) return wrong(`has a key \`${shown(key)}\` that lines do not have`)
  const customId = ownValue(value, 'custom_id')
  if (typeof customId !== 'string' || !isName(customId)) {
    return wrong(`must have a \`custom_id\` of 1 to ${MAX_CUSTOM_ID} characters, without controls`)
  }
  if (ownValue(value, 'method') !== 'POST') return wrong('must have the `method` `POST`')
  const url = ownValue(value, 'url')
  const endpoint = typeof url === 'string' ? endpoints.get(url) : undefined
  if (typeof url !== 'string' || endpoint === undefined) {
    return wrong(`must have a \`url\` that batches take: ${BATCH_URLS.join(', ')}`)
  }
  const body = ownValue(value, 'body')
  if (!isJsonObject(body)) return wrong('must have a `body` that is an object')
  const end = line.toString('latin1', bytes.length)
  return ok({ customId, endpoint, ...takenApart(text, body, end) })
}

function takenApart(line: string, value: JsonObject, end: string): Pick<BatchLine, 'body' | 'before' | 'behind'> {
  const place = findMember(line, skipSpace(line, 0), 'body')
  if (place === null) throw new Error('the text of a line is not that of its value')
  const text = line.slice(place.value, place.end)
  const body = { value, text, bytes: Buffer.from(text) }
  return { body, before: line.slice(0, place.value), behind: line.slice(place.end) + end }
}

function isName(customId: string): boolean {
  return customId !== '' && customId.length <= MAX_CUSTOM_ID && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(customId)
}

/** Line ends to some readers. In valid JSON they stand in strings alone, where an escape says the same. */
const OTHER_LINE_ENDS = /[\u0085\u2028\u2029]/g

/**
 * The line as it goes upstream: the very text that was judged, with what the proxy does to its body. `body` is the text of
 * that.
 */
export function writeBatchLine({ before, behind }: Pick<BatchLine, 'before' | 'behind'>, body: string): string {
  return (before + body + behind).replace(
    OTHER_LINE_ENDS,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function wrong(message: string, reason: Reason = 'body_invalid'): Result<never, Fault> {
  return failed(fault('invalid_body', message, { reason }))
}
