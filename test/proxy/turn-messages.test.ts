import t from 'tap'
import { ENDPOINTS } from '../../src/endpoints/index.ts'
import { isJsonObject } from '../../src/model/json.ts'
import { FORBIDDEN, planted, SPELLINGS } from '../support/table-requests.ts'
import { connectTurns, create, nextError, SMALL, startTurns } from '../support/turn-world.ts'
import { endInOrder } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    {
      id: 'turns',
      effect: 'allow',
      roles: ['analyst'],
      models: [SMALL],
      operations: ['responses', 'responses.connect'],
      when: {
        tools: { functions: ['search'], hosted: ['image_generation'] },
        urls: ['images.example.org'],
        max_output_tokens: { at_most: 1000 },
      },
    },
  ],
} as const

const tool = (name: string) => create({ tools: [{ type: 'function', name, parameters: { type: 'object' } }] })
const image = (image_url: string) =>
  create({ input: [{ type: 'message', role: 'user', content: [{ type: 'input_image', image_url }] }] })
const mcp = (server_url: string) => create({ tools: [{ type: 'mcp', server_label: 'x', server_url }] })
const { model: _, ...nameless } = create()

type Message = object | string | Buffer
type Row = readonly [name: string, refused: Message, status: number, code: string, param: string | null, twin: Message]

/** Each beside a message that differs in one fact and goes on. */
const ROWS: readonly Row[] = [
  ['another model', create({ model: FORBIDDEN }), 403, 'policy_denied', 'model', create()],
  ['no model', nameless, 403, 'policy_denied', 'model', create()],
  ['a model that nobody serves', create({ model: 'llama-3' }), 404, 'model_not_found', 'model', create()],
  ['a function', tool('buy'), 403, 'policy_denied', null, tool('search')],
  ['a hosted tool', create({ tools: [{ type: 'web_search' }] }), 403, 'policy_denied', null, create({ tools: [] })],
  ['an MCP server', mcp('https://images.example.org'), 403, 'policy_denied', null, create({ tools: [] })],
  [
    'a host',
    image('https://evil.example/a.png'),
    403,
    'policy_denied',
    null,
    image('https://images.example.org/a.png'),
  ],
  ['an address', image('http://0x7f000001/'), 400, 'invalid_body', 'image_url', image('data:image/png;base64,AA')],
  ['more output', create({ max_output_tokens: 1001 }), 403, 'policy_denied', null, create({ max_output_tokens: 1000 })],
  ['output without a limit', create({ max_output_tokens: null }), 403, 'policy_denied', null, create()],
  [
    'a stored response',
    create({ previous_response_id: 'resp_1' }),
    403,
    'policy_denied',
    null,
    create({ previous_response_id: null }),
  ],
  ['a stored prompt', create({ prompt: { id: 'pmpt_1' } }), 403, 'policy_denied', null, create({ prompt: null })],
  ['a conversation', create({ conversation: 'conv_1' }), 403, 'policy_denied', null, create()],
  [
    'a file',
    create({ input: [{ type: 'input_file', file_id: 'file-1' }] }),
    404,
    'object_not_found',
    'file_id',
    create(),
  ],
  ['an unknown type', { type: 'response.cancel' }, 400, 'invalid_body', 'type', create()],
  ['no type', { model: SMALL, input: 'x' }, 400, 'invalid_body', 'type', create()],
  [
    'what is not built',
    { type: 'response.steer', previous_response_id: 'x', input: 'x' },
    400,
    'invalid_body',
    'type',
    create(),
  ],
  ['a type in capitals beside it', create({ TYPE: 'response.steer' }), 400, 'invalid_body', 'TYPE', create()],
  ['a stream that is no text', create({ stream_id: 1 }), 400, 'invalid_body', 'stream_id', create({ stream_id: 'a' })],
  ['a flag that is none', create({ generate: 'no' }), 400, 'invalid_body', 'generate', create({ generate: false })],
  ['a redirect', create({ api_base: 'https://evil.example' }), 400, 'invalid_body', 'api_base', create()],
  ['a list', '[]', 400, 'invalid_body', null, create()],
  [
    'a key twice',
    `{"type":"response.create","model":"${SMALL}","model":"${FORBIDDEN}","max_output_tokens":1}`,
    400,
    'invalid_body',
    null,
    create(),
  ],
  ['bytes', Buffer.from(JSON.stringify(create())), 400, 'invalid_body', null, create()],
]

t.test('a message that would not pass as a request does not pass, and its twin does', async (t) => {
  const world = await startTurns(t, { policy: POLICY })
  for (const [name, refused, status, code, param, twin] of ROWS) {
    const { client, connection } = await connectTurns(world)
    client.send(refused)
    t.same(await nextError(client), [status, code, param], name)
    client.send(twin)
    await client.event('response.completed')
    t.equal(connection.received.entries.length, 1, `${name}: nothing but its twin went on`)
    const text = typeof twin === 'string' ? twin : JSON.stringify(twin)
    t.equal(connection.received.entries[0], text, `${name}: byte for byte`)
    client.close()
    await client.closed
  }
  await endInOrder(t, world)
})

t.test('a model is found in every place and spelling of a message', async (t) => {
  const world = await startTurns(t, { policy: POLICY, isolation: 'off' })
  const endpoint = ENDPOINTS.find(({ operation }) => operation === 'responses.connect')
  const places = (endpoint?.models ?? []).map((place) => place.replace('frame ', ''))
  t.ok(places.length >= 6, `${places.length} places`)
  for (const place of places) {
    const envelope = ['"type":"response.create"', '"max_output_tokens":10']
    const top = place === '.model' ? envelope : [...envelope, `"model":"${SMALL}"`]
    const { client, connection } = await connectTurns(world)
    for (const [spelling, member, isPlain] of SPELLINGS) {
      client.send(planted(place, member(FORBIDDEN), top))
      const [, code] = await nextError(client)
      t.equal(code, isPlain ? 'policy_denied' : 'invalid_body', `${place}: ${spelling}`)
    }
    t.same(connection.received.entries, [], `${place}: nothing went on`)
    client.send(planted(place, `"model":"${SMALL}"`, top))
    await client.event('response.completed')
    client.close()
    await client.closed
  }
  const denied = world.proxy.audit.withAction('message-denied')
  t.equal(denied.length, places.length * SPELLINGS.length, 'each one is told of')
  await endInOrder(t, world)
})

t.test('the policy changes a message as it changes a request', async (t) => {
  const transforms = [
    { id: 'short', set: { max_output_tokens: 100, store: false }, system: { prepend: 'Never reveal it.' } },
  ]
  const world = await startTurns(t, { policy: { ...POLICY, transforms } })
  const { client, connection } = await connectTurns(world)
  client.send(create({ max_output_tokens: 500, instructions: 'be kind', stream_id: 'a' }))
  await client.event('response.completed')
  const sent: unknown = JSON.parse(connection.received.entries[0] ?? '')
  t.same(isJsonObject(sent) && sent, {
    ...create({ max_output_tokens: 100, instructions: 'Never reveal it.\nbe kind', stream_id: 'a', store: false }),
  })
  const [event] = world.proxy.audit.withAction('message-authorized')
  t.same(event?.get('sallyport.policy.obligations'), ['transform:short'])
  client.close()
  await endInOrder(t, world)
})
