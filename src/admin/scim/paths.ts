import type { JsonValue } from '../../model/json.ts'
import { ok, type Result } from '../../model/result.ts'
import { invalid, type ScimFault } from './answers.ts'

/** `ATTRIBUTE eq VALUE`: all that is ever compared here. Names in lower case. */
export interface Comparison {
  readonly attribute: string
  readonly value: string | boolean
}

/** What an operation is about. Names in lower case; null for a part that is not named. */
export interface Target {
  readonly attribute: string
  readonly filter: Comparison | null
  readonly sub: string | null
}

const MAX_LENGTH = 1024
/** RFC 7643 section 2.1; names such as `__proto__` are none. */
const NAME = '[A-Za-z][A-Za-z0-9$_-]{0,127}'
const COMPARED = new RegExp(`^ *(${NAME}) +eq +("(?:[^"\\\\]|\\\\.)*"|true|false) *$`, 'i')
const PATH = new RegExp(`^(${NAME})(?:\\[([^]{1,${MAX_LENGTH}})\\])?(?:\\.(${NAME}))?$`)
/** What the attributes of the core may be written behind. */
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i
/** An attribute of a schema that is not kept here. */
const FOREIGN: Target = { attribute: 'urn', filter: null, sub: null }

/** Reads one comparison; everything else of RFC 7644 section 3.4.2.2 is not understood here. */
export function readComparison(written: string): Comparison | null {
  const [, name = '', value = ''] = (written.length <= MAX_LENGTH && COMPARED.exec(written)) || []
  if (name === '') return null
  const plain = value.toLowerCase()
  if (plain === 'true' || plain === 'false') return { attribute: name.toLowerCase(), value: plain === 'true' }
  try {
    const text: unknown = JSON.parse(value)
    return typeof text === 'string' ? { attribute: name.toLowerCase(), value: text } : null
  } catch {
    return null
  }
}

/** Reads `name.givenName`, `emails[type eq "work"].value`, `members[value eq "…"]`, and the same behind the core's URN. */
export function readPath(written: JsonValue | undefined): Result<Target, ScimFault> {
  if (typeof written !== 'string' || written.length > MAX_LENGTH) return noPath
  const plain = written.replace(CORE, '')
  if (/^urn:[a-z0-9]/i.test(plain)) return ok(FOREIGN)
  const [, attribute = '', inner, sub] = PATH.exec(plain) ?? []
  if (attribute === '') return noPath
  const filter = inner === undefined ? null : readComparison(inner)
  if (inner !== undefined && filter === null) return noFilter
  return ok({ attribute: attribute.toLowerCase(), filter, sub: sub?.toLowerCase() ?? null })
}

const noPath = invalid('invalidPath', 'a path names no attribute')
const noFilter = invalid('invalidFilter', 'a path has a filter other than `attribute eq value`')
