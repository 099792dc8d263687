import type { AuditEvent, AuditShadow } from '../../model/audit.ts'
import type { AnswerFacts, Usage } from '../../model/request.ts'
import { type Budget, count, pair } from './budget.ts'
import type { AskedText } from './ecs-asked.ts'
import { extraMembers } from './extra.ts'

/** `gen_ai.*`. */
export function modelMembers({ answer }: AuditEvent, { model }: AskedText, budget: Budget): string {
  const told = answer ? answerMembers(answer, budget) : ''
  if (model !== '') return `${model}${told}}`
  return told === '' ? '' : `,"gen_ai":{${told.slice(1)}}`
}

function answerMembers({ responseModel, responseId, usage }: AnswerFacts, budget: Budget): string {
  const model = responseModel === undefined ? '' : `"model":${budget.name('gen_ai.response.model', responseModel)}`
  const id = responseId === undefined ? '' : `"id":${budget.name('gen_ai.response.id', responseId)}`
  const response = pair('response', model, id)
  if (!usage) return response
  const { inputTokens, outputTokens } = usage
  const input = inputTokens === undefined ? '' : `"input_tokens":${count(inputTokens)}`
  const output = outputTokens === undefined ? '' : `"output_tokens":${count(outputTokens)}`
  return response + pair('usage', input, output)
}

/** `sallyport.*`: what no schema has a place for. */
export function ownMembers(event: AuditEvent, { own }: AskedText, budget: Budget): string {
  const { stage, decision, attempts, answer, upstream } = event
  const decided = decision === undefined ? own : `,"decision":"${decision}"${own}`
  let members = stage === undefined ? decided : `"stage":"${stage}"${decided}`
  if (event.policy?.shadow && stage !== 'complete') members += shadowMembers(event.policy.shadow, budget)
  if (answer?.finishReasons) {
    members += `,"finish_reasons":${budget.list('sallyport.finish_reasons', answer.finishReasons)}`
  }
  members += timeMembers(event)
  if (attempts !== undefined) members += `,"attempts":${count(attempts)}`
  if (answer?.usage) members += tokenMembers(answer.usage)
  if (upstream?.region !== undefined) members += `,"region":${budget.name('sallyport.region', upstream.region)}`
  if (event.extra) members += extraMembers(event.extra, members !== '', budget)
  if (budget.cut.length > 0) members += `,"truncated":${JSON.stringify(budget.cut)}`
  if (members === '') return ''
  return `,"sallyport":{${stage === undefined ? members.slice(1) : members}}`
}

/** Only where it is decided: in both events of a request it would be counted twice. */
function shadowMembers({ decision, rule, reason }: AuditShadow, budget: Budget): string {
  const id = rule === undefined ? '' : `,"rule":${budget.id('sallyport.shadow.rule', rule)}`
  return `,"shadow":{"decision":"${decision}"${id},"reason":${budget.id('sallyport.shadow.reason', reason)}}`
}

function timeMembers({ ttftNs, upstreamNs, overheadNs }: AuditEvent): string {
  let members = ''
  if (ttftNs !== undefined) members += `,"ttft_ns":${count(ttftNs)}`
  if (upstreamNs !== undefined) members += `,"upstream_ns":${count(upstreamNs)}`
  if (overheadNs !== undefined) members += `,"overhead_ns":${count(overheadNs)}`
  return members
}

function tokenMembers({ cachedTokens, reasoningTokens }: Usage): string {
  const cached = cachedTokens === undefined ? '' : `"cached":${count(cachedTokens)}`
  const reasoning = reasoningTokens === undefined ? '' : `"reasoning":${count(reasoningTokens)}`
  return pair('tokens', cached, reasoning)
}
