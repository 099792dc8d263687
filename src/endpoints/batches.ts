import type { Endpoint } from './endpoint.ts'
import { act, get, list, send } from './operation.ts'

export const batches: readonly Endpoint[] = [
  // The models stand in the lines of the input file.
  send('batches.create', '/v1/batches', {
    model: 'indirect',
    models: [],
    runsStored: true,
    known: ['endpoint', 'completion_window', 'output_expires_after'],
    ids: ['input_file_id'],
  }),
  list('batches.list', '/v1/batches', 'batch', {}),
  get('batches.get', '/v1/batches/{batch}'),
  act('batches.cancel', '/v1/batches/{batch}/cancel'),
]
