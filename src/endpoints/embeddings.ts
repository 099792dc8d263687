import { readMessages } from './chat.ts'
import { walkText } from './content.ts'
import type { Endpoint } from './endpoint.ts'
import { send } from './operation.ts'

export const embeddings: Endpoint = send('embeddings', '/v1/embeddings', {
  stored: false,
  model: 'required',
  models: ['.model'],
  answer: 'embedding',
  readers: [
    ['input', (draft, value) => walkText(draft, value, 'input')],
    ['messages', readMessages],
  ],
})
