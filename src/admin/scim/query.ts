import type { JsonObject } from '../../model/json.ts'
import { ok, type Result } from '../../model/result.ts'
import { invalid, type ScimFault } from './answers.ts'
import { type Comparison, readComparison } from './paths.ts'

/** Which attributes an answer has; null for those that it has anyway. Names in lower case. */
export interface Shown {
  readonly only: ReadonlySet<string> | null
  readonly without: ReadonlySet<string>
}

export interface ListQuery {
  readonly filter: Comparison | null
  /** From 1. */
  readonly from: number
  /** Null where it does not say. */
  readonly count: number | null
  readonly shown: Shown
}

/** What every answer has (RFC 7643 section 7, `returned: always`). */
const ALWAYS: ReadonlySet<string> = new Set(['schemas', 'id', 'meta'])
const MAX_LENGTH = 4096

type Query = { readonly [name: string]: unknown }

export function readShown(query: Query): Result<Shown, ScimFault> {
  const [only, without] = [textOf(query, 'attributes'), textOf(query, 'excludedAttributes')]
  if (!only.ok) return only
  if (!without.ok) return without
  return ok({ only: only.value === null ? null : namesOf(only.value), without: namesOf(without.value ?? '') })
}

/** RFC 7644 section 3.4.2. What asks for an order is not heard: resources stand in the order in which they were made. */
export function readListQuery(query: Query): Result<ListQuery, ScimFault> {
  const shown = readShown(query)
  if (!shown.ok) return shown
  const [written, first, most] = [textOf(query, 'filter'), integerOf(query, 'startIndex'), integerOf(query, 'count')]
  if (!written.ok) return written
  if (!first.ok) return first
  if (!most.ok) return most
  const filter = written.value === null ? null : readComparison(written.value)
  if (written.value !== null && filter === null) return invalid('invalidFilter', 'a filter must be `ATTRIBUTE eq "…"`')
  const count = most.value === null ? null : Math.max(0, most.value)
  return ok({ filter, from: Math.max(1, first.value ?? 1), count, shown: shown.value })
}

/** A document with the attributes that were asked for. */
export function showing(document: JsonObject, { only, without }: Shown): JsonObject {
  if (only === null && without.size === 0) return document
  const kept = Object.entries(document).filter(([name]) => {
    const folded = name.toLowerCase()
    return ALWAYS.has(folded) || (!without.has(folded) && (only === null || only.has(folded)))
  })
  return Object.fromEntries(kept)
}

function textOf(query: Query, name: string): Result<string | null, ScimFault> {
  const value = Object.hasOwn(query, name) ? query[name] : undefined
  if (value === undefined) return ok(null)
  return typeof value === 'string' && value.length <= MAX_LENGTH
    ? ok(value)
    : invalid('invalidValue', `\`${name}\` must stand once in the query`)
}

function integerOf(query: Query, name: string): Result<number | null, ScimFault> {
  const written = textOf(query, name)
  if (!written.ok || written.value === null) return written.ok ? ok(null) : written
  return /^-?[0-9]{1,9}$/.test(written.value)
    ? ok(Number(written.value))
    : invalid('invalidValue', `\`${name}\` must be a whole number`)
}

/** A sub-attribute, and the URN of the core, are those of the attribute itself. */
function namesOf(written: string): ReadonlySet<string> {
  const names = written.split(',').map((name) => name.trim().toLowerCase())
  return new Set(
    names.map((name) =>
      name.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/, '').replace(/\..*$/, ''),
    ),
  )
}
