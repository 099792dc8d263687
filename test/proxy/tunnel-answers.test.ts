import type { Socket } from 'node:net'
import t from 'tap'
import { polled } from '../support/proxy.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import {
  acceptOf,
  asked,
  GOOD_SWITCH,
  HANDSHAKE,
  KEY,
  SWITCH,
  startTunnels,
  switched,
} from '../support/tunnel-world.ts'
import { endInOrder } from '../support/world.ts'

type Answering = (socket: Socket, key: string) => void
const json = (status: string, body: string) => (socket: Socket) =>
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nset-cookie: a=b\r\n\r\n${body}`,
  )
const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'
const QUOTED = `{"error":{"code":"nope","message":"your key ${UPSTREAM_KEY}"}}`

const ANSWERS: readonly (readonly [name: string, answering: Answering, status: number, reason: string])[] = [
  ['200', json('200 OK', '{}'), 502, 'bad_stream'],
  ['204', (socket) => socket.end('HTTP/1.1 204 No\r\n\r\n'), 502, 'bad_stream'],
  ['its own refusal', json('429 Too Many Requests', QUOTED), 429, 'upstream_4xx'],
  ['its failure', json('503 No', '{}'), 503, 'upstream_5xx'],
  ['its key is wrong', json('401 Unauthorized', QUOTED), 502, 'upstream_401'],
  [
    'a redirect',
    (socket) => socket.end('HTTP/1.1 302 F\r\nlocation: http://127.0.0.1:1/\r\n\r\n'),
    502,
    'upstream_redirect',
  ],
  [
    'a refusal that is not whole',
    (socket) => socket.end('HTTP/1.1 400 B\r\ncontent-length: 9\r\n\r\nabc'),
    502,
    'upstream_reset',
  ],
  [
    'a refusal past any size',
    (socket) => socket.write(`HTTP/1.1 400 B\r\n\r\n${'x'.repeat(2 ** 21)}`),
    502,
    'upstream_unavailable',
  ],
  ['a status that is none', json('099 Odd', '{}'), 502, 'bad_stream'],
  ['a flood of hints', (socket) => socket.write(HINT.repeat(30)), 502, 'bad_stream'],
  [
    'a flood of headers',
    (socket) => socket.write(`${SWITCH}${`x: ${'y'.repeat(99)}\r\n`.repeat(500)}`),
    502,
    'upstream_reset',
  ],
  ['nothing at all', (socket) => socket.end(), 502, 'upstream_reset'],
  ['silence', () => undefined, 504, 'upstream_timeout'],
  ['another protocol', switched(['Upgrade: h2c', 'Connection: Upgrade']), 502, 'bad_stream'],
  ['no protocol', switched(['Connection: Upgrade']), 502, 'bad_stream'],
  ['two protocols', switched([...GOOD_SWITCH, 'Upgrade: websocket']), 502, 'bad_stream'],
  ['another connection', switched(['Upgrade: websocket', 'Connection: close']), 502, 'bad_stream'],
  [
    'a wrong proof',
    (socket) => socket.write(`${SWITCH}${GOOD_SWITCH.join('\r\n')}\r\nSec-WebSocket-Accept: ${acceptOf(KEY)}\r\n\r\n`),
    502,
    'bad_stream',
  ],
  ['no proof', (socket) => socket.write(`${SWITCH}${GOOD_SWITCH.join('\r\n')}\r\n\r\n`), 502, 'bad_stream'],
  [
    'two proofs',
    (socket, key) => switched([...GOOD_SWITCH, `Sec-WebSocket-Accept: ${acceptOf(key)}`])(socket, key),
    502,
    'bad_stream',
  ],
  ['compression', switched([...GOOD_SWITCH, 'Sec-WebSocket-Extensions: permessage-deflate']), 502, 'bad_stream'],
  ['a protocol that nobody offered', switched([...GOOD_SWITCH, 'Sec-WebSocket-Protocol: evil']), 502, 'bad_stream'],
]

t.test('whatever the vendor makes of a handshake, the client gets an answer of the proxy', async (t) => {
  const world = await startTunnels(t, { timeouts: { connect: '1s', first_byte: '1s' } })
  const token = await world.token()
  for (const [name, answering, status, reason] of ANSWERS) {
    world.vendor.script = (socket, request) => answering(socket, request.headers['sec-websocket-key'] ?? '')
    const { answer, decision } = await asked(world, token, 'GET /live/x', [
      ...HANDSHAKE,
      'Sec-WebSocket-Protocol: chat',
    ])
    t.same([answer.status, decision.action], [status, 'request-authorized'], name)
    t.notOk(answer.body.includes(UPSTREAM_KEY) || answer.header('set-cookie'), `${name}: no key, no cookie`)
    t.equal(answer.header('x-request-id'), decision.requestId, name)
    const complete = await world.proxy.audit.complete(decision.requestId ?? '')
    t.same([complete.action, complete.get('event.reason')], ['completion-failed', reason], name)
  }
  await polled(async () => world.vendor.connections.size === 0, 'no connection upstream that nobody listens to')
  world.vendor.script = (socket, request) => switched(GOOD_SWITCH)(socket, request.headers['sec-websocket-key'] ?? '')
  t.equal((await asked(world, token, 'GET /live/x', HANDSHAKE)).answer.status, 101, 'and a good one is one')
  await world.vendor.close()
  t.equal((await asked(world, token, 'GET /live/x', HANDSHAKE)).answer.status, 502, 'nobody is there')
  await endInOrder(t, world)
})
