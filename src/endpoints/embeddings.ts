import { bodyForm, describeBody } from './body.ts'
import { readMessages } from './chat.ts'
import { walkText } from './content.ts'
import type { Endpoint } from './endpoint.ts'

const form = bodyForm('embeddings', {
  modelRequired: true,
  outputLimits: [],
  readers: [
    ['input', (draft, value) => walkText(draft, value, 'input')],
    ['messages', readMessages],
  ],
})

export const embeddings: Endpoint = {
  operation: 'embeddings',
  method: 'POST',
  path: '/v1/embeddings',
  body: 'json',
  query: [],
  answer: 'embedding',
  usageOnRequest: false,
  describe: (body) => describeBody(form, body),
}
