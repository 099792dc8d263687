import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'

/** One line for people of one audit event. Whatever a terminal would act on is made visible. */
export function eventLine(event: JsonObject, coloured: boolean): string {
  const at = text(event, '@timestamp').slice(11, 23)
  const [label, colour] = verdict(event)
  const painted = coloured ? `\x1b[${colour}m${label.padEnd(8)}\x1b[0m` : label.padEnd(8)
  return `${at}  ${painted}  ${details(event).filter(Boolean).join('  ')}`
}

export function member(event: JsonObject, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = event
  for (const step of path.split('.')) {
    if (!isJsonObject(value)) return undefined
    value = ownValue(value, step)
  }
  return value
}

const GREEN = '32'
const RED = '31'
const YELLOW = '33'
const DIM = '2'

function verdict(event: JsonObject): readonly [string, string] {
  const stage = member(event, 'sallyport.stage')
  if (stage === 'decision') {
    const decision = member(event, 'sallyport.decision')
    if (decision === 'allow') return ['ALLOW', GREEN]
    return decision === 'deny' ? ['DENY', RED] : ['ERROR', YELLOW]
  }
  if (stage === 'complete') {
    const outcome = member(event, 'event.outcome')
    return outcome === 'success' ? ['DONE', GREEN] : [outcome === 'failure' ? 'FAILED' : 'GONE', YELLOW]
  }
  return member(event, 'event.outcome') === 'failure' ? ['FAILED', RED] : ['proxy', DIM]
}

function details(event: JsonObject): string[] {
  const stage = member(event, 'sallyport.stage')
  if (stage === 'decision') return decisionDetails(event)
  if (stage === 'complete') return completeDetails(event)
  const cause = text(event, 'error.message')
  return [text(event, 'event.action'), text(event, 'message'), cause === '' ? '' : `(${cause})`]
}

/** Who asked for what, by which rule or for which reason not, and what finding out took. */
function decisionDetails(event: JsonObject): string[] {
  const rule = text(event, 'rule.id')
  const reason = text(event, 'event.reason')
  const nanoseconds = member(event, 'sallyport.policy.latency_ns')
  return [
    ...subject(event),
    rule === '' ? '' : `rule ${rule}`,
    reason === '' ? '' : `reason ${reason}`,
    typeof nanoseconds === 'number' ? `decided in ${Math.round(nanoseconds / 1000)} µs` : '',
  ]
}

function completeDetails(event: JsonObject): string[] {
  const [input, output] = [member(event, 'gen_ai.usage.input_tokens'), member(event, 'gen_ai.usage.output_tokens')]
  const tokens = [input === undefined ? '' : `${input} in`, output === undefined ? '' : `${output} out`].filter(Boolean)
  const reason = text(event, 'event.reason')
  return [
    ...subject(event),
    `status ${text(event, 'http.response.status_code')}`,
    tokens.length === 0 ? '' : `tokens ${tokens.join(', ')}`,
    milliseconds(event, 'event.duration', 'took'),
    milliseconds(event, 'sallyport.ttft_ns', 'first byte after'),
    milliseconds(event, 'sallyport.overhead_ns', 'of it the proxy'),
    reason === '' ? '' : `reason ${reason}`,
  ]
}

function subject(event: JsonObject): string[] {
  const operation = text(event, 'sallyport.operation') || text(event, 'url.path')
  const stream = member(event, 'sallyport.stream') === true ? ' (stream)' : ''
  return [text(event, 'user.id') || 'nobody', `${operation} ${text(event, 'gen_ai.request.model')}`.trim() + stream]
}

function milliseconds(event: JsonObject, path: string, words: string): string {
  const nanoseconds = member(event, path)
  if (typeof nanoseconds !== 'number') return ''
  const value = nanoseconds / 1e6
  return `${words} ${value < 10 ? value.toFixed(2) : Math.round(value)} ms`
}

function text(event: JsonObject, path: string): string {
  const value = member(event, path)
  if (value === undefined || value === null || typeof value === 'object') return ''
  return String(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '·')
}
