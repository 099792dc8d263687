import type { PolicyInput, PolicyPrincipal } from '../model/decision.ts'
import { METHODS, type MethodName } from '../model/identity.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { isUninspected, MODEL_OPERATIONS, STORED_OPERATIONS } from '../model/operations.ts'
import { failed, ok, type Result } from '../model/result.ts'

/** A request that somebody describes. `upstream` is the name of the one that is pinned; null means the best outcome. */
interface DescribedRequest {
  readonly input: PolicyInput
  readonly upstream: string | null
}

const KEYS = {
  line: ['as', 'request', 'at', 'ip', 'upstream', 'id', 'name', 'expect'],
  as: ['user', 'issuer', 'groups', 'roles', 'claims', 'workspace', 'method', 'mfa', 'auth_time', 'acr', 'key'],
  request: ['operation', 'model', 'stream', 'max_output_tokens', 'tools', 'input', 'headers', 'urls', 'stored'],
  tools: ['functions', 'hosted'],
  input: ['bytes', 'images', 'files', 'audio'],
} as const

class Misdescribed extends Error {}

/**
 * Reads a line of `explain --batch` or an entry of `tests`. Facts that are absent, null or of another type cannot be
 * told, as for a credential; where a request cannot be understood without them, and for unknown keys, the failure says
 * so. `now` stands for an absent `at`. Unit: epoch milliseconds. The model is taken as it is written: the caller
 * resolves aliases.
 */
export function describedRequest(value: JsonValue, now: number): Result<DescribedRequest, string> {
  try {
    return ok(readLine(value, now))
  } catch (error) {
    if (error instanceof Misdescribed) return failed(error.message)
    throw error
  }
}

/** Epoch milliseconds of an ISO time with a zone; null for every other text. */
export function instantOf(written: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(written)) return null
  const at = Date.parse(written)
  return Number.isNaN(at) ? null : at
}

function readLine(value: JsonValue, now: number): DescribedRequest {
  const line = known(value, 'line', 'the description')
  const request = known(ownValue(line, 'request') ?? {}, 'request', '`request`')
  const operation = textOf(request, 'operation')
  if (operation === undefined || operation === '') throw new Misdescribed('`request.operation` must be a text')
  const tools = known(ownValue(request, 'tools') ?? {}, 'tools', '`request.tools`')
  const input = known(ownValue(request, 'input') ?? {}, 'input', '`request.input`')
  const upstream = ownValue(line, 'upstream') ?? null
  if (upstream !== null && typeof upstream !== 'string') throw new Misdescribed('`upstream` must be a name')
  return {
    input: {
      principal: readPrincipal(known(ownValue(line, 'as') ?? {}, 'as', '`as`')),
      operation,
      model: textOf(request, 'model') ?? absentModel(request, operation),
      stream: flagOf(request, 'stream'),
      maxOutputTokens: numberOf(request, 'max_output_tokens'),
      tools: { functions: namesOf(tools, 'functions'), hosted: namesOf(tools, 'hosted') },
      input: {
        bytes: numberOf(input, 'bytes'),
        images: flagOf(input, 'images'),
        files: flagOf(input, 'files'),
        audio: flagOf(input, 'audio'),
      },
      urls: namesOf(request, 'urls'),
      storedSettings: flagOf(request, 'stored') || STORED_OPERATIONS.includes(operation),
      header: headersOf(request),
      project: headersOf(request)('openai-project'),
      at: readAt(line, now),
      ip: textOf(line, 'ip'),
      upstream: undefined,
    },
    upstream,
  }
}

function readPrincipal(as: JsonObject): PolicyPrincipal {
  const method = textOf(as, 'method')
  if (method !== undefined && !(METHODS as readonly string[]).includes(method)) {
    throw new Misdescribed(`\`as.method\` must be one of ${METHODS.join(', ')}`)
  }
  const claims = ownValue(as, 'claims') ?? {}
  const mfa = ownValue(as, 'mfa')
  return {
    id: textOf(as, 'user'),
    issuer: textOf(as, 'issuer'),
    method: method as MethodName | undefined,
    groups: textsOf(as, 'groups'),
    roles: textsOf(as, 'roles') ?? [],
    workspaces: (ownValue(as, 'workspace') ?? null) === null ? [] : textsOf(as, 'workspace'),
    claims: isJsonObject(claims) ? claims : {},
    mfa: typeof mfa === 'boolean' ? (mfa ? 'yes' : 'no') : 'unknown',
    acr: textOf(as, 'acr'),
    authTime: numberOf(as, 'auth_time'),
    key: textOf(as, 'key') ?? null,
  }
}

function known(value: JsonValue, kind: keyof typeof KEYS, name: string): JsonObject {
  if (!isJsonObject(value)) throw new Misdescribed(`${name} must be an object`)
  for (const key of Object.keys(value)) {
    if (!(KEYS[kind] as readonly string[]).includes(key)) {
      throw new Misdescribed(`${name} has an unknown key; known are ${KEYS[kind].join(', ')}`)
    }
  }
  return value
}

/** A model that is not named: none where the operation has none, else what cannot be told. */
function absentModel(request: JsonObject, operation: string): null | undefined {
  const isNamed = (ownValue(request, 'model') ?? null) !== null
  return isNamed || MODEL_OPERATIONS.includes(operation) || isUninspected(operation) ? undefined : null
}

function textOf(object: JsonObject, key: string): string | undefined {
  const value = ownValue(object, key)
  return typeof value === 'string' ? value : undefined
}

function numberOf(object: JsonObject, key: string): number | undefined {
  const value = ownValue(object, key)
  return typeof value === 'number' ? value : undefined
}

function flagOf(object: JsonObject, key: string): boolean {
  const value = ownValue(object, key) ?? false
  if (typeof value !== 'boolean') throw new Misdescribed(`\`${key}\` must be true or false`)
  return value
}

function textsOf(object: JsonObject, key: string): readonly string[] | undefined {
  const value = ownValue(object, key)
  if (typeof value === 'string') return [value]
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? (value as string[]) : undefined
}

function namesOf(object: JsonObject, key: string): readonly string[] {
  const value = ownValue(object, key) ?? []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[]
  throw new Misdescribed(`\`${key}\` must be a list of texts`)
}

function readAt(line: JsonObject, now: number): number {
  const written = ownValue(line, 'at') ?? null
  if (written === null) return now
  const at = typeof written === 'string' ? instantOf(written) : null
  if (at === null) throw new Misdescribed('`at` must be an ISO time with a zone such as `2026-03-02T09:00:00Z`')
  return at
}

/** A name that stands there twice in different case is a header sent twice: it cannot be told. */
function headersOf(request: JsonObject): (name: string) => string | undefined {
  const headers = ownValue(request, 'headers') ?? {}
  if (!isJsonObject(headers)) throw new Misdescribed('`headers` must be an object')
  const read = new Map<string, string | undefined>()
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    read.set(lower, read.has(lower) || typeof value !== 'string' ? undefined : value)
  }
  return (name) => read.get(name)
}
