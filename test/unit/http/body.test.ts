import t from 'tap'
import { fault } from '../../../src/model/fault.ts'
import { startListener } from '../../support/http-listener.ts'
import { rawConnect, rawRequest, requestBytes } from '../../support/raw-client.ts'

const post = (body: string | Buffer, ...headers: string[]) =>
  requestBytes('POST /v1/x HTTP/1.1', ['Host: x', ...headers], body)
const chunked = (wire: string) => post(wire, 'Transfer-Encoding: chunked')
const big = 'z'.repeat(300_000)

const whole: readonly (readonly [name: string, bytes: Buffer, body: string])[] = [
  ['a body of known length', post('hello'), 'hello'],
  ['an empty body', post('', 'Content-Length: 0'), ''],
  ['no body', requestBytes('POST /v1/x HTTP/1.1'), ''],
  ['chunks', chunked('3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n'), 'hello'],
  ['chunks with extensions and trailers', chunked('5;a="b"\r\nhello\r\n0\r\nhost: evil\r\n\r\n'), 'hello'],
  ['chunk sizes with zeros before them', chunked('0005\r\nhello\r\n0\r\n\r\n'), 'hello'],
  ['a large body', post(big), big],
  ['a body at the limit', post('y'.repeat(1000 * 1024)), 'y'.repeat(1000 * 1024)],
]

t.test('a body is read as it was sent', async (t) => {
  const listener = await startListener({ maxBodyBytes: 1000 * 1024 })
  t.teardown(() => listener.close())
  for (const [name, bytes, body] of whole) {
    t.equal((await rawRequest(listener.port, bytes)).status, 200, name)
    t.ok(listener.handled.entries.at(-1)?.body?.equals(Buffer.from(body)), `${name}: whole`)
  }
})

const wrong: readonly (readonly [name: string, bytes: Buffer, status: number, code: string])[] = [
  ['a chunk size that is no number', chunked('xyz\r\nhello\r\n0\r\n\r\n'), 400, 'invalid_body'],
  ['a signed chunk size', chunked('+5\r\nhello\r\n0\r\n\r\n'), 400, 'invalid_body'],
  ['a chunk size with a prefix', chunked('0x5\r\nhello\r\n0\r\n\r\n'), 400, 'invalid_body'],
  ['a chunk longer than its size', chunked('3\r\nhello\r\n0\r\n\r\n'), 400, 'invalid_body'],
  ['a chunk ended by LF alone', chunked('5\nhello\n0\n\n'), 400, 'invalid_body'],
  ['a chunk size past any number', chunked('fffffffffffffffffff\r\nhello\r\n0\r\n\r\n'), 400, 'invalid_body'],
  ['a chunk extension without end', chunked(`5;${'a'.repeat(20_000)}`), 400, 'invalid_body'],
  ['trailers without end', chunked(`5\r\nhello\r\n0\r\nx: ${'a'.repeat(20_000)}`), 400, 'invalid_body'],
  ['a length past the limit', post('', 'Content-Length: 2000000'), 413, 'body_too_large'],
  [
    'chunks past the limit',
    chunked(`${(600_000).toString(16)}\r\n${'x'.repeat(600_000)}\r\n`.repeat(2)),
    413,
    'body_too_large',
  ],
]

t.test('a body that is not one is the fault of its request, which is answered and then closed', async (t) => {
  const listener = await startListener({ maxBodyBytes: 1000 * 1024 })
  t.teardown(() => listener.close())
  for (const [name, bytes, status, code] of wrong) {
    const before = listener.handled.entries.length
    const connection = await rawConnect(listener.port)
    connection.send(bytes)
    const answer = await connection.answer()
    t.same([answer.status, answer.code, answer.header('connection')], [status, code, 'close'], name)
    t.ok(answer.header('x-request-id'), `${name}: has an id`)
    t.equal(listener.handled.entries.length, before + 1, `${name}: handled once`)
    connection.close()
  }
  t.equal(listener.rejected.entries.length, 0, 'none is reported as a connection')
})

t.test('a chunk that breaks while the caller is still being authenticated is answered, too', async (t) => {
  let release = () => {}
  const listener = await startListener({
    before: () =>
      new Promise((resolve) => {
        release = resolve
      }),
  })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(chunked('xyz\r\n'))
  const handled = await listener.handled.until((all) => all[0], 'the request')
  await connection.flushed('more')
  await listener.handled.until(() => handled.head.id, 'the head')
  setImmediate(() => release())
  const answer = await connection.answer()
  t.same([answer.status, answer.code], [400, 'invalid_body'])
})

t.test('a body that does not come in time is a timeout', async (t) => {
  const listener = await startListener({ limits: { bodyMs: 150 } })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(post('hel', 'Content-Length: 5'))
  const answer = await connection.answer()
  t.same([answer.status, answer.code, answer.header('x-should-retry')], [408, 'request_timeout', 'false'])
  t.equal(await connection.ended(), 'end')
})

t.test('a client that goes before the end of its body', async (t) => {
  for (const [name, leave] of [
    ['by closing', 'destroy'],
    ['by a reset', 'resetAndDestroy'],
    ['by ending its half', 'end'],
  ] as const) {
    const listener = await startListener()
    const connection = await rawConnect(listener.port)
    await connection.flushed(post('hel', 'Content-Length: 5'))
    await listener.handled.until((all) => all[0], 'the request')
    connection.socket[leave]()
    const fault = await listener.handled.until((all) => all[0]?.fault ?? undefined, 'its fault')
    t.same([fault.code, fault.reason], ['invalid_body', 'client_closed'], name)
    t.equal(listener.rejected.entries.length, 0, `${name}: not reported as a connection`)
    await listener.close()
  }
})

t.test('a client that goes while it is being authenticated is noticed when its body is read', async (t) => {
  let release = () => {}
  const listener = await startListener({
    before: ({ exchange }) =>
      new Promise((resolve) => {
        release = resolve
        exchange.onGone = () => resolve()
      }),
  })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  await connection.flushed(post('hel', 'Content-Length: 5'))
  await listener.handled.until((all) => all[0], 'the request')
  connection.close()
  const fault = await listener.handled.until((all) => all[0]?.fault ?? undefined, 'its fault')
  release()
  t.equal(fault.reason, 'client_closed')
})

t.test('an answer to a large upload can be read while it is still being sent', async (t) => {
  const listener = await startListener({ maxBodyBytes: 1000 })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(post('', 'Content-Length: 3000000'))
  for (let sent = 0; sent < 3_000_000; sent += 100_000) await connection.flushed(Buffer.alloc(100_000, 'x'))
  const answer = await connection.answer()
  t.same([answer.status, answer.code, answer.complete], [413, 'body_too_large', true])
  t.equal(await connection.ended(), 'end', 'closed in order, without a reset')
})

t.test('an upload that goes on for ever after its answer is cut', async (t) => {
  const listener = await startListener({ maxBodyBytes: 1000 })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(post('', 'Transfer-Encoding: chunked'))
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')])
  let flowing = true
  void connection.ended().then(() => {
    flowing = false
  })
  while (flowing) {
    await Promise.race([connection.flushed(chunk), connection.ended()])
  }
  t.pass('the connection ended')
})

t.test('Expect: 100-continue', async (t) => {
  const listener = await startListener({ maxBodyBytes: 1000 })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  t.teardown(() => connection.close())
  connection.send(post('', 'Expect: 100-continue', 'Content-Length: 5'))
  await connection.receives('HTTP/1.1 100 Continue')
  connection.send('hello')
  const answer = await connection.answer()
  t.same([answer.status, answer.informational], [200, [100]], 'the body is asked for')
  const refused = await rawRequest(listener.port, post('', 'Expect: 100-continue', 'Content-Length: 5000'))
  t.same([refused.status, refused.informational], [413, []], 'a body that will not be read is not asked for')
  const old = requestBytes('POST / HTTP/1.0', ['Host: x', 'Expect: 100-continue'], 'hello')
  t.same((await rawRequest(listener.port, old)).informational, [], 'HTTP/1.0 knows no 100')
})

t.test('HEAD is answered without a body', async (t) => {
  const listener = await startListener({
    answer: ({ exchange }) => exchange.refuse(fault('method_not_allowed', 'no')),
  })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  t.teardown(() => connection.close())
  connection.send(requestBytes('HEAD /v1/x HTTP/1.1'))
  const answer = await connection.answer('HEAD')
  t.same([answer.status, Number(answer.header('content-length')) > 0], [405, true])
  connection.send(requestBytes('OPTIONS * HTTP/1.1'))
  const options = await connection.answer()
  t.same([options.status, options.code], [405, 'method_not_allowed'], 'and what follows is in step')
})

t.test('a refusal of a request without a body keeps its connection', async (t) => {
  const listener = await startListener()
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  t.teardown(() => connection.close())
  for (const request of [requestBytes('GET / HTTP/1.1', []), requestBytes('POST / HTTP/1.1', ['Content-Length: 0'])]) {
    connection.send(request)
    const answer = await connection.answer()
    t.same([answer.status, answer.header('connection')], [400, 'keep-alive'])
  }
})
