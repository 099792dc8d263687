import { isJsonObject, type JsonObject, type JsonValue } from '../../model/json.ts'
import { ok, type Result } from '../../model/result.ts'
import { invalid, type ScimFault } from './answers.ts'

/** Of one value. */
const MAX_TEXT = 1024

/** A text that a store and an event can hold; null clears. */
export function readText(name: string, value: JsonValue | undefined): Result<string | null, ScimFault> {
  if (value === null || value === undefined) return ok(null)
  if (typeof value !== 'string' || value.length > MAX_TEXT || !value.isWellFormed() || /\p{Cc}/u.test(value)) {
    return invalid(
      'invalidValue',
      `\`${name}\` must be a text of at most ${MAX_TEXT} characters without control characters`,
    )
  }
  return ok(value)
}

/** The same where there has to be one. */
export function readName(name: string, value: JsonValue | undefined): Result<string, ScimFault> {
  const read = readText(name, value)
  if (!read.ok) return read
  const text = read.value?.trim() ?? ''
  return text === '' ? invalid('invalidValue', `\`${name}\` must not be empty`) : ok(text)
}

/** Some providers write `"False"`. */
export function readBoolean(name: string, value: JsonValue | undefined): Result<boolean, ScimFault> {
  if (typeof value === 'boolean') return ok(value)
  const written = typeof value === 'string' ? value.toLowerCase() : ''
  if (written === 'true' || written === 'false') return ok(written === 'true')
  return invalid('invalidValue', `\`${name}\` must be true or false`)
}

/** The members of an object by their names in lower case (RFC 7643 section 2.1); a name that stands twice is an error. */
export function readMembers(
  name: string,
  value: JsonValue | undefined,
): Result<ReadonlyMap<string, JsonValue>, ScimFault> {
  if (!isJsonObject(value)) return invalid('invalidSyntax', `\`${name}\` must be an object`)
  const members = new Map<string, JsonValue>()
  for (const [key, member] of Object.entries(value)) {
    const folded = key.toLowerCase()
    if (members.has(folded)) return invalid('invalidSyntax', 'an attribute stands twice, in another case')
    members.set(folded, member)
  }
  return ok(members)
}

/** One value stands for a list of it. */
export function listed(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value as JsonValue]
}

/** What is there of some texts. */
export function present(members: { readonly [name: string]: JsonValue | null | undefined }): JsonObject {
  const kept = Object.entries(members).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(kept) as JsonObject
}
