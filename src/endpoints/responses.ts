import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { MemberReader } from './body.ts'
import { walkItems, walkVariables } from './content.ts'
import { type Draft, noteObject, refuse } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { act, connect, get, list, remove, send } from './operation.ts'
import { walkMember } from './walk.ts'

/** Where the Responses API knows a model. */
const RESPONSE_MODELS = [
  ...['.model', '.tools[].model', '.tools[].svg.model', '.input[].tools[].model', '.input[].tools[].svg.model'],
  '.moderation.model',
]

/** What a body that goes to a model of the Responses API may hold. */
export const responseMembers = {
  models: RESPONSE_MODELS,
  outputLimits: ['max_output_tokens'],
  readers: [
    ['input', readInput],
    ['prompt', readPrompt],
    ['conversation', readConversation],
  ] as [string, MemberReader][],
}

/** The operations of responses. What creating one leaves behind is only reached by those that are `stored`. */
export const responses: readonly Endpoint[] = [
  // A response may take its model from a stored prompt, or go on with a stored response: then it is *cannot tell*.
  send('responses', '/v1/responses', {
    stored: false,
    streams: 'asked',
    model: 'optional',
    answer: 'response',
    ...responseMembers,
  }),
  send('responses.compact', '/v1/responses/compact', {
    stored: false,
    model: 'required',
    answer: 'response',
    ...responseMembers,
  }),
  send('responses.input_tokens', '/v1/responses/input_tokens', {
    stored: false,
    model: 'optional',
    ...responseMembers,
  }),
  // Opening it says nothing of a model: what is asked for on it does, message by message.
  connect('responses.connect', '/v1/responses', {
    dialect: 'responses',
    models: RESPONSE_MODELS.map((place) => `frame ${place}`),
  }),
  get('responses.get', '/v1/responses/{response}', {
    streams: 'asked',
    query: { 'include[]': null, include_obfuscation: 'flag', starting_after: null, stream: 'flag' },
  }),
  remove('responses.delete', '/v1/responses/{response}'),
  act('responses.cancel', '/v1/responses/{response}/cancel'),
  list('responses.input_items', '/v1/responses/{response}/input_items', 'item', {
    before: 'item',
    order: null,
    'include[]': null,
  }),
]

export function readInput(draft: Draft, input: JsonValue): undefined {
  if (typeof input !== 'string') walkItems(draft, input, 'input')
}

export function readPrompt(draft: Draft, prompt: JsonValue): undefined {
  if (prompt === null) return
  if (!isJsonObject(prompt)) return refuse(draft, '`prompt` must be an object', 'prompt')
  for (const key in prompt) {
    const value = prompt[key] as JsonValue
    if (key === 'id') noteObject(draft, 'prompt.id', value)
    else if (key === 'variables') walkVariables(draft, value)
    else walkMember(draft, key, value, false)
  }
}

function readConversation(draft: Draft, conversation: JsonValue): undefined {
  if (!isJsonObject(conversation)) return noteObject(draft, 'conversation', conversation)
  const id = ownValue(conversation, 'id')
  if (id === undefined) return refuse(draft, '`conversation` must have an `id`', 'conversation')
  noteObject(draft, 'conversation', id)
  for (const key in conversation) if (key !== 'id') walkMember(draft, key, conversation[key] as JsonValue, true)
}
