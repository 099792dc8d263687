import { Agent, get } from 'node:http'
import t from 'tap'
import { WebSocket } from 'ws'
import { polled } from '../support/proxy.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import { REALTIME_POLICY, type RealtimeWorld, speak, startRealtime, TARGET } from '../support/realtime-world.ts'
import { BOB, endInOrder, sent } from '../support/world.ts'

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const VERSION = 'Sec-WebSocket-Version: 13'
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket']
const HANDSHAKE = [...UPGRADE, VERSION, KEY]
const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'

type Row = readonly [name: string, target: string, headers: readonly string[], status: number, code: string]

const ROWS: readonly Row[] = [
  ['no upgrade', TARGET, [], 400, 'invalid_request'],
  [
    'an upgrade to something else',
    TARGET,
    ['Connection: Upgrade', 'Upgrade: h2c', VERSION, KEY],
    400,
    'invalid_request',
  ],
  ['no version', TARGET, [...UPGRADE, KEY], 400, 'invalid_request'],
  ['an old version', TARGET, [...UPGRADE, 'Sec-WebSocket-Version: 8', KEY], 400, 'invalid_request'],
  ['no key', TARGET, [...UPGRADE, VERSION], 400, 'invalid_request'],
  ['a short key', TARGET, [...UPGRADE, VERSION, 'Sec-WebSocket-Key: AAAA'], 400, 'invalid_request'],
  ['two keys', TARGET, [...HANDSHAKE, KEY], 400, 'invalid_request'],
  ['the page of another origin', TARGET, [...HANDSHAKE, 'Origin: https://evil.example'], 400, 'invalid_request'],
  ['a protocol twice', TARGET, [...HANDSHAKE, 'Sec-WebSocket-Protocol: a, a'], 400, 'invalid_request'],
  ['an empty protocol', TARGET, [...HANDSHAKE, 'Sec-WebSocket-Protocol: realtime,'], 400, 'invalid_request'],
  ['a body', TARGET, [...HANDSHAKE, 'Content-Length: 2'], 400, 'invalid_body'],
  ['another model', '/v1/realtime?model=gpt-4o', HANDSHAKE, 403, 'policy_denied'],
  ['no model', '/v1/realtime', HANDSHAKE, 403, 'policy_denied'],
  ['transcription without a model', '/v1/realtime?intent=transcription', HANDSHAKE, 403, 'policy_denied'],
  ['a model that nobody serves', '/v1/realtime?model=whisper', HANDSHAKE, 404, 'model_not_found'],
  ['two models', `${TARGET}&model=gpt-4o`, HANDSHAKE, 400, 'invalid_request'],
  ['a call whose model nobody knows', '/v1/realtime?call_id=rtc_1', HANDSHAKE, 403, 'policy_denied'],
  ['a call of somebody', `${TARGET}&call_id=rtc_1`, HANDSHAKE, 404, 'object_not_found'],
  ['a call of another model', '/v1/realtime?model=gpt-4o&call_id=rtc_1', HANDSHAKE, 403, 'policy_denied'],
  ['another spelling of the path', '/v1//realtime?model=gpt-realtime', HANDSHAKE, 404, 'unknown_endpoint'],
  ['a WebSocket that is not carried', '/v1/live/sessions', HANDSHAKE, 404, 'unknown_endpoint'],
]

async function asked(world: RealtimeWorld, token: string | null, target: string, headers: readonly string[]) {
  const auth = token === null ? [] : [`Authorization: Bearer ${token}`]
  return sent(world, requestBytes(`GET ${target} HTTP/1.1`, ['Host: x', ...auth, ...headers]), 'GET')
}

t.test('a call of somebody is none to whoever may have any session', async (t) => {
  const { roles } = REALTIME_POLICY
  const any = { id: 'any', effect: 'allow', roles: ['analyst'], operations: ['realtime'] }
  const world = await startRealtime(t, { policy: { version: 1, roles, rules: [any] } as never })
  const token = await world.token()
  const { answer } = await asked(world, token, `${TARGET}&call_id=rtc_1`, HANDSHAKE)
  t.same([answer.status, answer.code], [404, 'object_not_found'])
  t.equal(world.provider.sessions.entries.length, 0)
  const { client } = await speak(world)
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('an upgrade that is refused is an answer like any other, and nothing goes upstream', async (t) => {
  const world = await startRealtime(t)
  const token = await world.token()
  for (const [name, target, headers, status, code] of ROWS) {
    const { answer, decision } = await asked(world, token, target, headers)
    t.same([answer.status, answer.code], [status, code], name)
    t.same([decision.action, decision.get('http.response.status_code')], ['request-denied', status], name)
  }
  const strangers = [
    ['nobody', null, 401, 'missing_credentials', 'authentication-failed'],
    ['somebody without a grant', await world.token(BOB), 403, 'policy_denied', 'request-denied'],
    ['a bad token', 'sp_not_a_key', 401, 'invalid_api_key', 'authentication-failed'],
  ] as const
  for (const [name, bearer, status, code, action] of strangers) {
    const { answer, decision } = await asked(world, bearer, TARGET, HANDSHAKE)
    t.same([answer.status, answer.code, decision.action], [status, code, action], name)
  }
  t.same(world.provider.sessions.entries, [], 'no session upstream')
  const { client } = await speak(world)
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('what the client offers goes no further', async (t) => {
  const world = await startRealtime(t)
  const token = await world.token()
  const { client, session } = await speak(world, {
    target: `${TARGET}&api_key=stolen`,
    protocols: ['realtime', 'openai-organization.mine', 'openai-beta.realtime-v1'],
    headers: { authorization: `Bearer ${token}`, cookie: 'a=b', 'openai-organization': 'org', 'x-other': '1' },
  })
  const names = Object.keys(session.request.headers).sort()
  const own = ['authorization', 'connection', 'host', 'openai-beta', 'user-agent', 'upgrade']
  t.same(names, [...own, 'sec-websocket-key', 'sec-websocket-version'].sort())
  t.equal(session.request.headers['openai-beta'], 'realtime=v1')
  t.equal(session.request.url, TARGET)
  t.equal(client.socket.extensions, '', 'no compression')
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('what the upstream says instead of a session is passed on, or told', async (t) => {
  const world = await startRealtime(t, { upstreams: [{ timeouts: { connect: '1s', first_byte: '1s' } }] })
  const token = await world.token()
  const quoted = `{"error":{"code":"nope","message":"your key ${UPSTREAM_KEY}"}}`
  const json = (status: string, body: string) =>
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nset-cookie: a=b\r\nx-ratelimit-limit-project: of ${UPSTREAM_KEY}\r\n\r\n${body}`
  const rows = [
    ['its own refusal', json('429 Too Many Requests', quoted), 429, 'nope'],
    ['its refusal after sixteen hints', HINT.repeat(16) + json('429 Too Many Requests', quoted), 429, 'nope'],
    ['a flood of hints', HINT.repeat(17) + json('429 Too Many Requests', quoted), 502, 'upstream_unavailable'],
    ['its key is wrong', json('401 Unauthorized', '{}'), 502, 'upstream_unavailable'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n', 502, 'upstream_unavailable'],
    ['an answer that is none', json('200 OK', '{}'), 502, 'upstream_unavailable'],
    ['nothing at all', '', 502, 'upstream_unavailable'],
    ['silence', 'silence', 504, 'upstream_timeout'],
    ['another protocol', 'HTTP/1.1 101 X\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n', 502, 'upstream_unavailable'],
  ] as const
  for (const [name, refusal, status, code] of rows) {
    world.provider.refusal = refusal
    const { answer, decision } = await asked(world, token, TARGET, HANDSHAKE)
    t.same([answer.status, answer.code, decision.action], [status, code, 'request-authorized'], name)
    t.notOk(answer.body.includes(UPSTREAM_KEY) || answer.header('set-cookie'), name)
    const limit = answer.header('x-ratelimit-limit-project')
    t.equal(limit, status === 429 ? `of ${'*'.repeat(UPSTREAM_KEY.length)}` : undefined, `${name}: nor in its head`)
    const id = answer.header('x-request-id') ?? ''
    t.equal((await world.proxy.audit.complete(id)).action, 'completion-failed', name)
  }
  await endInOrder(t, world)
})

t.test('a session behind another request on its connection is not opened', async (t) => {
  const world = await startRealtime(t)
  const auth = `Authorization: Bearer ${await world.token()}`
  const connection = await rawConnect(world.proxy.port)
  const list = requestBytes('GET /v1/models HTTP/1.1', ['Host: x', auth])
  connection.send(Buffer.concat([list, requestBytes(`GET ${TARGET} HTTP/1.1`, ['Host: x', auth, ...HANDSHAKE])]))
  t.equal((await connection.answer('GET')).status, 403, 'the first one')
  t.equal((await connection.answer('GET')).status, 400, 'the one behind it')
  connection.close()
  t.same(world.provider.sessions.entries, [])
  await endInOrder(t, world)
})

t.test('a session may follow other requests on a connection that is kept', async (t) => {
  const world = await startRealtime(t)
  const headers = { authorization: `Bearer ${await world.token()}` }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const first = await new Promise<number | undefined>((resolve) => {
    const options = { agent, port: world.proxy.port, path: '/v1/models', headers }
    get({ host: '127.0.0.1', ...options }, (answer) => answer.resume().once('end', () => resolve(answer.statusCode)))
  })
  t.equal(first, 403)
  await polled(async () => Object.keys(agent.freeSockets).length === 1, 'the connection to be free')
  const [[free] = []] = Object.values(agent.freeSockets)
  const { client, session } = await speak(world, { headers, agent })
  t.equal(Reflect.get(client.socket, '_socket'), free, 'the same connection')
  client.send({ type: 'input_audio_buffer.clear' })
  await session.received.until((all) => all[0], 'a message')
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('what a transform asks for is said before the client says anything', async (t) => {
  const house = { id: 'house', roles: ['analyst'], set: { max_output_tokens: 50 }, system: { prepend: 'Be brief.' } }
  const world = await startRealtime(t, { policy: { ...REALTIME_POLICY, transforms: [house] } })
  const { client, session } = await speak(world)
  await client.event('session.updated')
  const update = (more: object) => ({ type: 'session.update', session: more })
  client.send(update({ instructions: 'be kind', max_output_tokens: 900, speed: 1 }))
  client.send({ type: 'response.create', response: { instructions: '', max_output_tokens: 40 } })
  await client.event('response.done')
  t.same(
    session.received.entries.map((text) => ({ ...JSON.parse(text), event_id: undefined })),
    [
      update({ type: 'realtime', max_output_tokens: 50, instructions: 'Be brief.' }),
      update({ instructions: 'Be brief.\nbe kind', max_output_tokens: 50, speed: 1 }),
      { type: 'response.create', response: { instructions: 'Be brief.', max_output_tokens: 40 } },
    ].map((message) => ({ ...message, event_id: undefined })),
  )
  client.send({ type: 'response.create', response: { prompt: { id: 'pmpt_1' } } })
  t.same((await client.error()).code, 'policy_denied', 'a stored prompt brings its own')
  client.close()
  const complete = await world.proxy.audit.complete(client.requestId)
  t.same(complete.get('sallyport.policy.obligations'), ['transform:house'])
  world.provider.script = ({ socket }, { event_id }) => {
    socket.send(JSON.stringify({ type: 'error', error: { code: 'invalid_value', event_id } }))
  }
  const refused = await speak(world)
  refused.client.send({ type: 'response.create' })
  t.same(await refused.client.closed, { code: 1008, reason: 'policy_denied' }, 'a session without it is none')
  t.equal(refused.session.received.entries.length, 1, 'and hears nothing of the client')
  await endInOrder(t, world)
})

t.test('sessions are bounded for each caller', async (t) => {
  const world = await startRealtime(t)
  const headers = { authorization: `Bearer ${await world.token()}` }
  const sockets = Array.from(
    { length: 50 },
    () => new WebSocket(`ws://127.0.0.1:${world.proxy.port}${TARGET}`, { headers }),
  )
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('open', resolve))))
  const { answer } = await asked(world, await world.token(), TARGET, HANDSHAKE)
  t.same([answer.status, answer.code], [429, 'rate_limit_exceeded'])
  const [first] = sockets
  first?.close()
  await new Promise((resolve) => first?.once('close', resolve))
  await world.proxy.audit.action('completion-finished')
  const { client } = await speak(world)
  for (const socket of [...sockets, client.socket]) socket.terminate()
  await endInOrder(t, world)
})
