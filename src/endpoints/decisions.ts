import type { Endpoint } from './endpoint.ts'
import { send } from './operation.ts'
import { readInput } from './responses.ts'

/** Yes or no, or one of several answers, to questions about a text. */
export const decisions: Endpoint = send('decisions.create', '/v1/decisions', {
  stored: false,
  model: 'required',
  models: ['.model'],
  answer: 'response',
  known: ['questions'],
  readers: [['input', readInput]],
})
