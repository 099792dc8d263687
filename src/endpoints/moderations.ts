import { walkText } from './content.ts'
import type { Endpoint } from './endpoint.ts'
import { send } from './operation.ts'

/** A moderation that names no model runs on the upstream's choice: *cannot tell*. */
export const moderations: Endpoint = send('moderations', '/v1/moderations', {
  stored: false,
  model: 'optional',
  models: ['.model'],
  readers: [['input', (draft, value) => walkText(draft, value, 'input')]],
})
