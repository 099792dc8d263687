import { ok } from '../model/result.ts'
import { factsOf } from './body.ts'
import { openDraft } from './draft.ts'
import type { Endpoint } from './endpoint.ts'

export const modelsGet: Endpoint = {
  operation: 'models.get',
  method: 'GET',
  path: '/v1/models/{model}',
  body: 'none',
  query: [],
  answer: 'none',
  usageOnRequest: false,
  describe: (_, { model }) =>
    ok(factsOf('models.get', openDraft(), { model, stream: false, maxOutputTokens: undefined, bytes: 0 })),
}
