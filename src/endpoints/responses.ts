import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { bodyForm, describeBody } from './body.ts'
import { walkItems, walkVariables } from './content.ts'
import { type Draft, noteObject, refuse } from './draft.ts'
import type { Endpoint } from './endpoint.ts'
import { walkMember } from './walk.ts'

const form = bodyForm('responses', {
  modelRequired: false,
  outputLimits: ['max_output_tokens'],
  readers: [
    ['input', readInput],
    ['prompt', readPrompt],
    ['conversation', readConversation],
  ],
})

/** A response may take its model from a stored prompt, or go on with a stored response: then it is *cannot tell*. */
export const responses: Endpoint = {
  operation: 'responses',
  method: 'POST',
  path: '/v1/responses',
  body: 'json',
  query: [],
  answer: 'response',
  usageOnRequest: false,
  describe: (body) => describeBody(form, body),
}

function readInput(draft: Draft, input: JsonValue): undefined {
  if (typeof input !== 'string') walkItems(draft, input, 'input')
}

function readPrompt(draft: Draft, prompt: JsonValue): undefined {
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
