import type { AuditEvent, AuditPolicy, AuditRequest, AuditUpstream } from '../../model/audit.ts'
import type { Principal } from '../../model/identity.ts'
import { type Budget, count } from './budget.ts'
import { type PersonText, personText } from './ecs-person.ts'
import { askedMembers, batchMembers } from './ecs-request.ts'
import { inOnePiece } from './text.ts'

/** OpenTelemetry's names of our operations; the others are in no GenAI schema and stand only in our own members. */
const GEN_AI_OPERATIONS = new Map([
  ['chat', 'chat'],
  ['responses', 'chat'],
  ['messages', 'chat'],
  ['completions', 'text_completion'],
  ['embeddings', 'embeddings'],
])

/** The parts of a line that both events of a request have in common, each one a run of members in the line's order. */
export interface AskedText {
  /** `http`, open behind the request; empty when there is none. */
  readonly http: string
  /** Who asked, from where, for what: `trace` to `rule`. */
  readonly caller: string
  /** `gen_ai`, open behind what was asked; empty when there is nothing. */
  readonly model: string
  /** `sallyport`, from `operation` to `request`. */
  readonly own: string
  readonly plain: boolean
}

/** What an `AskedText` was written from; it says the same in another event only where these are the same. */
class Kept {
  readonly text: AskedText
  readonly #request: AuditRequest | undefined
  readonly #principal: Principal | undefined
  readonly #policy: AuditPolicy
  readonly #upstream: AuditUpstream | undefined
  readonly #requestBytes: number | undefined
  readonly #authCache: string | undefined

  constructor(text: AskedText, event: AuditEvent, policy: AuditPolicy) {
    this.text = text
    this.#request = event.request
    this.#principal = event.principal
    this.#policy = policy
    this.#upstream = event.upstream
    this.#requestBytes = event.requestBytes
    this.#authCache = event.authCache
  }

  fits(event: AuditEvent): boolean {
    return (
      this.#request === event.request &&
      this.#principal === event.principal &&
      this.#policy === event.policy &&
      this.#upstream === event.upstream &&
      this.#requestBytes === event.requestBytes &&
      this.#authCache === event.authCache
    )
  }
}

export function askedText(event: AuditEvent, budget: Budget): AskedText {
  const { keep, policy } = event
  if (!keep || !budget.isFirst) return written(event, budget)
  const kept = keep.text
  if (kept instanceof Kept && kept.fits(event)) {
    if (!kept.text.plain) budget.plain = false
    return kept.text
  }
  const alreadyCut = budget.cut.length
  const text = written(event, budget)
  // Only what was written whole is kept, and only what does not depend on the stage or on who was not recognised.
  if (policy && event.principal && budget.cut.length === alreadyCut) keep.text = new Kept(text, event, policy)
  return text
}

function written(event: AuditEvent, budget: Budget): AskedText {
  const { principal, policy } = event
  const wasPlain = budget.plain
  budget.plain = true
  const person = principal ? personText(principal, policy?.roles ?? principal.roles, policy?.workspace, budget) : null
  const text = {
    http: httpMembers(event, budget),
    caller: callerMembers(event, person, budget),
    model: modelMembers(event, budget),
    own: ownMembers(event, person, budget),
    plain: budget.plain,
  }
  budget.plain = wasPlain && text.plain
  return text
}

function httpMembers({ request, requestBytes }: AuditEvent, budget: Budget): string {
  if (!request) return ''
  const id = budget.id('http.request.id', request.id)
  const method = budget.name('http.request.method', request.method)
  const body = requestBytes === undefined ? '' : `,"body":{"bytes":${count(requestBytes)}}`
  const version = budget.name('http.version', request.httpVersion)
  return `,"http":{"request":{"id":${id},"method":${method}${body}},"version":${version}`
}

/** In the order of the schema's own table. */
function callerMembers({ request, client, policy }: AuditEvent, person: PersonText | null, budget: Budget): string {
  let line = ''
  if (request?.traceId !== undefined) line += `,"trace":{"id":${budget.name('trace.id', request.traceId)}}`
  if (request?.spanId !== undefined) line += `,"span":{"id":${budget.name('span.id', request.spanId)}}`
  if (person) line += person.who
  if (request) {
    line += clientMembers(request.clientIp, request.clientPort, request.forwardedFor, budget)
    line += `,"url":{"path":${budget.prose('url.path', request.path)}}`
    if (request.userAgent !== undefined) {
      line += `,"user_agent":{"original":${budget.prose('user_agent.original', request.userAgent)}}`
    }
  } else if (client) line += clientMembers(client.ip, client.port, undefined, budget)
  return policy ? line + ruleMembers(policy, budget) : line
}

function clientMembers(
  address: string | undefined,
  port: number | undefined,
  chain: string | undefined,
  budget: Budget,
): string {
  const more = `${port === undefined ? '' : `,"port":${count(port)}`}${
    chain === undefined ? '' : `,"address":${budget.prose('client.address', chain)}`
  }`
  if (address === undefined) return more === '' ? '' : `,"client":{${more.slice(1)}}`
  const ip = budget.name('client.ip', address)
  return `,"client":{"ip":${ip}${more}},"source":{"ip":${ip}}`
}

const MAX_RULES = 1000
const rules = new Map<string | undefined, string>()
let rulesOf = ''

/** Rules and digests come from the policy alone; a digest that is new is another policy. */
function ruleMembers({ rule, ruleset }: AuditPolicy, budget: Budget): string {
  const remembered = budget.isFirst && ruleset === rulesOf ? rules.get(rule) : undefined
  if (remembered !== undefined) return remembered
  const alreadyCut = budget.cut.length
  const wasPlain = budget.plain
  budget.plain = true
  const id = rule === undefined ? '' : `"id":${budget.id('rule.id', rule)},`
  const text = inOnePiece(`,"rule":{${id}"ruleset":${budget.id('rule.ruleset', ruleset)}}`)
  const isWhole = budget.plain && budget.cut.length === alreadyCut
  budget.plain &&= wasPlain
  if (!budget.isFirst || !isWhole) return text
  if (ruleset !== rulesOf || rules.size >= MAX_RULES) rules.clear()
  rulesOf = ruleset
  rules.set(rule, text)
  return text
}

/** `system` is the name of `provider.name` in released ECS; both stand until a release has the new one. */
function modelMembers({ request, upstream }: AuditEvent, budget: Budget): string {
  if (!request) return ''
  const { operation, model } = request
  const name = operation === undefined ? undefined : GEN_AI_OPERATIONS.get(operation)
  const asked = model === undefined ? '' : `"request":{"model":${budget.id('gen_ai.request.model', model)}}`
  if (name === undefined) return asked === '' ? '' : `,"gen_ai":{${asked}`
  const provider = upstream ? ',"provider":{"name":"openai"},"system":"openai"' : ''
  return `,"gen_ai":{"operation":{"name":"${name}"}${provider}${asked === '' ? '' : `,${asked}`}`
}

function ownMembers(event: AuditEvent, person: PersonText | null, budget: Budget): string {
  const { request } = event
  let members = ''
  if (request?.operation !== undefined) {
    members += `,"operation":${budget.name('sallyport.operation', request.operation)}`
  }
  if (request?.alias !== undefined) members += `,"alias":${budget.id('sallyport.alias', request.alias)}`
  members += authMembers(event, person, budget) + policyMembers(event, budget)
  if (request?.stream !== undefined) members += `,"stream":${request.stream}`
  if (request?.asked !== undefined) members += `,"request":{${askedMembers(request.asked, budget)}}`
  return request?.batch === undefined ? members : `${members},"batch":{${batchMembers(request.batch, budget)}}`
}

function authMembers(
  { authMethod, authIssuer, authKey, authCache, authEphemeral }: AuditEvent,
  person: PersonText | null,
  budget: Budget,
) {
  const known = authCache === undefined ? '' : `,"cache":"${authCache}"`
  const cache = authEphemeral === undefined ? known : `${known},"ephemeral":true`
  if (person) return `${person.auth}${cache}}`
  let members = ''
  if (authMethod !== undefined) members += `,"method":${budget.name('sallyport.auth.method', authMethod)}`
  if (authIssuer !== undefined) members += `,"issuer":${budget.id('sallyport.auth.issuer', authIssuer)}`
  if (authKey !== undefined) members += `,"key_id":${budget.name('sallyport.auth.key_id', authKey)}`
  members += cache
  return members === '' ? '' : `,"auth":{${members.slice(1)}}`
}

/** Every decision says how long the policy took; 0 where the request was refused before the policy was asked. */
function policyMembers({ policy, stage }: AuditEvent, budget: Budget): string {
  if (!policy) return stage === 'decision' ? ',"policy":{"latency_ns":0}' : ''
  const { latencyNs, obligations } = policy
  const asked = obligations ? `,"obligations":${budget.list('sallyport.policy.obligations', obligations)}` : ''
  return `,"policy":{"latency_ns":${count(latencyNs)}${asked}}`
}
