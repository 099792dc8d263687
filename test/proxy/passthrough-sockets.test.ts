import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import {
  NOBODY,
  openSocket as open,
  type SocketWorld,
  startSockets as start,
  type Talk,
} from '../support/passthrough-sockets.ts'
import { yaml } from '../support/proxy-folder.ts'
import { requestBytes } from '../support/raw-client.ts'
import { ALICE, BOB, endInOrder, refuses } from '../support/world.ts'

t.test('messages pass both ways as they are, texts and bytes', async (t) => {
  const world = await start(t)
  world.provider.script = null
  const talk = await open(world)
  t.equal(talk.session.request.url, '/vendor/chat?room=1', 'the path as it stands, the query by the list')
  t.equal(talk.session.request.headers.authorization?.startsWith('Bearer sk-'), true, 'the key of the operator')
  const names = Object.keys(talk.session.request.headers).sort()
  t.same(
    names.filter((name) => !name.startsWith('sec-websocket-')),
    ['accept', 'accept-encoding', 'authorization', 'connection', 'host', 'upgrade', 'user-agent'],
  )
  t.equal(names.includes('sec-websocket-extensions'), false, 'nothing is compressed')
  const bytes = Buffer.from([0, 255, 1, 254])
  talk.session.socket.send(bytes)
  talk.session.socket.send('{"twice":1,"twice":2} no JSON at all')
  const [, second, third] = await talk.heard.until((all) => (all.length >= 3 ? all : undefined), 'three messages')
  t.same([second?.bytes, second?.isBinary], [bytes, true])
  t.same([third?.bytes.toString(), third?.isBinary], ['{"twice":1,"twice":2} no JSON at all', false])
  const large = `{"type":"x","pad":"${'a'.repeat(3 * 1024 * 1024)}"}`
  talk.socket.send(large)
  t.equal(await talk.session.received.until((all) => all[0], 'a large message'), large)
  talk.socket.close(4001, 'bye')
  t.equal(await talk.session.closed, 4001, 'a code of the application')
  const complete = await world.proxy.audit.complete(talk.requestId)
  t.equal(complete.action, 'completion-finished')
  t.equal(complete.get('sallyport.request.inspected'), false)
  t.same(
    ['messages_in', 'messages_out', 'close_code'].map((name) => complete.get(`sallyport.session.${name}`)),
    [1, 3, 4001],
  )
  t.equal(complete.get('sallyport.operation'), 'passthrough.vendor')
  await endInOrder(t, world)
})

t.test('a protocol is the upstream’s choice among those of the client, and never its credential', async (t) => {
  const world = await start(t)
  const token = await world.token(ALICE)
  const protocols = ['chat', `openai-insecure-api-key.${token}`, 'openai-organization.org-1', 'other']
  const talk = await open(world, { protocols, headers: {} })
  t.equal(talk.session.request.headers['sec-websocket-protocol'], 'chat,other')
  t.equal(talk.head['sec-websocket-protocol'], 'chat')
  t.equal(JSON.stringify(talk.session.request.rawHeaders).includes(token), false)
  t.same(
    Object.keys(talk.head).sort(),
    ['connection', 'sec-websocket-accept', 'sec-websocket-protocol', 'upgrade', 'x-request-id'],
    'nothing else of the upstream’s head',
  )
  talk.socket.close()
  await talk.closed
  await endInOrder(t, world)
})

const upgrade = (token: string, target: string, ...more: string[]) =>
  requestBytes(`GET ${target} HTTP/1.1`, [
    ...['Host: x', `Authorization: Bearer ${token}`, 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...more],
  ])

const h2c = (token: string) => ['Host: x', `Authorization: Bearer ${token}`, 'Connection: Upgrade', 'Upgrade: h2c']

t.test('who may not have it gets an answer, and the upstream nothing', async (t) => {
  const world = await start(t)
  const [alice, bob] = [await world.token(ALICE), await world.token(BOB)]
  const upstream = () => world.provider.sessions.entries.length
  await refuses(t, world, 'no rule', upgrade(bob, '/vendor/x'), { status: 403, code: 'policy_denied' })
  await refuses(t, world, 'a bad credential', upgrade('x', '/vendor/x'), {
    ...{ status: 401, code: 'invalid_api_key', action: 'authentication-failed' },
  })
  await refuses(t, world, 'a page of another site', upgrade(alice, '/vendor/x', 'Origin: https://evil.example'), {
    ...{ status: 400, code: 'invalid_request', reason: 'origin_not_allowed' },
  })
  await refuses(t, world, 'two credentials', upgrade(alice, '/vendor/x', 'x-api-key: y'), {
    ...{ status: 400, code: 'ambiguous_credentials', action: 'authentication-failed' },
  })
  await refuses(t, world, 'a body in pieces', upgrade(alice, '/vendor/x', 'Transfer-Encoding: chunked'), {
    ...{ status: 400, code: 'invalid_body' },
  })
  await refuses(t, world, 'one that is announced', upgrade(alice, '/vendor/x', 'Content-Length: 5'), {
    ...{ status: 400, code: 'invalid_body' },
  })
  await refuses(t, world, 'another protocol', requestBytes('GET /vendor/x HTTP/1.1', h2c(alice)), {
    status: 400,
    code: 'invalid_request',
  })
  await refuses(t, world, 'no route', upgrade(alice, '/elsewhere'), { status: 404, code: 'unknown_endpoint' })
  t.equal(upstream(), 0)
  await t.rejects(open(world, { target: '/plain/x' }), /Unexpected server response: 404/, 'a route without WebSockets')
  t.equal(upstream(), 0, 'asks with a plain request there')
  const talk = await open(world)
  talk.socket.close()
  await talk.closed
  await endInOrder(t, world)
})

t.test('an upstream that opens none is an answer like any other', async (t) => {
  const world = await start(t, { first_byte: '1s' })
  const answers = [
    ['its own error passes', 'HTTP/1.1 418 Teapot\r\ncontent-length: 2\r\nset-cookie: a=1\r\n\r\n{}', 418],
    ['its 401 is not the caller’s', 'HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n', 502],
    ['a redirect', 'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n', 502],
    ['an ordinary answer', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', 502],
    ['a wrong accept', upgraded('AAAAAAAAAAAAAAAAAAAAAAAAAAA='), 502],
    ['another protocol', 'HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n', 502],
    ['no HTTP', 'nonsense\r\n\r\n', 502],
    ['nothing at all', 'silence', 504],
  ] as const
  for (const [name, refusal, status] of answers) {
    world.provider.refusal = refusal
    await t.rejects(open(world), new RegExp(`server response: ${status}$`), name)
  }
  world.provider.refusal = null
  const talk = await open(world)
  talk.socket.close()
  await talk.closed
  await endInOrder(t, world)
})

const upgraded = (accept: string) =>
  `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`

async function ends(t: Test, world: SocketWorld, talk: Talk, [code, reason, why]: readonly [number, string, string]) {
  t.same(await talk.closed, { code, reason }, `closed: ${why}`)
  t.equal(await talk.session.closed, 1000, 'and upstream')
  const complete = await world.proxy.audit.complete(talk.requestId)
  t.same([complete.action, complete.get('event.reason')], ['completion-failed', why])
}

t.test('it ends with what opened it', async (t) => {
  await t.test('the token', async (t) => {
    const world = await start(t)
    const token = await world.idp.mint({ exp: Math.floor(Date.now() / 1000) + 3 })
    world.secrets.add(token)
    const [short, long] = [await open(world, { token }), await open(world)]
    await ends(t, world, short, [1008, 'invalid_api_key', 'expired'])
    long.socket.send('{"still":"here"}')
    await long.session.received.until((all) => all[0], 'a message')
    long.socket.close()
    await long.closed
    await endInOrder(t, world)
  })
  await t.test('the policy', async (t) => {
    const world = await start(t)
    const talk = await open(world)
    writeFileSync(world.proxy.policyFile, yaml(NOBODY as never))
    await ends(t, world, talk, [1008, 'policy_denied', 'endpoint_not_allowed'])
    await endInOrder(t, world)
  })
  await t.test('the time that one may last', async (t) => {
    const world = await start(t, { total: '2s' })
    await ends(t, world, await open(world), [1001, 'upstream_timeout', 'session_too_long'])
    await endInOrder(t, world)
  })
})

t.test('a client that leaves while the upstream is asked is not waited for', async (t) => {
  const world = await start(t)
  world.provider.refusal = 'silence'
  const socket = new WebSocket(`ws://127.0.0.1:${world.proxy.port}/vendor/x`, [], {
    headers: { authorization: `Bearer ${await world.token(ALICE)}` },
  })
  socket.on('error', () => undefined)
  const authorized = await world.proxy.audit.action('request-authorized')
  socket.terminate()
  const complete = await world.proxy.audit.complete(String(authorized.get('http.request.id')))
  t.equal(complete.get('event.reason'), 'client_closed')
  await endInOrder(t, world)
})
