import { ok } from '../model/result.ts'
import { factsOf } from './body.ts'
import { openDraft } from './draft.ts'
import type { Endpoint } from './endpoint.ts'

export const modelsList: Endpoint = {
  operation: 'models.list',
  method: 'GET',
  path: '/v1/models',
  body: 'none',
  query: [],
  answer: 'none',
  usageOnRequest: false,
  describe: () =>
    ok(factsOf('models.list', openDraft(), { model: null, stream: false, maxOutputTokens: undefined, bytes: 0 })),
}
