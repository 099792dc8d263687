import { type Fault, fault } from '../model/fault.ts'
import type { JsonBody } from '../model/json.ts'
import { failed, type Result } from '../model/result.ts'
import { type JsonLimits, parseStrictJson } from '../model/strict-json.ts'

export type { JsonBody }

/**
 * Far above what honest bodies hold (the largest: lists of 300,000 tokens to embed), and so low that no byte of a body
 * costs 50 times a byte of plain text (measured).
 */
export const JSON_LIMITS: JsonLimits = { depth: 100, members: 50_000, containers: 100_000, values: 500_000 }

/** Reads a body that no two parsers can read differently. Faults: `invalid_body`. */
export function parseJsonBody(bytes: Buffer, limits: JsonLimits = JSON_LIMITS): Result<JsonBody, Fault> {
  const parsed = parseStrictJson(bytes, limits)
  if (parsed.ok) return parsed
  const { says, repeatsKey } = parsed.fault
  return failed(fault('invalid_body', `the body ${says}`, { reason: repeatsKey ? 'duplicate_key' : 'body_invalid' }))
}
