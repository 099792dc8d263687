import type { Endpoint } from './endpoint.ts'
import { act, get, list, remove, send } from './operation.ts'

const THREAD = '/v1/chatkit/threads/{chatkit_thread}'
const BETA = { beta: 'chatkit_beta=v1' }

export const chatkit: readonly Endpoint[] = [
  // A secret with which a browser speaks to the provider; the workflow says the models.
  send('chatkit.sessions.create', '/v1/chatkit/sessions', { ...BETA, awaits: 'session', model: 'indirect' }),
  act('chatkit.sessions.cancel', '/v1/chatkit/sessions/{chatkit_session}/cancel', BETA),
  list(
    'chatkit.threads.list',
    '/v1/chatkit/threads',
    'chatkit_thread',
    { before: 'chatkit_thread', order: null, user: null },
    BETA,
  ),
  get('chatkit.threads.get', THREAD, BETA),
  remove('chatkit.threads.delete', THREAD, BETA),
  list('chatkit.threads.list_items', `${THREAD}/items`, 'item', { before: 'item', order: null }, BETA),
]
