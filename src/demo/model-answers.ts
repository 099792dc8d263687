import type { JsonObject, JsonValue } from '../model/json.ts'
import { isJsonObject } from '../model/json.ts'

/** Everything that an answer of the demo's model consists of; the same request always gets the same one. */
export interface Reply {
  readonly model: string
  readonly pieces: readonly string[]
  readonly inputTokens: number
}

const CREATED = 1_767_225_600
const DIMENSIONS = 8

export function replyTo(body: JsonObject): Reply {
  const model = typeof body.model === 'string' ? body.model : 'unknown'
  const asked = wordsOf(body.messages ?? body.input ?? body.prompt ?? '')
  const text = `A sallyport is a gate that one goes through only after being checked. (${model}, simulated; your prompt had ${asked} words.)`
  return { model, pieces: text.match(/\s*\S+/g) ?? [text], inputTokens: asked }
}

/** Words in every text of a prompt, however deep it stands: the demo's tokens. */
function wordsOf(value: JsonValue): number {
  if (typeof value === 'string') return value.split(/\s+/).filter(Boolean).length
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + wordsOf(item as JsonValue), 0)
  if (!isJsonObject(value)) return 0
  return wordsOf(value.content ?? value.text ?? '')
}

function usage({ inputTokens, pieces }: Reply): JsonObject {
  const output = pieces.length
  return { prompt_tokens: inputTokens, completion_tokens: output, total_tokens: inputTokens + output }
}

export function chatAnswer(id: string, reply: Reply): JsonObject {
  const message = { role: 'assistant', content: reply.pieces.join(''), refusal: null }
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: CREATED,
    model: reply.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usage(reply),
  }
}

/** The events of a streamed chat answer, one a word; with usage in one more chunk where it was asked for. */
export function chatEvents(id: string, reply: Reply, withUsage: boolean): string[] {
  const base = {
    id: `chatcmpl-${id}`,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: reply.model,
    ...(withUsage ? { usage: null } : {}),
  }
  const chunk = (delta: JsonObject, finish: string | null) =>
    event({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...reply.pieces.map((content) => chunk({ content }, null)),
    chunk({}, 'stop'),
    ...(withUsage ? [event({ ...base, choices: [], usage: usage(reply) })] : []),
    'data: [DONE]\n\n',
  ]
}

export function completionAnswer(id: string, reply: Reply): JsonObject {
  return {
    id: `cmpl-${id}`,
    object: 'text_completion',
    created: CREATED,
    model: reply.model,
    choices: [{ index: 0, text: reply.pieces.join(''), logprobs: null, finish_reason: 'stop' }],
    usage: usage(reply),
  }
}

export function completionEvents(id: string, reply: Reply, withUsage: boolean): string[] {
  const base = { id: `cmpl-${id}`, object: 'text_completion', created: CREATED, model: reply.model }
  const chunk = (text: string, finish: string | null) =>
    event({ ...base, choices: [{ index: 0, text, logprobs: null, finish_reason: finish }] })
  return [
    ...reply.pieces.map((piece) => chunk(piece, null)),
    chunk('', 'stop'),
    ...(withUsage ? [event({ ...base, choices: [], usage: usage(reply) })] : []),
    'data: [DONE]\n\n',
  ]
}

function responseOf(id: string, reply: Reply, done: boolean): JsonObject {
  const output = reply.pieces.length
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: CREATED,
    status: done ? 'completed' : 'in_progress',
    model: reply.model,
    output: done ? [messageItem(id, reply.pieces.join(''))] : [],
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: done
      ? {
          input_tokens: reply.inputTokens,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: output,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: reply.inputTokens + output,
        }
      : null,
  }
}

function messageItem(id: string, text: string): JsonObject {
  return { id: `msg_${id}`, type: 'message', status: 'completed', role: 'assistant', content: [textPart(text)] }
}

const textPart = (text: string): JsonObject => ({ type: 'output_text', text, annotations: [], logprobs: [] })

export function responseAnswer(id: string, reply: Reply): JsonObject {
  return responseOf(id, reply, true)
}

export function responseEvents(id: string, reply: Reply): string[] {
  const text = reply.pieces.join('')
  const place = { item_id: `msg_${id}`, output_index: 0, content_index: 0 }
  const item = { ...messageItem(id, ''), status: 'in_progress', content: [] }
  const events: JsonObject[] = [
    { type: 'response.created', response: responseOf(id, reply, false) },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.content_part.added', ...place, part: textPart('') },
    ...reply.pieces.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: textPart(text) },
    { type: 'response.output_item.done', output_index: 0, item: messageItem(id, text) },
    { type: 'response.completed', response: responseOf(id, reply, true) },
  ]
  return events.map((data, sequence_number) => event({ ...data, sequence_number }, String(data.type)))
}

export function embeddingAnswer(body: JsonObject): JsonObject {
  const inputs = Array.isArray(body.input) ? body.input : [body.input ?? '']
  const tokens = inputs.reduce((sum: number, input) => sum + wordsOf(input as JsonValue), 0)
  return {
    object: 'list',
    data: inputs.map((input, index) => ({
      object: 'embedding',
      index,
      embedding: encoded(vectorOf(JSON.stringify(input)), body.encoding_format === 'base64'),
    })),
    model: typeof body.model === 'string' ? body.model : 'unknown',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

/** A vector that depends on the text and means nothing. */
function vectorOf(text: string): number[] {
  const vector = new Array<number>(DIMENSIONS).fill(0)
  for (let at = 0; at < text.length; at++) {
    const slot = at % DIMENSIONS
    vector[slot] = ((vector[slot] ?? 0) * 31 + text.charCodeAt(at)) % 1024
  }
  return vector.map((value) => value / 1024)
}

function encoded(vector: readonly number[], base64: boolean): JsonValue {
  return base64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : [...vector]
}

export function moderationAnswer(id: string): JsonObject {
  const none = { violence: false, hate: false, 'self-harm': false, sexual: false }
  const scores = { violence: 0.01, hate: 0.01, 'self-harm': 0.01, sexual: 0.01 }
  return {
    id: `modr-${id}`,
    model: 'omni-moderation-latest',
    results: [{ flagged: false, categories: none, category_scores: scores }],
  }
}

export function modelAnswer(id: string): JsonObject {
  return { id, object: 'model', created: CREATED, owned_by: 'demo' }
}

export function errorAnswer(message: string, code: string): JsonObject {
  return { error: { message, type: 'invalid_request_error', param: null, code } }
}

function event(data: JsonObject, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`
}
