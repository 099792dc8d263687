import { isJsonObject, type JsonObject, type JsonValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import { invalid, type ScimFault } from './answers.ts'
import type { Kind, Operation, Versioned } from './kind.ts'
import { readPath } from './paths.ts'
import { readMembers } from './values.ts'

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const MAX_OPERATIONS = 1000
const OPERATIONS: readonly Operation[] = ['add', 'replace', 'remove']

/** A whole resource (RFC 7644 sections 3.3 and 3.5.1): what it does not say is not kept of the one `before`. */
export function filled<Stored extends Versioned, Filter, Fields>(
  kind: Kind<Stored, Filter, Fields>,
  before: Fields | null,
  document: JsonObject,
): Result<Fields, ScimFault> {
  const members = readMembers('the resource', document)
  if (!members.ok) return members
  const fault = schemaFault(members.value.get('schemas'), `urn:ietf:params:scim:schemas:core:2.0:${kind.type}`)
  if (fault !== null) return failed(fault)
  return finished(kind, setAll(kind, kind.blank(before), 'replace', document))
}

/** What a list of operations makes of a resource (RFC 7644 section 3.5.2): all of them, or none. */
export function patched<Stored extends Versioned, Filter, Fields>(
  kind: Kind<Stored, Filter, Fields>,
  before: Fields,
  document: JsonObject,
): Result<Fields, ScimFault> {
  const members = readMembers('the request', document)
  if (!members.ok) return members
  const fault = schemaFault(members.value.get('schemas'), PATCH)
  if (fault !== null) return failed(fault)
  const operations = members.value.get('operations')
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MAX_OPERATIONS) {
    return invalid('invalidSyntax', `\`Operations\` must be a list of 1 to ${MAX_OPERATIONS}`)
  }
  let fields = before
  for (const operation of operations) {
    const next = applied(kind, fields, operation)
    if (!next.ok) return next
    fields = next.value
  }
  return finished(kind, ok(fields))
}

function applied<Stored extends Versioned, Filter, Fields>(
  kind: Kind<Stored, Filter, Fields>,
  fields: Fields,
  written: JsonValue,
): Result<Fields, ScimFault> {
  const members = readMembers('an operation', written)
  if (!members.ok) return members
  const op = members.value.get('op')
  const operation = OPERATIONS.find((one) => typeof op === 'string' && op.toLowerCase() === one)
  if (operation === undefined) return invalid('invalidSyntax', '`op` must be `add`, `replace` or `remove`')
  const [path, value] = [members.value.get('path'), members.value.get('value')]
  if (path === undefined || path === null || path === '') {
    if (operation === 'remove')
      return failed({ status: 400, scimType: 'invalidPath', detail: '`remove` needs a `path`' })
    return isJsonObject(value)
      ? setAll(kind, fields, operation, value)
      : invalid('invalidSyntax', 'an operation without a `path` needs an object as its `value`')
  }
  const target = readPath(path)
  if (!target.ok) return target
  if (operation !== 'remove' && value === undefined) return invalid('invalidSyntax', 'an operation needs a `value`')
  return kind.set(fields, target.value, operation, value)
}

/** Each member is one operation; some providers write paths as names. */
function setAll<Stored extends Versioned, Filter, Fields>(
  kind: Kind<Stored, Filter, Fields>,
  fields: Fields,
  operation: Operation,
  values: JsonObject,
): Result<Fields, ScimFault> {
  const members = readMembers('a value', values)
  if (!members.ok) return members
  let changed = fields
  for (const [name, value] of Object.entries(values)) {
    const target = readPath(name)
    if (!target.ok) return target
    const next = kind.set(changed, target.value, operation, value)
    if (!next.ok) return next
    changed = next.value
  }
  return ok(changed)
}

function finished<Stored extends Versioned, Filter, Fields>(
  kind: Kind<Stored, Filter, Fields>,
  fields: Result<Fields, ScimFault>,
): Result<Fields, ScimFault> {
  const lacking = fields.ok ? kind.lacking(fields.value) : null
  return lacking === null ? fields : failed(lacking)
}

function schemaFault(schemas: JsonValue | undefined, wanted: string): ScimFault | null {
  const isThere =
    Array.isArray(schemas) &&
    schemas.some((schema) => typeof schema === 'string' && schema.toLowerCase() === wanted.toLowerCase())
  return isThere ? null : { status: 400, scimType: 'invalidSyntax', detail: `\`schemas\` must name \`${wanted}\`` }
}
