import t from 'tap'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import {
  asked,
  GOOD_SWITCH,
  HANDSHAKE,
  KEY,
  open,
  SWITCH,
  startTunnels,
  switched,
  UPGRADE,
} from '../support/tunnel-world.ts'
import { BOB, endInOrder, sent } from '../support/world.ts'

t.test('what is said on a WebSocket passes both ways', async (t) => {
  const world = await startTunnels(t)
  const token = await world.token()
  const { client, vendor } = await open(world, {
    target: '/live/x?room=1&key=stolen',
    protocols: ['chat.v2', `openai-organization.mine`, 'chat.v1'],
    headers: { authorization: `Bearer ${token}`, cookie: 'a=b', 'x-other': '1', 'openai-organization': 'org' },
  })
  const own = ['accept', 'accept-encoding', 'authorization', 'connection', 'host', 'upgrade', 'user-agent']
  const seen = vendor.request.headers
  t.same(
    Object.keys(seen).sort(),
    [...own, 'sec-websocket-key', 'sec-websocket-protocol', 'sec-websocket-version'].sort(),
  )
  t.same([vendor.request.url, seen['sec-websocket-protocol']], ['/live/x?room=1', 'chat.v2, chat.v1'])
  t.equal(seen.authorization, `Bearer ${UPSTREAM_KEY}`)
  const names = client.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  t.same(names, ['upgrade', 'connection', 'sec-websocket-accept', 'sec-websocket-protocol', 'x-request-id'])
  t.same([client.socket.protocol, client.socket.extensions], ['chat.v2', ''])
  await client.asks('hello')
  await client.asks('x'.repeat(300_000))
  const decision = await world.proxy.audit.decision(client.requestId)
  t.same([decision.action, decision.get('sallyport.operation')], ['request-authorized', 'passthrough.live'])
  t.equal(decision.get('sallyport.request.inspected'), false)
  client.socket.close(4001, 'bye')
  t.same(await vendor.closed, { code: 4001, reason: 'bye' }, 'a goodbye is passed on as it is')
  await client.closed
  const complete = await world.proxy.audit.complete(client.requestId)
  t.same([complete.action, complete.get('http.response.status_code')], ['completion-finished', 101])
  t.same([complete.get('sallyport.session.close_code'), complete.get('sallyport.request.inspected')], [4001, false])
  // Heads of 6 and 14 bytes, and 6 + 5 of the goodbye; those of the server have no mask.
  t.equal(complete.get('http.request.body.bytes'), 6 + 5 + 14 + 300_000 + 6 + 5)
  t.equal(complete.get('http.response.body.bytes'), 2 + 10 + 10 + 300_005 + 2 + 5)
  t.notOk(complete.get('gen_ai.usage'))
  await endInOrder(t, world)
})

t.test('a credential may be one of the protocols, and goes no further', async (t) => {
  const world = await startTunnels(t)
  const token = await world.token()
  const looksLikeOne = `sp_${'a'.repeat(30)}`
  const { client, vendor } = await open(world, {
    token: '',
    protocols: [`openai-insecure-api-key.${token}`, 'chat', looksLikeOne, 'y'.repeat(65)],
  })
  t.equal(vendor.request.headers['sec-websocket-protocol'], 'chat')
  await client.asks('hello')
  client.socket.close()
  await client.closed
  await endInOrder(t, world)
})

const REFUSED = [
  ['no version', [...UPGRADE, `Sec-WebSocket-Key: ${KEY}`]],
  ['an old version', [...UPGRADE, 'Sec-WebSocket-Version: 8', `Sec-WebSocket-Key: ${KEY}`]],
  ['no key', [...UPGRADE, 'Sec-WebSocket-Version: 13']],
  ['a short key', [...UPGRADE, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAA']],
  ['two keys', [...HANDSHAKE, `Sec-WebSocket-Key: ${KEY}`]],
  ['two upgrades', [...HANDSHAKE, 'Upgrade: websocket']],
  ['an upgrade to one of two', ['Connection: Upgrade', 'Upgrade: websocket, h2c', ...HANDSHAKE.slice(2)]],
  ['the page of another origin', [...HANDSHAKE, 'Origin: https://evil.example']],
  ['a key, and an upgrade to something else', ['Connection: Upgrade', 'Upgrade: foo', ...HANDSHAKE.slice(2)]],
  ['a key and no upgrade', HANDSHAKE.slice(2)],
  ['an upgrade that the connection does not tell of', HANDSHAKE.slice(1)],
  ['an empty protocol', [...HANDSHAKE, 'Sec-WebSocket-Protocol: a,']],
] as const

t.test('a handshake that is no good one is refused, and nothing goes upstream', async (t) => {
  const world = await startTunnels(t)
  const token = await world.token()
  for (const [name, headers] of REFUSED) {
    const { answer, decision } = await asked(world, token, 'GET /live/x', headers)
    t.same([answer.status, answer.code, decision.action], [400, 'invalid_request', 'request-denied'], name)
  }
  for (const [name, bearer, line, status, code] of [
    ['nobody', null, 'GET /live/x', 401, 'missing_credentials'],
    ['somebody without a grant', await world.token(BOB), 'GET /live/x', 403, 'policy_denied'],
    ['another method', token, 'POST /live/x', 405, 'method_not_allowed'],
    ['another spelling', token, 'GET /live//x', 404, 'unknown_endpoint'],
  ] as const) {
    const { answer } = await asked(world, bearer, line, HANDSHAKE)
    t.same([answer.status, answer.code], [status, code], name)
  }
  const body = requestBytes('GET /live/x HTTP/1.1', ['Host: x', `Authorization: Bearer ${token}`, ...HANDSHAKE], 'abc')
  t.equal((await sent(world, body, 'GET')).answer.code, 'invalid_body', 'a body')
  t.same(world.vendor.requests.entries, [], 'not a request upstream')
  const { client } = await open(world)
  client.socket.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('what asks for no WebSocket, or where none is opened, is a request like any other', async (t) => {
  const world = await startTunnels(t)
  const token = await world.token()
  for (const [name, line, headers] of [
    ['a route without WebSockets', 'GET /plain/x', HANDSHAKE],
    ['a POST there', 'POST /plain/x', HANDSHAKE],
    ['no upgrade', 'GET /live/x', []],
    [
      'an upgrade to HTTP/2',
      'GET /live/x',
      ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: A'],
    ],
    ['an upgrade to something else', 'GET /live/x', ['Connection: Upgrade', 'Upgrade: foo']],
  ] as const) {
    const before = world.vendor.requests.entries.length
    const { answer } = await asked(world, token, line, headers)
    t.same([answer.status, answer.body.toString()], [200, 'plain'], name)
    const seen = world.vendor.requests.entries[before]?.headers
    t.same([seen?.upgrade, seen?.connection], [undefined, 'close'], `${name}: nothing of an upgrade goes on`)
  }
  world.vendor.script = (socket) => socket.end(`${SWITCH}upgrade: websocket\r\nconnection: upgrade\r\n\r\n`)
  t.equal((await asked(world, token, 'GET /live/x', [])).answer.status, 200, 'the vendor has no say in it')
  await endInOrder(t, world)
})

t.test('what the client sends before it is answered waits for that', async (t) => {
  const world = await startTunnels(t)
  const token = await world.token()
  const early = 'GET /plain/x HTTP/1.1\r\nHost: x\r\n\r\n'
  const bytes = (line: string) =>
    Buffer.concat([
      requestBytes(`${line} HTTP/1.1`, ['Host: x', `Authorization: Bearer ${token}`, ...HANDSHAKE]),
      Buffer.from(early),
    ])
  let heard = ''
  const gate = Promise.withResolvers<void>()
  world.vendor.script = (socket, request) => {
    socket.on('data', (chunk) => {
      heard += chunk
    })
    void gate.promise.then(() =>
      switched(GOOD_SWITCH, `${SWITCH}\r\n`)(socket, request.headers['sec-websocket-key'] ?? ''),
    )
  }
  const connection = await rawConnect(world.proxy.port)
  connection.send(bytes('GET /live/x'))
  await world.vendor.requests.until((all) => all[0], 'the handshake upstream')
  t.equal(heard, '', 'nothing but the handshake')
  gate.resolve()
  t.equal((await connection.answer('GET')).status, 101)
  await connection.receives(SWITCH)
  t.pass('a second 101 is only bytes')
  connection.close()
  t.equal((await world.proxy.audit.action('completion-aborted')).get('http.request.body.bytes'), early.length)
  world.vendor.script = (socket) => socket.end('HTTP/1.1 429 No\r\ncontent-length: 2\r\n\r\n{}')
  const refused = await rawConnect(world.proxy.port)
  refused.send(bytes('GET /live/x'))
  const answer = await refused.answer('GET')
  t.same([answer.status, answer.header('connection')], [429, 'close'])
  t.equal(await refused.ended(), 'end', 'what came behind a refused one is nobody’s request')
  t.equal(refused.pending.length, 0)
  t.equal(world.vendor.requests.entries.length, 2)
  await endInOrder(t, world)
})

t.test('a WebSocket behind another request on its connection is not opened', async (t) => {
  const world = await startTunnels(t)
  const auth = `Authorization: Bearer ${await world.token()}`
  const connection = await rawConnect(world.proxy.port)
  const first = requestBytes('GET /plain/x HTTP/1.1', ['Host: x', auth])
  connection.send(Buffer.concat([first, requestBytes('GET /live/x HTTP/1.1', ['Host: x', auth, ...HANDSHAKE])]))
  t.equal((await connection.answer('GET')).status, 200, 'the first one')
  t.equal((await connection.answer('GET')).status, 400, 'the one behind it')
  connection.close()
  await endInOrder(t, world)
})
