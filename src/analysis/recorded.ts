import type { Decision, PolicyInput, PolicyPrincipal } from '../model/decision.ts'
import { METHODS, type MethodName } from '../model/identity.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { Match } from '../model/match.ts'
import { isUninspected, MODEL_OPERATIONS } from '../model/operations.ts'

/** What a rule may ask for and an event may leave unsaid. `claims` and `headers` are in no event. */
export type UnrecordedFact =
  | 'claims'
  | 'headers'
  | 'authentication'
  | 'roles'
  | 'workspaces'
  | 'project'
  | 'max_output_tokens'
  | 'tools'
  | 'hosts'
  | 'input'
  | 'models'
  | 'arrival'

/** A request as an audit event tells of it, and what was decided then. */
export interface RecordedRequest {
  /** Null where the event has none, so that nothing tells which others are of the same request. */
  readonly id: string | null
  readonly stage: 'decision' | 'complete'
  readonly was: {
    readonly effect: Decision['effect']
    readonly rule: string | null
    readonly reason: string
    /** Digest of the policy that decided. */
    readonly ruleset: string | null
    /** All roles that were held, by whatever way; null where the event has not all of them. */
    readonly roles: readonly string[] | null
  }
  /** The model is the one that the client named: an alias is not resolved. What is not recorded is absent. */
  readonly input: PolicyInput
  /** Models named beside the main one. */
  readonly nestedModels: readonly string[]
  readonly unrecorded: ReadonlySet<UnrecordedFact>
}

/** What a line of an audit stream is to somebody who wants to decide again. */
export type EventReading =
  | { readonly kind: 'request'; readonly request: RecordedRequest }
  /** A request that no rule decided: a bad credential, a body that is none, an overload. */
  | { readonly kind: 'not_by_policy' }
  /** An event of ours that is of no request. */
  | { readonly kind: 'other_event' }
  | { readonly kind: 'foreign' }
  /** What its request was cannot be told. */
  | { readonly kind: 'incomplete'; readonly id: string | null; readonly missing: string }

/** Reads one event in the form of `audit.format: ecs`. Total: what is not such an event is foreign. */
export function readEvent(line: JsonValue): EventReading {
  const root = objectAt(line)
  const event = member(root, 'event')
  if (textAt(event, 'dataset') !== 'sallyport.audit') return { kind: 'foreign' }
  const own = member(root, 'sallyport')
  const stage = textAt(own, 'stage')
  if (stage !== 'decision' && stage !== 'complete') return { kind: 'other_event' }
  const was = verdictOf(root, event, own, stage)
  return was === null ? { kind: 'not_by_policy' } : readRequest(root, event, own, stage, was)
}

type Verdict = RecordedRequest['was']

/** What the policy decided; null where it was not asked, or another reason stood in the way of its word. */
function verdictOf(root: JsonObject, event: JsonObject, own: JsonObject, stage: string): Verdict | null {
  const rule = member(root, 'rule')
  const reason = textAt(event, 'reason')
  const more = {
    rule: textAt(rule, 'id') ?? null,
    ruleset: textAt(rule, 'ruleset') ?? null,
    roles: cutFields(own).has('user.roles') ? null : (textsAt(member(root, 'user'), 'roles') ?? null),
  }
  const allowed = stage === 'complete' || textAt(event, 'action') === 'request-authorized'
  if (allowed && textAt(own, 'decision') === 'allow') return { effect: 'allow', reason: 'allowed', ...more }
  // It was the key's own limit, which no policy knows of.
  if (reason === 'key_model_not_allowed') return null
  if (allowed || reason === undefined || textAt(event, 'code') !== `policy.${reason}`) return null
  return { effect: reason === 'step_up_required' ? 'step_up' : 'deny', reason, ...more }
}

function readRequest(
  root: JsonObject,
  event: JsonObject,
  own: JsonObject,
  stage: 'decision' | 'complete',
  was: Verdict,
): EventReading {
  const cut = cutFields(own)
  const id = textAt(member(member(root, 'http'), 'request'), 'id') ?? null
  const operation = textAt(own, 'operation')
  const at = Date.parse(
    textAt(stage === 'complete' ? event : root, stage === 'complete' ? 'start' : '@timestamp') ?? '',
  )
  if (operation === undefined) return { kind: 'incomplete', id, missing: 'sallyport.operation' }
  // Each line was decided by itself, and no event has all of that.
  if (isJsonObject(ownValue(own, 'batch'))) return { kind: 'incomplete', id, missing: 'the lines of its batch' }
  if (Number.isNaN(at)) return { kind: 'incomplete', id, missing: 'the time' }
  const alias = textAt(own, 'alias')
  const model = alias ?? textAt(member(member(root, 'gen_ai'), 'request'), 'model')
  const field = alias === undefined ? 'gen_ai.request.model' : 'sallyport.alias'
  if (cut.has(field) || model?.includes('[secret]')) return { kind: 'incomplete', id, missing: field }
  const unrecorded = new Set<UnrecordedFact>(['claims', 'headers'])
  if (stage === 'decision') unrecorded.add('arrival')
  const asked = readAsked(own, cut, unrecorded)
  const input: PolicyInput = {
    principal: readPrincipal(root, own, cut, unrecorded),
    operation,
    model: model ?? (MODEL_OPERATIONS.includes(operation) || isUninspected(operation) ? undefined : null),
    stream: ownValue(own, 'stream') === true,
    ...asked.input,
    header: () => undefined,
    at,
    ip: textAt(member(root, 'client'), 'ip'),
    upstream: undefined,
  }
  // The size of the body as it was read is the one that was decided by.
  const bytes = numberAt(member(member(member(root, 'http'), 'request'), 'body'), 'bytes')
  const sized = { ...input, input: { ...input.input, bytes: bytes ?? 0 } }
  return { kind: 'request', request: { id, stage, was, input: sized, nestedModels: asked.nestedModels, unrecorded } }
}

type Asked = Pick<PolicyInput, 'maxOutputTokens' | 'tools' | 'input' | 'urls' | 'storedSettings' | 'project'>

/** `sallyport.request`: without it, nothing of this kind was recorded; what it omits or had cut was not, either. */
function readAsked(
  own: JsonObject,
  cut: ReadonlySet<string>,
  unrecorded: Set<UnrecordedFact>,
): { readonly input: Asked; readonly nestedModels: readonly string[] } {
  const written = ownValue(own, 'request')
  const asked = objectAt(written)
  const omitted = new Set(textsAt(asked, 'omitted') ?? [])
  const names = (key: string, fact: UnrecordedFact): readonly string[] => {
    if (omitted.has(key) || cut.has(`sallyport.request.${key}`)) unrecorded.add(fact)
    return textsAt(asked, key) ?? []
  }
  const is = (key: string) => ownValue(asked, key) === true
  if (!isJsonObject(written) || cut.has('sallyport.request.omitted')) {
    for (const fact of ['max_output_tokens', 'tools', 'hosts', 'input', 'models', 'project'] as const) {
      unrecorded.add(fact)
    }
  }
  if (omitted.has('project') || cut.has('sallyport.request.project')) unrecorded.add('project')
  return {
    input: {
      maxOutputTokens: numberAt(asked, 'max_output_tokens'),
      tools: { functions: names('functions', 'tools'), hosted: names('hosted', 'tools') },
      urls: names('hosts', 'hosts'),
      input: { bytes: undefined, images: is('images'), files: is('files'), audio: is('audio') },
      storedSettings: is('stored'),
      project: textAt(asked, 'project'),
    },
    nestedModels: names('models', 'models'),
  }
}

/** `sallyport.auth.mfa` stands where what the credential shows was recorded; then what is absent is none. */
function readPrincipal(
  root: JsonObject,
  own: JsonObject,
  cut: ReadonlySet<string>,
  unrecorded: Set<UnrecordedFact>,
): PolicyPrincipal {
  const user = member(root, 'user')
  const auth = member(own, 'auth')
  const whole = (field: string, value: string | undefined) => (cut.has(field) ? undefined : value)
  const method = textAt(auth, 'method')
  const mfa = textAt(auth, 'mfa')
  const isTold = mfa === 'yes' || mfa === 'no' || mfa === 'unknown'
  const unclear = textsAt(auth, 'unclear') ?? []
  if (!isTold || cut.has('sallyport.auth.acr')) unrecorded.add('authentication')
  // As long as events did not tell, only API keys carried roles of their own.
  if ((!isTold && method === 'api_key') || cut.has('sallyport.auth.roles')) unrecorded.add('roles')
  if (!isTold || cut.has('sallyport.auth.workspaces')) unrecorded.add('workspaces')
  return {
    id: whole('user.id', textAt(user, 'id')),
    issuer: whole('sallyport.auth.issuer', textAt(auth, 'issuer')),
    method: (METHODS as readonly string[]).includes(method ?? '') ? (method as MethodName) : undefined,
    groups: cut.has('user.group.name') ? undefined : textsAt(member(user, 'group'), 'name'),
    roles: textsAt(auth, 'roles') ?? [],
    workspaces: unclear.includes('workspaces') ? undefined : (textsAt(auth, 'workspaces') ?? []),
    claims: {},
    mfa: isTold ? (mfa as Match) : 'unknown',
    acr: textAt(auth, 'acr'),
    authTime: numberAt(auth, 'auth_time'),
    key: textAt(auth, 'key_id') ?? null,
  }
}

function cutFields(own: JsonObject): ReadonlySet<string> {
  return new Set(textsAt(own, 'truncated') ?? [])
}

const NOTHING: JsonObject = Object.freeze({})

function objectAt(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : NOTHING
}

function member(object: JsonObject, key: string): JsonObject {
  return objectAt(ownValue(object, key))
}

function textAt(object: JsonObject, key: string): string | undefined {
  const value = ownValue(object, key)
  return typeof value === 'string' ? value : undefined
}

function numberAt(object: JsonObject, key: string): number | undefined {
  const value = ownValue(object, key)
  return typeof value === 'number' ? value : undefined
}

function textsAt(object: JsonObject, key: string): readonly string[] | undefined {
  const value = ownValue(object, key)
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? (value as string[]) : undefined
}
