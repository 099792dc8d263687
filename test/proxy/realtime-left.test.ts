import { createConnection, type Socket } from 'node:net'
import t from 'tap'
import { requestBytes } from '../support/raw-client.ts'
import { speak, startRealtime, TARGET } from '../support/realtime-world.ts'
import { endInOrder } from '../support/world.ts'

const HANDSHAKE = [
  ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
/** Longer than a test waits for anything. */
const PATIENT = { upstreams: [{ timeouts: { connect: '60s', first_byte: '60s' } }] }

t.test('a client that leaves while its upstream is asked is gone at once', async (t) => {
  const world = await startRealtime(t, PATIENT)
  const token = await world.token()
  world.provider.refusal = 'silence'
  const ways: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['it says goodbye', (socket) => socket.end()],
    ['it breaks off', (socket) => socket.resetAndDestroy()],
  ]
  let aborted = 0
  for (const [name, leave] of ways) {
    // As many as one caller may have: another one fits in only where each of them was let go of.
    const sockets = Array.from({ length: 50 }, () => createConnection(world.proxy.port, '127.0.0.1'))
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.write(requestBytes(`GET ${TARGET} HTTP/1.1`, ['Host: x', `Authorization: Bearer ${token}`, ...HANDSHAKE]))
    }
    aborted += sockets.length
    await world.proxy.audit.action('request-authorized', aborted)
    for (const socket of sockets) leave(socket)
    const complete = await world.proxy.audit.action('completion-aborted', aborted)
    t.equal(complete.get('event.reason'), 'client_closed', name)
    t.equal(complete.get('http.response.status_code'), undefined, name)
    for (const socket of sockets) socket.destroy()
  }
  world.provider.refusal = null
  const { client } = await speak(world)
  client.close()
  await client.closed
  await endInOrder(t, world)
})

t.test('what a client says before it is answered is judged like all else', async (t) => {
  const world = await startRealtime(t)
  const bearer = `Authorization: Bearer ${await world.token()}`
  const socket = createConnection(world.proxy.port, '127.0.0.1')
  const clear = Buffer.from('{"type":"input_audio_buffer.clear"}')
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | clear.length, 0, 0, 0, 0]), clear])
  socket.write(requestBytes(`GET ${TARGET} HTTP/1.1`, ['Host: x', bearer, ...HANDSHAKE]))
  socket.write(frame)
  const session = await world.provider.sessions.until((all) => all[0], 'a session')
  socket.write(frame)
  t.same(await session.received.until((all) => all[1] && all, 'both'), [clear.toString(), clear.toString()])
  socket.destroy()
  await world.proxy.audit.action('completion-aborted')
  await endInOrder(t, world)
})
