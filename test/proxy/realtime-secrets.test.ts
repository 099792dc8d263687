import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { JsonObject } from '../../src/model/json.ts'
import { UPSTREAM_KEY, yaml } from '../support/proxy-folder.ts'
import { type RawAnswer, rawConnect, requestBytes } from '../support/raw-client.ts'
import { MODEL, REALTIME_POLICY, type RealtimeWorld, speak, startRealtime, TARGET } from '../support/realtime-world.ts'
import { PROVIDER_SECRET, SET_UP, sessionSecret } from '../support/session-secrets.ts'
import { BOB, endInOrder } from '../support/world.ts'

const BARE = '/v1/realtime'

async function refused(
  t: Test,
  world: RealtimeWorld,
  { token, target = BARE, headers }: { token: string; target?: string; headers?: { [name: string]: string } },
  status: number,
  name: string,
): Promise<void> {
  const before = world.provider.sessions.entries.length
  await t.rejects(speak(world, { token, target, ...(headers && { headers }) }), new RegExp(`: ${status}$`), name)
  t.equal(world.provider.sessions.entries.length, before, 'and nobody upstream is asked')
}

t.test('a session that was set up before is opened by its secret', async (t) => {
  const world = await startRealtime(t)
  world.provider.setUp = SET_UP
  const token = await sessionSecret(world)
  for (const target of [BARE, TARGET]) {
    const { client, session } = await speak(world, { token, target })
    client.send({ type: 'response.create' })
    await client.event('response.done')
    t.equal(session.request.headers.authorization, `Bearer ${PROVIDER_SECRET}`, "by the provider's secret")
    t.notOk(JSON.stringify(session.request.rawHeaders).includes(UPSTREAM_KEY))
    t.equal(session.request.url, target)
    const decision = await world.proxy.audit.decision(client.requestId)
    t.same(
      ['user.id', 'sallyport.auth.ephemeral', 'gen_ai.request.model'].map((key) => decision.get(key)),
      [(await world.proxy.audit.decision(client.requestId)).get('user.id'), true, MODEL],
    )
    client.close()
    await client.closed
  }
  const own = await speak(world)
  const decision = await world.proxy.audit.decision(own.client.requestId)
  t.equal(decision.get('sallyport.auth.ephemeral'), undefined, 'which an own credential is not')
  own.client.close()
  await own.client.closed
  await endInOrder(t, world)
})

t.test('a browser puts it among its protocols', async (t) => {
  const world = await startRealtime(t)
  world.provider.setUp = SET_UP
  const token = await sessionSecret(world)
  const protocols = ['realtime', `openai-insecure-api-key.${token}`]
  const { client, session } = await speak(world, { target: BARE, protocols, headers: {} })
  await client.event('session.created')
  t.notOk(JSON.stringify(session.request.rawHeaders).includes(token), 'and it goes nowhere')
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('a secret opens what it was made for, and nothing else', async (t) => {
  const world = await startRealtime(t)
  world.provider.setUp = SET_UP
  const good = await sessionSecret(world)
  const key = good.slice(6, 12)
  const upstream = { name: 'other', url: world.provider.url }
  const rows: readonly (readonly [name: string, token: string, status: number, target?: string])[] = [
    ["the provider's own", PROVIDER_SECRET, 401],
    ['a forged one', `ek_sp1${key}${Buffer.alloc(200, 7).toString('base64url')}`, 401],
    ['an altered one', good.slice(0, -8) + (good.endsWith('AAAAAAAA') ? 'BBBBBBBB' : 'AAAAAAAA'), 401],
    ['one that has expired', await sessionSecret(world, { expiresAt: Date.now() - 1 }), 401],
    ['one of another operation', good, 401, '/v1/realtime/translations'],
    ['one for another operation', await sessionSecret(world, { operation: 'realtime.translations.connect' }), 401],
    ['another model', good, 403, `${BARE}?model=gpt-4o-transcribe`],
    ['a model, where it has none', await sessionSecret(world, { model: null }), 403, TARGET],
    ['an alias of another model now', await sessionSecret(world, { model: 'gpt-other', alias: 'voice' }), 403],
    ['a call', good, 400, `${BARE}?call_id=rtc_1`],
    ['of a credential that is none', await sessionSecret(world, { token: 'sp_nobody' }), 401],
    ['of somebody who may not speak', await sessionSecret(world, { token: await world.token(BOB) }), 403],
    ['of an upstream that is not there any more', await sessionSecret(world, { upstream }), 502],
  ]
  for (const [name, token, status, target] of rows) {
    await refused(t, world, { token, ...(target && { target }) }, status, name)
  }
  const { client } = await speak(world, { token: good, target: BARE })
  client.close()
  await client.closed
  const { port } = world.proxy
  for (const [path, header] of [
    ['/v1/chat/completions', 'authorization'],
    ['/v1/models', 'authorization'],
    ['/v1/realtime/client_secrets', 'authorization'],
    ['/v1/realtime', 'x-api-key'],
    ['/v1/realtime', 'api-key'],
  ] as const) {
    const method = path === '/v1/models' || path === '/v1/realtime' ? 'GET' : 'POST'
    const value = header === 'authorization' ? `Bearer ${good}` : good
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { [header]: value } })
    t.equal(answer.status, 401, `${path} with ${header}`)
    t.match(await answer.json(), { error: { code: 'invalid_api_key' } })
  }
  await endInOrder(t, world)
})

t.test('a session that its upstream has otherwise ends before a message goes on', async (t) => {
  const rows: readonly (readonly [name: string, setUp: JsonObject, code: string | null])[] = [
    ['it is as it may be', SET_UP, null],
    ['another model', { ...SET_UP, model: 'gpt-4o-transcribe' }, 'policy_denied'],
    ['no model', { ...SET_UP, model: null }, 'policy_denied'],
    ['a tool that is not granted', { ...SET_UP, tools: [{ type: 'function', name: 'delete' }] }, 'policy_denied'],
    ['a tool that somebody else runs', { ...SET_UP, tools: [{ type: 'web_search' }] }, 'policy_denied'],
    ['no limit', { ...SET_UP, max_output_tokens: 'inf' }, 'policy_denied'],
    ['too high a limit', { ...SET_UP, max_output_tokens: 5000 }, 'policy_denied'],
    ['what cannot be read', { ...SET_UP, tools: 'all of them' }, 'policy_denied'],
    ['a stored prompt', { ...SET_UP, prompt: { id: 'pmpt_1' } }, 'policy_denied'],
  ]
  const world = await startRealtime(t)
  for (const [name, setUp, code] of rows) {
    world.provider.setUp = setUp
    const opened = await speak(world, { token: await sessionSecret(world), target: BARE })
    opened.client.send({ type: 'input_audio_buffer.clear' })
    if (code === null) {
      await opened.session.received.until((all) => all[0], name)
      opened.client.close()
      await opened.client.closed
      continue
    }
    t.match(await opened.client.closed, { code: 1008, reason: code }, name)
    t.same(opened.session.received.entries, [], 'no message went on')
  }
  await endInOrder(t, world)
})

t.test('a session that nobody tells of ends', async (t) => {
  const world = await startRealtime(t)
  world.provider.setUp = 'silence'
  const { client, session } = await speak(world, { token: await sessionSecret(world), target: BARE })
  client.send({ type: 'response.create' })
  t.match(await client.closed, { code: 1011, reason: 'upstream_unavailable' })
  t.same(session.received.entries, [])
  await endInOrder(t, world)
})

t.test('a secret is void when what it was made for is', async (t) => {
  const world = await startRealtime(t)
  world.provider.setUp = SET_UP
  const create = ['keys', 'create', '--owner', 'alice@example.org', '--group', 'analysts', '--json']
  const made = JSON.parse((await world.proxy.command(...create)).stdout) as { id: string; key: string }
  world.secrets.add(made.key)
  const token = await sessionSecret(world, { token: made.key })
  const kept = await sessionSecret(world)
  const { client } = await speak(world, { token, target: BARE })
  t.equal((await world.proxy.command('keys', 'revoke', made.id)).code, 0)
  t.match(await client.closed, { code: 1008, reason: 'invalid_api_key' }, 'its session ends')
  await refused(t, world, { token }, 401, 'and it opens none')
  const other = await speak(world, { token: kept, target: BARE })
  const [rule] = REALTIME_POLICY.rules
  writeFileSync(
    world.proxy.policyFile,
    yaml({ ...REALTIME_POLICY, rules: [{ ...rule, operations: ['chat'] }] } as never),
  )
  t.match(await other.client.closed, { code: 1008, reason: 'policy_denied' }, 'a role that lost its grant')
  await refused(t, world, { token: kept }, 403, 'opens none')
  await endInOrder(t, world)
})

t.test("the provider's secret is quoted by nobody", async (t) => {
  const world = await startRealtime(t)
  world.provider.setUp = SET_UP
  const token = await sessionSecret(world)
  world.provider.script = ({ socket }) =>
    socket.send(JSON.stringify({ type: 'x', a: PROVIDER_SECRET, b: UPSTREAM_KEY }))
  const { client } = await speak(world, { token, target: BARE })
  client.send({ type: 'input_audio_buffer.clear' })
  const { a, b } = await client.event('x')
  t.same([a, b], ['*'.repeat(PROVIDER_SECRET.length), '*'.repeat(UPSTREAM_KEY.length)])
  client.close()
  await client.closed
  const said = `{"error":{"message":"${PROVIDER_SECRET}"}}`
  const quoting = `x-ratelimit-limit-project: ${PROVIDER_SECRET} ${UPSTREAM_KEY}`
  const headers = ['content-type: application/json', `content-length: ${said.length}`, quoting].join('\r\n')
  world.provider.refusal = `HTTP/1.1 403 Forbidden\r\n${headers}\r\n\r\n${said}`
  const answer = await handshake(world, token)
  const hidden = [PROVIDER_SECRET, UPSTREAM_KEY].map(({ length }) => '*'.repeat(length)).join(' ')
  t.same(
    [answer.status, answer.header('x-ratelimit-limit-project'), answer.body.toString()],
    [403, hidden, said.replace(PROVIDER_SECRET, '[secret]')],
  )
  await endInOrder(t, world)
})

t.test('a secret that its provider does not take any more is told for what it is', async (t) => {
  const world = await startRealtime(t)
  const token = await sessionSecret(world)
  world.provider.refusal = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'
  const answer = await handshake(world, token)
  t.same([answer.status, answer.code], [502, 'upstream_unavailable'])
  t.match(JSON.parse(answer.body.toString()).error.message, /ask for another one/)
  const complete = await world.proxy.audit.complete(answer.header('x-request-id') ?? '')
  t.equal(complete.get('event.reason'), 'upstream_401')
  await endInOrder(t, world)
})

t.test('where nothing can be sealed a secret is a bad credential', async (t) => {
  const identity = { api_keys: { enabled: false } }
  const world = await startRealtime(t, { identity, upstreams: [{ isolation: 'off' }] })
  const answer = await handshake(world, 'ek_sp1aaaaaaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
  t.same([answer.status, answer.code], [401, 'invalid_api_key'])
  await endInOrder(t, world)
})

/** A handshake that is answered otherwise than with a session. */
async function handshake(world: RealtimeWorld, token: string): Promise<RawAnswer> {
  const connection = await rawConnect(world.proxy.port)
  const socket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='
  connection.send(requestBytes(`GET ${BARE} HTTP/1.1`, ['Host: x', `Authorization: Bearer ${token}`, ...socket, key]))
  try {
    return await connection.answer('GET')
  } finally {
    connection.close()
  }
}
