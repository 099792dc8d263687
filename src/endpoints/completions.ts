import { bodyForm, describeBody } from './body.ts'
import { walkText } from './content.ts'
import type { Endpoint } from './endpoint.ts'

const form = bodyForm('completions', {
  modelRequired: true,
  outputLimits: ['max_tokens'],
  readers: [['prompt', (draft, value) => walkText(draft, value, 'prompt')]],
})

export const completions: Endpoint = {
  operation: 'completions',
  method: 'POST',
  path: '/v1/completions',
  body: 'json',
  query: [],
  answer: 'completion',
  usageOnRequest: true,
  describe: (body) => describeBody(form, body),
}
