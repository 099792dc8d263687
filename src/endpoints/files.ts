import type { Endpoint } from './endpoint.ts'
import { content, get, list, remove, upload } from './operation.ts'

export const files: readonly Endpoint[] = [
  upload('files.create', '/v1/files'),
  list('files.list', '/v1/files', 'file', { order: null, purpose: null }),
  get('files.get', '/v1/files/{file}'),
  remove('files.delete', '/v1/files/{file}'),
  content('files.content', '/v1/files/{file}/content'),
]
