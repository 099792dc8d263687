import type { Endpoint } from './endpoint.ts'
import { get, remove } from './operation.ts'

export const models: readonly Endpoint[] = [
  get('models.list', '/v1/models', { stored: false }),
  get('models.get', '/v1/models/{model}', { stored: false, model: 'path', models: ['{model}'] }),
  // Only models of one's own can be deleted: fine-tuned ones, which are objects of the account.
  remove('models.delete', '/v1/models/{model}', { model: 'path', models: ['{model}'] }),
]
