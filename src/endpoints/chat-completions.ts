import type { Endpoint } from './endpoint.ts'
import { get, list, remove, send } from './operation.ts'

/** Chats that were kept (`store: true`). */
export const chatCompletions: readonly Endpoint[] = [
  list(
    'chat.completions.list',
    '/v1/chat/completions',
    'completion',
    { order: null, model: 'model', 'metadata[*]': null },
    { model: 'query', models: ['?model'] },
  ),
  get('chat.completions.get', '/v1/chat/completions/{completion}'),
  send('chat.completions.update', '/v1/chat/completions/{completion}'),
  remove('chat.completions.delete', '/v1/chat/completions/{completion}'),
  list('chat.completions.messages.list', '/v1/chat/completions/{completion}/messages', 'message', { order: null }),
]
