import type { JsonObject, JsonValue } from '../model/json.ts'
import type { Result } from '../model/result.ts'
import { failed, ok } from '../model/result.ts'

/** The flags of `policy explain`, as the command line gives them. */
export interface DescribeFlags {
  readonly as?: string
  readonly group?: readonly string[]
  readonly claim?: readonly string[]
  readonly issuer?: string
  readonly workspace?: string
  readonly key?: string
  readonly method?: string
  readonly acr?: string
  readonly mfa?: boolean
  readonly authTime?: number
  readonly operation?: string
  readonly model?: string
  readonly stream?: boolean
  readonly stored?: boolean
  readonly maxOutputTokens?: number
  readonly ip?: string
  readonly at?: string
  readonly upstream?: string
}

/**
 * The same object that a line of `explain --batch` holds, from flags. What is not given is absent, never empty. A claim
 * given twice is a list. The failure says which flag is wrong.
 */
export function describedByFlags(flags: DescribeFlags): Result<JsonObject, string> {
  if (flags.as === undefined) return failed('`--as` is missing; give the id of the principal')
  if (flags.operation === undefined) return failed('`--operation` is missing; give one such as `chat`')
  if (Number.isNaN(flags.authTime)) return failed('`--auth-time` must be a number of seconds')
  if (Number.isNaN(flags.maxOutputTokens)) return failed('`--max-output-tokens` must be a number')
  const claims = claimsOf(flags.claim ?? [])
  if (!claims.ok) return claims
  const principal = present({
    user: flags.as,
    issuer: flags.issuer,
    groups: flags.group,
    claims: flags.claim ? claims.value : undefined,
    workspace: flags.workspace,
    method: flags.method,
    mfa: flags.mfa,
    auth_time: flags.authTime,
    acr: flags.acr,
    key: flags.key,
  })
  const request = present({
    operation: flags.operation,
    model: flags.model,
    stream: flags.stream,
    stored: flags.stored,
    max_output_tokens: flags.maxOutputTokens,
  })
  return ok(present({ as: principal, request, at: flags.at, ip: flags.ip, upstream: flags.upstream }))
}

function present(members: { readonly [key: string]: JsonValue | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject
}

interface Claims {
  [key: string]: Claims | string | string[]
}

function claimsOf(written: readonly string[]): Result<JsonObject, string> {
  const root = Object.create(null) as Claims
  for (const claim of written) {
    const equals = claim.indexOf('=')
    if (equals < 1) return failed('`--claim` must be `key=value`')
    if (!setClaim(root, claim.slice(0, equals).split('.'), claim.slice(equals + 1))) {
      return failed('`--claim` gives one path both a value and members')
    }
  }
  return ok(root as unknown as JsonObject)
}

function setClaim(root: Claims, path: readonly string[], value: string): boolean {
  let owner = root
  for (const step of path.slice(0, -1)) {
    const next = owner[step] ?? (Object.create(null) as Claims)
    if (typeof next === 'string' || Array.isArray(next)) return false
    owner[step] = next
    owner = next
  }
  const last = path.at(-1) ?? ''
  const before = owner[last]
  if (before === undefined) owner[last] = value
  else if (typeof before === 'string') owner[last] = [before, value]
  else if (Array.isArray(before)) before.push(value)
  else return false
  return true
}
