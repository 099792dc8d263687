import { bodyForm, describeBody } from './body.ts'
import { walkText } from './content.ts'
import type { Endpoint } from './endpoint.ts'

const form = bodyForm('moderations', {
  modelRequired: false,
  outputLimits: [],
  readers: [['input', (draft, value) => walkText(draft, value, 'input')]],
})

/** A moderation that names no model runs on the upstream's choice: *cannot tell*. */
export const moderations: Endpoint = {
  operation: 'moderations',
  method: 'POST',
  path: '/v1/moderations',
  body: 'json',
  query: [],
  answer: 'none',
  usageOnRequest: false,
  describe: (body) => describeBody(form, body),
}
