import t, { type Test } from 'tap'
import type { AuditLine } from '../support/audit-stream.ts'
import type { ProviderSession } from '../support/realtime-server.ts'
import { MODEL, type RealtimeWorld, speak, startRealtime, type VoiceClient } from '../support/realtime-world.ts'
import { endInOrder } from '../support/world.ts'

const session = (more: object) => ({ type: 'session.update', session: { type: 'realtime', ...more } })
const response = (more: object) => ({ type: 'response.create', response: { max_output_tokens: 10, ...more } })
const item = (...content: object[]) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content },
})
const tool = (name: string) => ({ type: 'function', name, parameters: { type: 'object' } })
const mcp = (server_url: string) => ({ type: 'mcp', server_label: 'x', server_url })
const image = (image_url: string) => ({ type: 'input_image', image_url })
const transcription = (model: string) => session({ audio: { input: { transcription: { model } } } })
const append = { type: 'input_audio_buffer.append', audio: 'AAAA' }
const repeated = (key: string) => `{"type":"session.update","session":{"max_output_tokens":10,${key}:9000}}`
const twice = (first: string, last: string) => `{"type":"${first}","type":"${last}"}`

type Message = object | string | Buffer
type Row = readonly [name: string, refused: Message, code: string, param: string | null, allowed: Message]

/** Each beside a message that differs in one fact and goes on. */
const ROWS: readonly Row[] = [
  ['another model', session({ model: 'gpt-4o' }), 'policy_denied', 'model', session({ model: MODEL })],
  [
    'another model at the top',
    { ...session({}), model: 'gpt-4o' },
    'policy_denied',
    'model',
    { ...session({}), model: MODEL },
  ],
  ['another model of a response', response({ model: 'gpt-4o' }), 'policy_denied', 'model', response({ model: MODEL })],
  ['a model that is no text', session({ model: [MODEL] }), 'invalid_body', 'model', session({ model: null })],
  [
    'an escaped key',
    `{"type":"session.update","session":{"\\u006dodel":"gpt-4o"}}`,
    'policy_denied',
    'model',
    session({}),
  ],
  ['a model in capitals', session({ MODEL: 'gpt-4o' }), 'invalid_body', 'MODEL', session({ model: MODEL })],
  ['a transcription model', transcription('gpt-4o'), 'policy_denied', 'model', transcription('gpt-4o-transcribe')],
  [
    'a transcription model as in the beta',
    session({ input_audio_transcription: { model: 'gpt-4o' } }),
    'policy_denied',
    'model',
    session({ input_audio_transcription: { model: 'gpt-4o-transcribe' } }),
  ],
  ['a model nobody serves', transcription('whisper-1'), 'model_not_found', 'model', transcription('gpt-4o-transcribe')],
  ['a function', session({ tools: [tool('buy')] }), 'policy_denied', null, session({ tools: [tool('search')] })],
  [
    'a hosted tool',
    session({ tools: [mcp('https://images.example.org')] }),
    'policy_denied',
    null,
    session({ tools: [] }),
  ],
  [
    'a function of a response',
    response({ tools: [tool('buy')] }),
    'policy_denied',
    null,
    response({ tools: [tool('search')] }),
  ],
  [
    'an MCP connector',
    response({ tools: [{ type: 'mcp', server_label: 'x', connector_id: 'connector_gmail' }] }),
    'policy_denied',
    null,
    response({ tools: [] }),
  ],
  [
    'a host',
    item(image('https://evil.example/a.png')),
    'policy_denied',
    null,
    item(image('https://images.example.org/a.png')),
  ],
  [
    'an address in another spelling',
    item(image('http://0x7f000001/')),
    'invalid_body',
    'image_url',
    item(image('data:image/png;base64,AA')),
  ],
  ['more output', session({ max_output_tokens: 1001 }), 'policy_denied', null, session({ max_output_tokens: 1000 })],
  [
    'output without a limit',
    session({ max_output_tokens: 'inf' }),
    'policy_denied',
    null,
    session({ max_output_tokens: 5 }),
  ],
  ['more output of a response', response({ max_output_tokens: 4096 }), 'policy_denied', null, response({})],
  [
    'a limit by its older name',
    response({ max_response_output_tokens: 4096 }),
    'policy_denied',
    null,
    response({ max_response_output_tokens: 9 }),
  ],
  ['a limit by an engine’s name', response({ max_tokens: 4096 }), 'invalid_body', 'max_tokens', response({})],
  [
    'a limit in a bag',
    response({ options: { num_predict: 9 } }),
    'invalid_body',
    'num_predict',
    response({ options: {} }),
  ],
  ['a limit in camel case', response({ maxOutputTokens: 9 }), 'invalid_body', 'maxOutputTokens', response({})],
  ['a stored prompt', response({ prompt: { id: 'pmpt_1' } }), 'policy_denied', null, response({ prompt: null })],
  [
    'a stored file',
    item({ type: 'input_file', file_id: 'file-1' }),
    'invalid_body',
    'file_id',
    item({ type: 'input_text', text: 'file-1' }),
  ],
  [
    'a stored conversation',
    response({ conversation: 'conv_1' }),
    'policy_denied',
    null,
    response({ conversation: 'none' }),
  ],
  [
    'an item that may be stored',
    response({ input: [{ type: 'item_reference', id: 'msg_1' }] }),
    'policy_denied',
    null,
    { type: 'conversation.item.delete', item_id: 'msg_1' },
  ],
  ['an unknown type', { type: 'session.delete' }, 'invalid_body', 'type', { type: 'input_audio_buffer.clear' }],
  ['no type', { session: {} }, 'invalid_body', 'type', session({})],
  ['a type of the server', { type: 'session.updated', session: {} }, 'invalid_body', 'type', session({})],
  ['a member that no message has', { ...append, extra_body: {} }, 'invalid_body', 'extra_body', append],
  ['a session that is a list', { type: 'session.update', session: [] }, 'invalid_body', 'type', session({})],
  ['an update of nothing', { type: 'session.update' }, 'invalid_body', 'session', session({})],
  ['sound that is no text', { ...append, audio: ['AAAA'] }, 'invalid_body', 'audio', append],
  ['a key twice', repeated('"max_output_tokens"'), 'invalid_body', null, repeated('"speed"')],
  ['a key twice, once escaped', repeated('"max_output_\\u0074okens"'), 'invalid_body', null, repeated('"temperature"')],
  ['two types', twice('response.cancel', 'response.create'), 'invalid_body', null, { type: 'response.cancel' }],
  ['no JSON', '{"type":', 'invalid_body', null, { type: 'response.cancel' }],
  ['a byte order mark', '\ufeff{"type":"response.cancel"}', 'invalid_body', null, '{"type":"response.cancel"}'],
  ['two documents', '{"type":"response.cancel"}{}', 'invalid_body', null, '{"type":"response.cancel"} '],
  ['a list', '[]', 'invalid_body', null, { type: 'response.cancel' }],
  [
    'deep nesting',
    `{"type":"response.cancel","event_id":${'['.repeat(200)}`,
    'invalid_body',
    null,
    { type: 'response.cancel' },
  ],
  ['a binary frame', Buffer.from('{"type":"response.cancel"}'), 'invalid_body', null, '{"type":"response.cancel"}'],
]

const inSessionOf = async (world: RealtimeWorld) => {
  const { client, session: upstream } = await speak(world)
  client.send(session({ max_output_tokens: 100 }))
  await client.event('session.updated')
  return { client, upstream }
}

const MARK = { type: 'output_audio_buffer.clear' }

/** Sends a message and then one that always goes on: what came upstream before that one. */
async function sent(client: VoiceClient, upstream: ProviderSession, message: Message): Promise<readonly string[]> {
  const before = upstream.received.entries.length
  client.send(message)
  client.send(MARK)
  const all = await upstream.received.until(
    (entries) => (entries.slice(before).at(-1)?.includes(MARK.type) ? entries.slice(before) : undefined),
    'the message behind it',
  )
  // Updates go on under a name that the proxy gives them.
  return all.slice(0, -1).map((text) => text.replace(/^\{"event_id":"event_[0-9a-f]{32}",/, '{'))
}

async function row(t: Test, world: RealtimeWorld, [name, refused, code, param, allowed]: Row): Promise<void> {
  const { client, upstream } = await inSessionOf(world)
  t.same(await sent(client, upstream, refused), [], `${name}: nothing goes on`)
  const error = await client.error()
  t.same([error.code, error.param], [code, param], `${name}: ${error.message}`)
  const text = typeof allowed === 'string' ? allowed : JSON.stringify(allowed)
  t.same(await sent(client, upstream, allowed), [text], `${name}: the other one goes on as it is`)
  const isDenial = (line: AuditLine) => line.requestId === client.requestId && line.action === 'message-denied'
  await world.proxy.audit.lines.until((lines) => lines.find(isDenial), `${name}: its event`)
  client.close()
  await client.closed
}

for (const [part, rows] of [ROWS.slice(0, 20), ROWS.slice(20)].entries()) {
  t.test(`a message that is refused does not go on, part ${part + 1}`, async (t) => {
    const world = await startRealtime(t)
    for (const one of rows) await row(t, world, one)
    await endInOrder(t, world)
  })
}

t.test('a refusal names the message, and has an event with the rule', async (t) => {
  const world = await startRealtime(t, { policy: DENYING })
  const { client } = await speak(world)
  client.send({ ...item(image('data:image/png;base64,AA')), event_id: 'mine' })
  t.same((await client.error()).eventId, 'mine')
  const denied = await world.proxy.audit.action('message-denied')
  t.match(denied.event, {
    event: { type: ['denied'], outcome: 'success', reason: 'denied_by_rule' },
    http: { request: { id: client.requestId } },
    rule: { id: 'no-images' },
    sallyport: { session: { message: 'conversation.item.create' }, decision: 'deny' },
  })
  t.equal(denied.stage, undefined)
  client.close()
  const complete = await world.proxy.audit.complete(client.requestId)
  t.equal(complete.get('sallyport.session.messages_refused'), 1)
  await endInOrder(t, world)
})

const DENYING = {
  version: 1,
  roles: { analyst: { members: [{ group: 'analysts' }] } },
  rules: [
    { id: 'all', effect: 'allow', roles: ['analyst'], operations: ['realtime'] },
    { id: 'no-images', effect: 'deny', operations: ['realtime'], when: { input: { images: true } } },
  ],
}

t.test('who goes on is shown out', async (t) => {
  const world = await startRealtime(t)
  const { client, upstream } = await inSessionOf(world)
  for (let count = 0; count < 32; count++) client.send(session({ model: 'gpt-4o' }))
  t.same(await client.closed, { code: 1008, reason: 'policy_denied' })
  t.equal(upstream.received.entries.length, 1, 'nothing of it went on')
  const complete = await world.proxy.audit.complete(client.requestId)
  t.same([complete.action, complete.get('event.reason')], ['completion-failed', 'messages_refused'])
  await endInOrder(t, world)
})
