import t from 'tap'
import { startListener } from '../../support/http-listener.ts'
import { rawConnect, rawRequest, requestBytes } from '../../support/raw-client.ts'

const many = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}: v`)

/** Each row: what is sent, the status, and the fault's param (a request) or the reason (never one). */
type Row = readonly [name: string, bytes: string | Buffer, status: number, why: string]

const post = (headers: readonly string[], body = 'hi') => requestBytes('POST /v1/x HTTP/1.1', headers, body)
const get = (headers: readonly string[], line = 'GET /v1/x HTTP/1.1') => requestBytes(line, headers)

const accepted: readonly (readonly [name: string, bytes: string | Buffer])[] = [
  ['a plain request', get(['Host: x'])],
  ['a body with its length', post(['Host: x'])],
  ['a host with a port', get(['Host: example.org:8080'])],
  ['a host that is an IPv6 address', get(['Host: [::1]:8080'])],
  ['a chunked body', post(['Host: x', 'Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n')],
  ['a chunked body in capitals', post(['Host: x', 'Transfer-Encoding: Chunked'], '2\r\nhi\r\n0\r\n\r\n')],
  ['chunks with extensions', post(['Host: x', 'Transfer-Encoding: chunked'], '2;a=b\r\nhi\r\n0\r\n\r\n')],
  ['trailers', post(['Host: x', 'Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\nx-t: 1\r\n\r\n')],
  ['two forwarding chains', get(['Host: x', 'X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 2.2.2.2'])],
  ['two unknown headers of one name', get(['Host: x', 'X-A: 1', 'X-A: 2'])],
  ['200 headers', get(['Host: x', ...many(199)])],
  ['a head just below the limit', get(['Host: x', `x-long: ${'v'.repeat(15_000)}`])],
  ['an upgrade that is not taken up', get(['Host: x', 'Connection: Upgrade', 'Upgrade: websocket'])],
  [
    'an upgrade to HTTP/2',
    get(['Host: x', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA']),
  ],
  ['HTTP/1.0 with a Host', get(['Host: x'], 'GET /v1/x HTTP/1.0')],
  ['an empty line before the request', Buffer.concat([Buffer.from('\r\n'), get(['Host: x'])])],
]

const refused: readonly Row[] = [
  ['no Host', get([]), 400, 'host'],
  ['two Hosts', get(['Host: x', 'Host: x']), 400, 'host'],
  ['an empty Host', get(['Host:']), 400, 'host'],
  ['a Host with userinfo', get(['Host: a@x']), 400, 'host'],
  ['a Host with a path', get(['Host: x/y']), 400, 'host'],
  ['a Host with a query', get(['Host: x?y']), 400, 'host'],
  ['a Host that is a list', get(['Host: x, y']), 400, 'host'],
  ['a Host beyond ASCII', get(['Host: ex\xe4mple']), 400, 'host'],
  ['a Host with a port too long', get(['Host: x:123456']), 400, 'host'],
  ['HTTP/1.0 without a Host', get([], 'GET /v1/x HTTP/1.0'), 400, 'host'],
  ['HTTP/2.0 on a request line', get(['Host: x'], 'GET /v1/x HTTP/2.0'), 400, 'version'],
  ['two content types', post(['Host: x', 'Content-Type: a/b', 'content-type: a/b']), 400, 'content-type'],
  [
    'two content encodings',
    post(['Host: x', 'Content-Encoding: gzip', 'Content-Encoding: br']),
    400,
    'content-encoding',
  ],
  ['two projects', get(['Host: x', 'OpenAI-Project: a', 'OpenAI-Project: a']), 400, 'openai-project'],
  ['two traces', get(['Host: x', 'traceparent: a', 'traceparent: b']), 400, 'traceparent'],
  ['two expectations', post(['Host: x', 'Expect: 100-continue', 'Expect: 100-continue']), 400, 'expect'],
  ['an unknown expectation', post(['Host: x', 'Expect: a-miracle']), 400, 'expect'],
  [
    'two codings in one line',
    post(['Host: x', 'Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'),
    400,
    'transfer-encoding',
  ],
  [
    'a list with an empty member',
    post(['Host: x', 'Transfer-Encoding: , chunked'], '0\r\n\r\n'),
    400,
    'transfer-encoding',
  ],
]

const rejected: readonly Row[] = [
  ['201 headers', get(['Host: x', ...many(200)]), 431, 'hpe_header_overflow'],
  [
    '1,100 headers with the framing last',
    post(['Host: x', ...many(1100), 'Content-Length: 2']),
    431,
    'hpe_header_overflow',
  ],
  ['a head past 16 KiB', get(['Host: x', `x-long: ${'v'.repeat(17_000)}`]), 431, 'hpe_header_overflow'],
  ['a target past 16 KiB', get(['Host: x'], `GET /${'a'.repeat(20_000)} HTTP/1.1`), 431, 'hpe_header_overflow'],
  [
    'a length beside chunks',
    post(['Host: x', 'Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    400,
    'hpe',
  ],
  [
    'chunks beside a length',
    post(['Host: x', 'Transfer-Encoding: chunked', 'Content-Length: 2'], '0\r\n\r\n'),
    400,
    'hpe',
  ],
  ['two lengths', post(['Host: x', 'Content-Length: 2', 'Content-Length: 2']), 400, 'hpe'],
  ['a list of lengths', post(['Host: x', 'Content-Length: 2, 2']), 400, 'hpe'],
  ['a signed length', post(['Host: x', 'Content-Length: +2']), 400, 'hpe'],
  ['a length that is no number', post(['Host: x', 'Content-Length: 0x2']), 400, 'hpe'],
  ['a length past any number', post(['Host: x', 'Content-Length: 99999999999999999999']), 400, 'hpe'],
  ['a coding after chunked', post(['Host: x', 'Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'), 400, 'hpe'],
  [
    'two codings in two lines',
    post(['Host: x', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    400,
    'hpe',
  ],
  ['lines ended by LF alone', 'GET /v1/x HTTP/1.1\nHost: x\n\n', 400, 'hpe'],
  ['one header ended by LF alone', 'GET /v1/x HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n', 400, 'hpe'],
  ['a bare CR in a value', 'GET /v1/x HTTP/1.1\r\nHost: x\r\nX-A: 1\rX-B: 2\r\n\r\n', 400, 'hpe'],
  ['a folded header', 'GET /v1/x HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\n\r\n', 400, 'hpe'],
  ['a space before the colon', 'GET /v1/x HTTP/1.1\r\nHost : x\r\n\r\n', 400, 'hpe'],
  ['a NUL in a value', 'GET /v1/x HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n', 400, 'hpe'],
  ['a header without a name', 'GET /v1/x HTTP/1.1\r\n: x\r\n\r\n', 400, 'hpe'],
  ['TLS on the plain port', Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 13, 10, 13, 10]), 400, 'hpe'],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'hpe'],
  ['a version that does not exist', get(['Host: x'], 'GET / HTTP/3.7'), 400, 'hpe'],
  ['a method that does not exist', get(['Host: x'], 'FETCH / HTTP/1.1'), 400, 'hpe'],
  ['an answer instead of a request', 'HTTP/1.1 200 OK\r\n\r\n', 400, 'hpe'],
]

t.test('heads that are one unambiguous request are handled', async (t) => {
  const listener = await startListener()
  t.teardown(() => listener.close())
  for (const [name, bytes] of accepted) {
    const before = listener.handled.entries.length
    const answer = await rawRequest(listener.port, bytes)
    t.equal(answer.status, 200, name)
    t.equal(listener.handled.entries.length, before + 1, `${name}: handled once`)
    t.equal(answer.header('x-request-id'), listener.handled.entries.at(-1)?.head.id, `${name}: carries its id`)
  }
  t.equal(listener.rejected.entries.length, 0)
})

t.test('heads that two readers could understand differently are refused as the requests that they are', async (t) => {
  const listener = await startListener()
  t.teardown(() => listener.close())
  for (const [name, bytes, status, param] of refused) {
    const before = listener.handled.entries.length
    const answer = await rawRequest(listener.port, bytes)
    t.same([answer.status, answer.code], [status, 'invalid_request'], name)
    t.equal(listener.handled.entries.length, before + 1, `${name}: handled once`)
    t.equal(listener.handled.entries.at(-1)?.fault?.param, param, `${name}: names the header`)
    t.ok(answer.header('x-request-id'), `${name}: carries an id`)
  }
  t.equal(listener.rejected.entries.length, 0)
})

t.test('what is no request is answered, reported once, never handled, and the connection closes', async (t) => {
  const listener = await startListener()
  t.teardown(() => listener.close())
  for (const [name, bytes, status, reason] of rejected) {
    const before = listener.rejected.entries.length
    const connection = await rawConnect(listener.port)
    connection.send(bytes)
    const answer = await connection.answer()
    t.same([answer.status, answer.code, answer.header('connection')], [status, 'invalid_request', 'close'], name)
    t.equal(await connection.ended(), 'end', `${name}: closed in order`)
    const reports = listener.rejected.entries.slice(before)
    t.equal(reports.length, 1, `${name}: reported once`)
    t.ok(reports[0]?.reason.startsWith(reason), `${name}: ${reports[0]?.reason}`)
    t.equal(reports[0]?.status, status)
    t.equal(reports[0]?.clientIp, '127.0.0.1')
  }
  t.same(
    listener.handled.entries.map(({ head }) => head.target),
    [],
  )
})

t.test('a peer that goes on sending after its refusal still reads it', async (t) => {
  const listener = await startListener()
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(`GET / HTTP/1.1\r\nHost: x\r\nx: ${'v'.repeat(600_000)}`)
  const answer = await connection.answer()
  t.equal(answer.status, 431)
  t.equal(listener.rejected.entries.length, 1)
})
