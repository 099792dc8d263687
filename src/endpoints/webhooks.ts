import type { Endpoint } from './endpoint.ts'
import { get, list, remove, send } from './operation.ts'

const ENDPOINT = '/v1/webhook_endpoints/{webhook}'
const KNOWN = ['name', 'event_types']

/** Where the provider reports events of the account: a URL that somebody else calls. */
export const webhooks: readonly Endpoint[] = [
  send('webhooks.create', '/v1/webhook_endpoints', { known: KNOWN }),
  list('webhooks.list', '/v1/webhook_endpoints', 'webhook', {}),
  get('webhooks.get', ENDPOINT),
  send('webhooks.update', ENDPOINT, { known: KNOWN }),
  remove('webhooks.delete', ENDPOINT),
  send('webhooks.rotate_secret', `${ENDPOINT}/rotate_secret`, { known: ['keep_old_secret_active_for_24_hours'] }),
  send('webhooks.test', `${ENDPOINT}/test`, { known: ['event_type'] }),
  get('webhooks.event_types.list', '/v1/webhook_event_types'),
]
