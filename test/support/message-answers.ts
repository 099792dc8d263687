import type { JsonObject } from '../../src/model/json.ts'
import { eventText, sendJson, startEvents, TEXT, WORDS } from './model-answers.ts'
import type { Behaviour, ModelCall, ModelServer } from './model-server.ts'

/** As the Messages API counts: what was read from a cache or written to one is not in `input_tokens`. */
export const MESSAGE_USAGE = { input: 7, read: 20, written: 5, output: 6, thinking: 2 }

const STARTED = {
  input_tokens: MESSAGE_USAGE.input,
  cache_read_input_tokens: MESSAGE_USAGE.read,
  cache_creation_input_tokens: MESSAGE_USAGE.written,
  output_tokens: 1,
}
const ENDED = {
  output_tokens: MESSAGE_USAGE.output,
  output_tokens_details: { thinking_tokens: MESSAGE_USAGE.thinking },
}

const identity = (call: ModelCall) => `msg_${String(call.number).padStart(6, '0')}`

function messageOf(
  call: ModelCall,
  content: readonly JsonObject[],
  stop: string | null,
  usage: JsonObject,
): JsonObject {
  const model = String(call.json?.model)
  return { id: identity(call), type: 'message', role: 'assistant', model, content, stop_reason: stop, usage }
}

/** The events of a streamed message, each as it stands in the stream: the last one is padded, as some are. */
function messageEvents(call: ModelCall): string[] {
  const named = (data: JsonObject) => eventText(data, String(data.type))
  return [
    named({ type: 'message_start', message: messageOf(call, [], null, STARTED) }),
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    named({ type: 'ping' }),
    ...WORDS.map((text) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    named({ type: 'content_block_stop', index: 0 }),
    named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: ENDED }),
    'event: message_stop\ndata: {"type":"message_stop"          }\n\n',
  ]
}

const HEADERS = {
  'request-id': 'req_of_the_provider',
  'anthropic-organization-id': 'org-1',
  'anthropic-ratelimit-requests-remaining': '41',
  'set-cookie': 'a=b',
}

/** Answers like the Messages API: a call of the first tool where there is one, text otherwise. */
const answerMessage: Behaviour = (call) => {
  if (call.json?.stream === true) {
    startEvents(call.response)
    for (const event of messageEvents(call)) call.response.write(event)
    call.response.end()
    return
  }
  const [tool] = (call.json?.tools ?? []) as readonly JsonObject[]
  const content = tool
    ? { type: 'tool_use', id: 'toolu_1', name: String(tool.name), input: { city: 'Bonn' } }
    : { type: 'text', text: TEXT }
  const message = messageOf(call, [content], tool ? 'tool_use' : 'end_turn', { ...STARTED, ...ENDED })
  sendJson(call.response, 200, message, HEADERS)
}

/** An error as the API writes it. */
const messageError = (status: number, type: string): Behaviour => {
  return ({ response }) =>
    sendJson(response, status, { type: 'error', error: { type, message: 'mock' }, request_id: 'req_1' }, HEADERS)
}

/** Two pages of models, one on each. */
const listModels: Behaviour = ({ request, response }) => {
  const isSecond = request.target.includes('after_id=claude-small')
  const id = isSecond ? 'claude-large' : 'claude-small'
  const data = [{ type: 'model', id, display_name: id, created_at: '2023-11-14T22:13:20Z' }]
  sendJson(response, 200, { data, has_more: !isSecond, first_id: id, last_id: id })
}

/** Makes a model server one of the Messages API. */
export function speakMessages(server: ModelServer): void {
  server.scriptPath('/v1/messages', (call) => {
    const scripted = BY_MODEL.get(String(call.json?.model))
    return (scripted ?? answerMessage)(call)
  })
  server.scriptPath('/v1/messages/count_tokens', ({ response }) => sendJson(response, 200, { input_tokens: 14 }))
  server.scriptPath('/v1/models', listModels)
}

const resetAfter = (text: (call: ModelCall) => string): Behaviour => {
  return (call) => {
    startEvents(call.response)
    call.response.write(text(call), () => call.socket.resetAndDestroy())
  }
}

/** Models whose answers go wrong. */
const BY_MODEL: ReadonlyMap<string, Behaviour> = new Map([
  ['claude-small-400', messageError(400, 'invalid_request_error')],
  ['claude-small-401', messageError(401, 'authentication_error')],
  ['claude-small-403', messageError(403, 'permission_error')],
  ['claude-small-429', messageError(429, 'rate_limit_error')],
  ['claude-small-529', messageError(529, 'overloaded_error')],
  ['claude-small-reset', resetAfter((call) => messageEvents(call).slice(0, 4).join(''))],
  ['claude-small-cut', resetAfter((call) => `${messageEvents(call)[0]}event: content_block_delta\ndata: {"type":"con`)],
  ['claude-small-late', resetAfter((call) => messageEvents(call).join(''))],
])
