import type { AuditEvent } from '../../model/audit.ts'
import { type Budget, count } from './budget.ts'
import { personText } from './ecs-person.ts'
import { extraMembers } from './extra.ts'

/** OpenTelemetry's names of our operations; the others are in no GenAI schema and stand only in our own members. */
const GEN_AI_OPERATIONS = new Map([
  ['chat', 'chat'],
  ['responses', 'chat'],
  ['completions', 'text_completion'],
  ['embeddings', 'embeddings'],
])

/** `gen_ai.*`. `system` is the name of `provider.name` in released ECS; both stand until a release has the new one. */
export function modelMembers({ request, upstream, answer }: AuditEvent, budget: Budget): string {
  let members = ''
  const operation = request?.operation === undefined ? undefined : GEN_AI_OPERATIONS.get(request.operation)
  if (operation !== undefined) {
    members += `,"operation":{"name":"${operation}"}`
    if (upstream) members += ',"provider":{"name":"openai"},"system":"openai"'
  }
  if (request?.model !== undefined) {
    members += `,"request":{"model":${budget.id('gen_ai.request.model', request.model)}}`
  }
  if (answer) members += answerMembers(answer, budget)
  return members === '' ? '' : `,"gen_ai":{${members.slice(1)}}`
}

function answerMembers(answer: NonNullable<AuditEvent['answer']>, budget: Budget): string {
  const { responseModel, responseId, usage } = answer
  let response = ''
  if (responseModel !== undefined) response += `,"model":${budget.name('gen_ai.response.model', responseModel)}`
  if (responseId !== undefined) response += `,"id":${budget.name('gen_ai.response.id', responseId)}`
  let tokens = ''
  if (usage?.inputTokens !== undefined) tokens += `,"input_tokens":${count(usage.inputTokens)}`
  if (usage?.outputTokens !== undefined) tokens += `,"output_tokens":${count(usage.outputTokens)}`
  return nested('response', response) + nested('usage', tokens)
}

/** `sallyport.*`: what no schema has a place for. */
export function ownMembers(event: AuditEvent, budget: Budget): string {
  const { stage, decision, request, attempts } = event
  let members = ''
  if (stage !== undefined) members += `,"stage":"${stage}"`
  if (decision !== undefined) members += `,"decision":"${decision}"`
  if (request?.operation !== undefined) {
    members += `,"operation":${budget.name('sallyport.operation', request.operation)}`
  }
  if (request?.alias !== undefined) members += `,"alias":${budget.id('sallyport.alias', request.alias)}`
  members += authMembers(event, budget) + policyMembers(event, budget)
  if (request?.stream !== undefined) members += `,"stream":${request.stream}`
  if (event.answer?.finishReasons) {
    members += `,"finish_reasons":${budget.list('sallyport.finish_reasons', event.answer.finishReasons)}`
  }
  members += timeMembers(event)
  if (attempts !== undefined) members += `,"attempts":${count(attempts)}`
  members += tokenMembers(event)
  if (event.upstream?.region !== undefined) {
    members += `,"region":${budget.name('sallyport.region', event.upstream.region)}`
  }
  if (event.extra) members += extraMembers(event.extra, members !== '', budget)
  if (budget.cut.length > 0) members += `,"truncated":${JSON.stringify(budget.cut)}`
  return members === '' ? '' : `,"sallyport":{${members.slice(1)}}`
}

function authMembers({ principal, authMethod, authIssuer, authCache }: AuditEvent, budget: Budget): string {
  const cache = authCache === undefined ? '' : `,"cache":"${authCache}"`
  if (principal) return `${personText(principal, budget).auth}${cache}}`
  let members = ''
  if (authMethod !== undefined) members += `,"method":${budget.name('sallyport.auth.method', authMethod)}`
  if (authIssuer !== undefined) members += `,"issuer":${budget.id('sallyport.auth.issuer', authIssuer)}`
  return nested('auth', members + cache)
}

/** Every decision says how long the policy took; 0 where the request was refused before the policy was asked. */
function policyMembers({ policy, stage }: AuditEvent, budget: Budget): string {
  if (!policy) return stage === 'decision' ? ',"policy":{"latency_ns":0}' : ''
  const { latencyNs, obligations } = policy
  const asked = obligations ? `,"obligations":${budget.list('sallyport.policy.obligations', obligations)}` : ''
  return `,"policy":{"latency_ns":${count(latencyNs)}${asked}}`
}

function timeMembers({ ttftNs, upstreamNs, overheadNs }: AuditEvent): string {
  let members = ''
  if (ttftNs !== undefined) members += `,"ttft_ns":${count(ttftNs)}`
  if (upstreamNs !== undefined) members += `,"upstream_ns":${count(upstreamNs)}`
  if (overheadNs !== undefined) members += `,"overhead_ns":${count(overheadNs)}`
  return members
}

function tokenMembers({ answer }: AuditEvent): string {
  let members = ''
  const usage = answer?.usage
  if (usage?.cachedTokens !== undefined) members += `,"cached":${count(usage.cachedTokens)}`
  if (usage?.reasoningTokens !== undefined) members += `,"reasoning":${count(usage.reasoningTokens)}`
  return nested('tokens', members)
}

function nested(name: string, members: string): string {
  return members === '' ? '' : `,"${name}":{${members.slice(1)}}`
}
