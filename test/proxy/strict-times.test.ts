import t from 'tap'
import type { RawConnection } from '../support/raw-client.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import { allows, CHAT, chatBody, chatBytes, endInOrder, startWorld, type World } from '../support/world.ts'

const good = chatBody()
const start = (t: Parameters<typeof startWorld>[0], timeouts: { readonly [name: string]: string }) =>
  startWorld(t, { listen: { timeouts } })

/** Sends byte after byte for as long as it is listened to; the function that comes back ends it. */
function trickle(connection: RawConnection, bytes: Buffer, everyMs: number): () => void {
  let at = 0
  const timer = setInterval(() => {
    connection.send(bytes.subarray(at, ++at))
    if (at >= bytes.length) clearInterval(timer)
  }, everyMs)
  return () => clearInterval(timer)
}

/** The answer to what comes so slowly, and how the connection ends. */
async function slowly(world: World, first: Buffer | string, rest: Buffer) {
  const connection = await rawConnect(world.proxy.port)
  connection.send(first)
  const stop = trickle(connection, rest, 20)
  const answer = await connection.answer()
  stop()
  await connection.ended()
  return answer
}

t.test('a head that comes letter by letter is cut off; one that is in time is not', async (t) => {
  const world = await start(t, { head: '1s' })
  const token = await world.token()
  const bytes = chatBytes(token, good, ['Content-Type: application/json', `x-note: ${'v'.repeat(1000)}`])
  const starts = [
    ['within its first line', Buffer.from('POST /v1/chat')],
    ['within a header', bytes.subarray(0, 200)],
    ['behind a line break before it', Buffer.from('\r\n\r\nPOST /')],
  ] as const
  const late = async ([name, first]: (typeof starts)[number]) => {
    const { status, code, header } = await slowly(world, first, Buffer.from('v'.repeat(5000)))
    t.same([status, code, header('connection')], [408, 'invalid_request', 'close'], name)
  }
  await Promise.all(starts.map(late))
  const event = await world.proxy.audit.action('connection-rejected', starts.length)
  t.equal(event.requestId, undefined, 'one event for each, and no request')
  t.equal(world.model.bytesReceived, 0)
  await allows(t, world, 'a head in time', bytes)
  await endInOrder(t, world)
})

t.test('a body that comes letter by letter is cut off; one that is in time is not', async (t) => {
  const world = await start(t, { body: '1s' })
  const auth = `Authorization: Bearer ${await world.token()}`
  const lines = ['Host: x', auth, 'Content-Type: application/json']
  const slow = Buffer.from('v'.repeat(5000))
  const rows = [
    ['of known length', requestBytes(CHAT, [...lines, 'Content-Length: 5000'])],
    ['in chunks', requestBytes(CHAT, [...lines, 'Transfer-Encoding: chunked'], '1388\r\n')],
    ['in a chunk size', requestBytes(CHAT, [...lines, 'Transfer-Encoding: chunked'], '1;a=')],
    ['in a trailer', requestBytes(CHAT, [...lines, 'Transfer-Encoding: chunked'], '0\r\nx-note: ')],
  ] as const
  const late = async ([name, first]: (typeof rows)[number]) => {
    const { status, code, header } = await slowly(world, first, slow)
    t.same([status, code], [408, 'request_timeout'], name)
    const decision = await world.proxy.audit.decision(header('x-request-id') ?? '')
    t.same([decision.action, decision.get('http.response.status_code')], ['request-denied', 408], `${name}: its event`)
  }
  await Promise.all(rows.map(late))
  t.equal(world.model.bytesReceived, 0)
  const connection = await rawConnect(world.proxy.port)
  connection.send(requestBytes(CHAT, [...lines, `Content-Length: ${good.length}`]))
  trickle(connection, Buffer.from(good), 2)
  t.equal((await connection.answer()).status, 200, 'a body in time')
  connection.close()
  await endInOrder(t, world)
})

t.test('a connection that is idle is closed without an event; one that is used stays', async (t) => {
  const world = await start(t, { keep_alive: '1s' })
  const token = await world.token()
  const connection = await rawConnect(world.proxy.port)
  for (const round of [1, 2, 3]) {
    connection.send(chatBytes(token))
    const { status, header } = await connection.answer()
    t.same([status, header('connection')], [200, 'keep-alive'], `round ${round}`)
  }
  t.equal(await connection.ended(), 'end', 'and is closed when nothing follows')
  t.equal(connection.pending.length, 0, 'without a word')
  t.equal(world.proxy.audit.withAction('connection-rejected').length, 0)
  await endInOrder(t, world)
})
