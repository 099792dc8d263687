import type { Endpoint } from './endpoint.ts'
import { act, get, list, remove, send } from './operation.ts'

const STORE = '/v1/vector_stores/{vector_store}'
const FILE = `${STORE}/files/{file}`
const BATCH = `${STORE}/file_batches/{file_batch}`
const BETA = { beta: 'assistants=v2' }
const KEPT = ['name', 'description', 'expires_after', 'chunking_strategy']
const FILES = { before: 'file', filter: null, order: null } as const

export const vectorStores: readonly Endpoint[] = [
  send('vector_stores.create', '/v1/vector_stores', { ...BETA, known: KEPT }),
  list('vector_stores.list', '/v1/vector_stores', 'vector_store', { before: 'vector_store', order: null }, BETA),
  get('vector_stores.get', STORE, BETA),
  send('vector_stores.update', STORE, { ...BETA, known: KEPT }),
  remove('vector_stores.delete', STORE, BETA),
  send('vector_stores.search', `${STORE}/search`, {
    ...BETA,
    known: ['query', 'filters', 'max_num_results', 'ranking_options', 'rewrite_query'],
  }),
  send('vector_stores.files.create', `${STORE}/files`, { ...BETA, known: ['attributes', 'chunking_strategy'] }),
  list('vector_stores.files.list', `${STORE}/files`, 'file', FILES, BETA),
  get('vector_stores.files.get', FILE, BETA),
  send('vector_stores.files.update', FILE, { ...BETA, known: ['attributes'] }),
  remove('vector_stores.files.delete', FILE, BETA),
  get('vector_stores.files.content', `${FILE}/content`, BETA),
  send('vector_stores.file_batches.create', `${STORE}/file_batches`, {
    ...BETA,
    known: ['attributes', 'chunking_strategy', 'files'],
  }),
  get('vector_stores.file_batches.get', BATCH, BETA),
  act('vector_stores.file_batches.cancel', `${BATCH}/cancel`, BETA),
  list('vector_stores.file_batches.list_files', `${BATCH}/files`, 'file', FILES, BETA),
]
