import type { Endpoint } from './endpoint.ts'
import { content, get, list, remove, send } from './operation.ts'

const CONTAINER = '/v1/containers/{container}'
const FILE = `${CONTAINER}/files/{container_file}`

export const containers: readonly Endpoint[] = [
  send('containers.create', '/v1/containers', { known: ['name', 'expires_after', 'memory_limit'] }),
  list('containers.list', '/v1/containers', 'container', { order: null, name: null }),
  get('containers.get', CONTAINER),
  remove('containers.delete', CONTAINER),
  // A file that is stored already by its id, or one that comes with the request.
  send('containers.files.create', `${CONTAINER}/files`, { body: 'either' }),
  list('containers.files.list', `${CONTAINER}/files`, 'container_file', { order: null }),
  get('containers.files.get', FILE),
  remove('containers.files.delete', FILE),
  content('containers.files.content', `${FILE}/content`),
]
