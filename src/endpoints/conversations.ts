import type { MemberReader } from './body.ts'
import { walkItems } from './content.ts'
import type { Endpoint } from './endpoint.ts'
import { get, list, remove, send } from './operation.ts'

const CONVERSATION = '/v1/conversations/{conversation}'
const ITEM = `${CONVERSATION}/items/{item}`
const items: [string, MemberReader] = ['items', (draft, value) => walkItems(draft, value, 'items')]
/** No model serves these; items may hold tools that name one. */
const MODELS = ['.items[].tools[].model', '.items[].tools[].svg.model']

export const conversations: readonly Endpoint[] = [
  send('conversations.create', '/v1/conversations', { models: MODELS, readers: [items] }),
  get('conversations.get', CONVERSATION),
  send('conversations.update', CONVERSATION),
  remove('conversations.delete', CONVERSATION),
  send('conversations.items.create', `${CONVERSATION}/items`, {
    models: MODELS,
    query: { 'include[]': null },
    readers: [items],
  }),
  list('conversations.items.list', `${CONVERSATION}/items`, 'item', { order: null, 'include[]': null }),
  get('conversations.items.get', ITEM, { query: { 'include[]': null } }),
  remove('conversations.items.delete', ITEM),
]
