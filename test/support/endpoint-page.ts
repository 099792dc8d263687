import type { Endpoint } from '../../src/endpoints/endpoint.ts'
import { isolationOf } from '../../src/endpoints/isolation.ts'

const BODIES = { none: '', json: 'JSON', multipart: 'form', either: 'JSON or form' } as const
const ROLES = {
  none: '',
  required: 'named',
  optional: 'named, or cannot tell',
  nested: 'named further down, or cannot tell',
  indirect: 'cannot tell',
  path: 'named',
  query: 'named, or none',
} as const
const STREAMS = { no: '', asked: 'if asked', always: 'always' } as const
const AWAITS = {
  websocket: 'no: WebSocket',
  session: 'no: goes past the proxy',
  requests: 'no: requests that run later',
} as const

/** The table of the endpoints as documentation has it. */
export function endpointTable(endpoints: readonly Endpoint[]): string {
  const head = ['operation', 'method and path', 'query', 'body', 'model', 'where', 'streams', 'carried']
  const rows = [...endpoints].sort((one, other) => (one.operation < other.operation ? -1 : 1)).map(rowOf)
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** By every upstream that keeps its callers apart. */
export function isRefused(endpoint: Endpoint): boolean {
  return isolationOf(endpoint).kind === 'refused'
}

function rowOf(endpoint: Endpoint): string[] {
  const { operation, api, method, path, query, body, model, models, streams, awaits } = endpoint
  const open = api === 'anthropic' ? '`kind: anthropic`' : 'yes'
  const carried = awaits === null ? (isRefused(endpoint) ? '`isolation: off`' : open) : AWAITS[awaits]
  const places = models.map((place) => `\`${place}\``).join(', ')
  const parameters = Object.entries(query).map(([name, kind]) => (kind === null ? name : `${name} (${kind})`))
  return [
    `\`${operation}\``,
    `${method} \`${path}\``,
    parameters.map((text) => text.replaceAll('*', '\\*')).join(', '),
    BODIES[body],
    ROLES[model],
    places,
    STREAMS[streams],
    carried,
  ]
}
