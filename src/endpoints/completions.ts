import { walkText } from './content.ts'
import type { Endpoint } from './endpoint.ts'
import { send } from './operation.ts'

export const completions: Endpoint = send('completions', '/v1/completions', {
  stored: false,
  streams: 'asked',
  model: 'required',
  models: ['.model'],
  answer: 'completion',
  usageOnRequest: true,
  outputLimits: ['max_tokens'],
  readers: [['prompt', (draft, value) => walkText(draft, value, 'prompt')]],
})
