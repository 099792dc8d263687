import type { ServerResponse } from 'node:http'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { ModelCall } from './model-server.ts'

/** What every answer of the model server says, in the pieces in which it is streamed. */
export const WORDS = ['The', ' quick', ' brown', ' fox', ' — “jumps”', '.']
export const TEXT = WORDS.join('')
export const CREATED = 1_700_000_000
export const USAGE = { input: 7, output: 6, cached: 2, reasoning: 1 }

const CHAT_USAGE = {
  prompt_tokens: USAGE.input,
  completion_tokens: USAGE.output,
  total_tokens: USAGE.input + USAGE.output,
  prompt_tokens_details: { cached_tokens: USAGE.cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: USAGE.reasoning, audio_tokens: 0 },
}
const RESPONSE_USAGE = {
  input_tokens: USAGE.input,
  input_tokens_details: { cached_tokens: USAGE.cached },
  output_tokens: USAGE.output,
  output_tokens_details: { reasoning_tokens: USAGE.reasoning },
  total_tokens: USAGE.input + USAGE.output,
}

/** Answers like OpenAI: JSON or server-sent events, usage in a stream only where it was asked for. */
export function answerTo(call: ModelCall, models: readonly string[]): void {
  const path = call.request.target.split('?')[0] ?? ''
  const json = call.json ?? {}
  const one = path.startsWith('/v1/models/') ? path.slice('/v1/models/'.length) : undefined
  if (one !== undefined) sendModel(call.response, decodeURIComponent(one), models)
  else if (path === '/v1/models') sendJson(call.response, 200, { object: 'list', data: models.map(modelOf) })
  else if (path === '/v1/chat/completions') chat(call, json)
  else if (path === '/v1/completions') completions(call, json)
  else if (path === '/v1/responses') responses(call, json)
  else if (path === '/v1/embeddings') sendJson(call.response, 200, embeddings(json))
  else if (path === '/v1/moderations') sendJson(call.response, 200, moderations(call, json))
  else sendError(call.response, 404, 'unknown url')
}

export function sendJson(
  response: ServerResponse,
  status: number,
  document: JsonValue,
  headers: JsonObject = {},
): void {
  const body = Buffer.from(JSON.stringify(document))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...(headers as Record<string, string>),
  })
  response.end(body)
}

export function sendError(response: ServerResponse, status: number, message: string, headers: JsonObject = {}): void {
  sendJson(
    response,
    status,
    { error: { message, type: 'upstream_test', param: null, code: `mock_${status}` } },
    headers,
  )
}

export function startEvents(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  response.flushHeaders()
}

export function eventText(data: JsonValue, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`
}

const modelOf = (id: string) => ({ id, object: 'model', created: CREATED, owned_by: 'mock' })

function sendModel(response: ServerResponse, id: string, models: readonly string[]): void {
  if (models.includes(id)) sendJson(response, 200, modelOf(id))
  else sendError(response, 404, 'no such model')
}

const identity = (call: ModelCall, prefix: string) => `${prefix}${String(call.number).padStart(6, '0')}`

/** The events of a streamed chat answer, each as it stands in the stream. */
export function chatEvents(call: ModelCall, withUsage: boolean): string[] {
  const base = {
    id: identity(call, 'chatcmpl-'),
    object: 'chat.completion.chunk',
    created: CREATED,
    model: String(call.json?.model),
    ...(withUsage ? { usage: null } : {}),
  }
  const chunk = (delta: JsonObject, finish: string | null) =>
    eventText({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...WORDS.map((content) => chunk({ content }, null)),
    chunk({}, 'stop'),
    ...(withUsage ? [eventText({ ...base, choices: [], usage: CHAT_USAGE })] : []),
    'data: [DONE]\n\n',
  ]
}

export function asksUsage(json: JsonObject): boolean {
  const options = json.stream_options as JsonObject | undefined
  return options?.include_usage === true
}

function chat(call: ModelCall, json: JsonObject): void {
  if (json.stream === true) {
    startEvents(call.response)
    for (const event of chatEvents(call, asksUsage(json))) call.response.write(event)
    call.response.end()
    return
  }
  const message = { role: 'assistant', content: TEXT, refusal: null }
  sendJson(call.response, 200, {
    id: identity(call, 'chatcmpl-'),
    object: 'chat.completion',
    created: CREATED,
    model: String(json.model),
    choices: [{ index: 0, message, logprobs: null, finish_reason: json.max_tokens === 1 ? 'length' : 'stop' }],
    usage: CHAT_USAGE,
  })
}

function completions(call: ModelCall, json: JsonObject): void {
  const base = {
    id: identity(call, 'cmpl-'),
    object: 'text_completion',
    created: CREATED,
    model: String(json.model),
  }
  const choice = (text: string, finish: string | null) => ({ index: 0, text, logprobs: null, finish_reason: finish })
  if (json.stream !== true) {
    sendJson(call.response, 200, { ...base, choices: [choice(TEXT, 'stop')], usage: CHAT_USAGE })
    return
  }
  startEvents(call.response)
  for (const word of WORDS) call.response.write(eventText({ ...base, choices: [choice(word, null)] }))
  call.response.write(eventText({ ...base, choices: [choice('', 'stop')] }))
  if (asksUsage(json)) call.response.write(eventText({ ...base, choices: [], usage: CHAT_USAGE }))
  call.response.end('data: [DONE]\n\n')
}

function responses(call: ModelCall, json: JsonObject): void {
  const id = identity(call, 'resp_')
  const part = { type: 'output_text', text: TEXT, annotations: [], logprobs: [] }
  const item = { type: 'message', id: `msg_${id}`, status: 'completed', role: 'assistant', content: [part] }
  const base = {
    id,
    object: 'response',
    created_at: CREATED,
    model: String(json.model),
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
  }
  const done = { ...base, status: 'completed', output: [item], usage: RESPONSE_USAGE }
  if (json.stream !== true) {
    sendJson(call.response, 200, done)
    return
  }
  startEvents(call.response)
  const begun = { ...base, status: 'in_progress', output: [], usage: null }
  const place = { item_id: item.id, output_index: 0, content_index: 0 }
  const empty = { ...part, text: '' }
  const events: JsonObject[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...place, part: empty },
    ...WORDS.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text: TEXT, logprobs: [] },
    { type: 'response.content_part.done', ...place, part },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: done },
  ]
  for (const [sequence_number, event] of events.entries()) {
    call.response.write(eventText({ ...event, sequence_number }, String(event.type)))
  }
  call.response.end()
}

function embeddings(json: JsonObject): JsonObject {
  const inputs = Array.isArray(json.input) ? json.input : [json.input ?? '']
  const values = [0.25, -0.5, 0.125]
  const embedding =
    json.encoding_format === 'base64' ? Buffer.from(Float32Array.from(values).buffer).toString('base64') : values
  return {
    object: 'list',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })),
    model: String(json.model),
    usage: { prompt_tokens: USAGE.input, total_tokens: USAGE.input },
  }
}

function moderations(call: ModelCall, json: JsonObject): JsonObject {
  return {
    id: identity(call, 'modr-'),
    model: String(json.model ?? 'omni-moderation-latest'),
    results: [{ flagged: false, categories: { violence: false }, category_scores: { violence: 0.01 } }],
  }
}
