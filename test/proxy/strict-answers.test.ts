import t from 'tap'
import { raw } from '../support/model-behaviours.ts'
import { type Behaviour, startModelServer } from '../support/model-server.ts'
import { rawConnect } from '../support/raw-client.ts'
import { allows, chatBody, chatBytes, endInOrder, startWorld, type World } from '../support/world.ts'

const DOCUMENT = '{"id":"chatcmpl-1","object":"chat.completion","choices":[]}'
const TYPE = 'content-type: application/json'
const LENGTH = `content-length: ${DOCUMENT.length}`
const CHUNKS = `${DOCUMENT.length.toString(16)}\r\n${DOCUMENT}\r\n0\r\n`
const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </evil>; rel=preload\r\nset-cookie: a=b\r\n\r\n'

/** An answer as it stands on the wire, and the end of its connection. */
const wire =
  (text: string): Behaviour =>
  (call) => {
    raw(call, text)
    call.socket.end()
  }
const answer = (lines: readonly string[], body = DOCUMENT, status = 'HTTP/1.1 200 OK') =>
  wire([status, ...lines, '', body].join('\r\n'))
const headed = (...lines: string[]) => answer([TYPE, ...lines, LENGTH])
const framed = (...lines: string[]) => answer([TYPE, ...lines], `${CHUNKS}\r\n`)

type Row = readonly [name: string, behaviour: Behaviour, reason: string | null]

/** Each answer that is not handed on stands below its twin that passes (null). */
const rows: readonly Row[] = [
  ['an answer with its length', headed(), null],
  ['a header with a line break of its own', headed('x-note: a\nset-cookie: b=c'), 'upstream_reset'],
  ['a header with a bare CR', headed('x-note: a\rset-cookie: b=c'), 'upstream_reset'],
  ['a header with a NUL', headed('x-note: a\0b'), 'upstream_reset'],
  ['a header over two lines', headed('x-note: a', ' set-cookie: b=c'), 'upstream_reset'],
  ['a header with a space before its colon', headed('x-note : a'), 'upstream_reset'],
  ['lines that end in LF alone', wire(`HTTP/1.1 200 OK\n${TYPE}\n${LENGTH}\n\n${DOCUMENT}`), 'upstream_reset'],
  ['a name of the language as a header', headed('__proto__: x', 'constructor: y'), null],
  ['its length twice', headed(LENGTH), 'upstream_reset'],
  ['its length as a list', answer([TYPE, `${LENGTH}, ${DOCUMENT.length}`]), 'upstream_reset'],
  ['a length below nothing', answer([TYPE, 'content-length: -1']), 'upstream_reset'],
  ['a length past any number', answer([TYPE, 'content-length: 99999999999999999999']), 'upstream_reset'],

  ['chunks', framed('transfer-encoding: chunked'), null],
  ['chunks in capitals', framed('Transfer-Encoding: Chunked'), null],
  ['chunks beside a length', framed('transfer-encoding: chunked', LENGTH), 'upstream_reset'],
  ['chunks said twice', framed('transfer-encoding: chunked', 'transfer-encoding: chunked'), 'bad_stream'],
  ['another coding below the chunks', framed('transfer-encoding: gzip, chunked'), 'bad_stream'],
  ['another coding alone', answer([TYPE, 'transfer-encoding: gzip']), 'bad_stream'],
  ['a coding that is none any more', answer([TYPE, 'transfer-encoding: identity']), 'bad_stream'],
  ['an end that is the connection’s', answer([TYPE]), null],

  ['a coding that changes nothing', headed('content-encoding: identity'), null],
  ['a compressed answer', headed('content-encoding: br'), 'bad_stream'],
  ['two codings', headed('content-encoding: identity', 'content-encoding: gzip'), 'bad_stream'],

  ['sixteen hints before it', wire(HINT.repeat(16) + wholeText()), null],
  ['seventeen hints before it', wire(HINT.repeat(17) + wholeText()), 'bad_stream'],
  ['a hint with a length', wire(`HTTP/1.1 103 Early Hints\r\ncontent-length: 5\r\n\r\n${wholeText()}`), null],
  ['a continuation that nobody asked for', wire(`HTTP/1.1 100 Continue\r\n\r\n${wholeText()}`), 'upstream_reset'],
  ['another protocol', wire('HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'), 'upstream_reset'],

  ['an older version', answer([TYPE, LENGTH], DOCUMENT, 'HTTP/1.0 200 OK'), null],
  ['no version at all', wire(DOCUMENT), 'upstream_reset'],
  ['another version', answer([TYPE, LENGTH], DOCUMENT, 'HTTP/3.0 200 OK'), 'upstream_reset'],
  ['a status of two digits', answer([TYPE, LENGTH], DOCUMENT, 'HTTP/1.1 20 OK'), 'upstream_reset'],
  ['a status of four digits', answer([TYPE, LENGTH], DOCUMENT, 'HTTP/1.1 2000 OK'), 'upstream_reset'],
  ['a status of no class', answer([TYPE, LENGTH], DOCUMENT, 'HTTP/1.1 000 OK'), 'upstream_reset'],
  ...[300, 301, 302, 303, 304, 307, 308].map(
    (status): Row => [`a redirect, ${status}`, redirect(status), 'upstream_redirect'],
  ),

  ['a head of 15 KiB', headed(`x-note: ${'v'.repeat(15 * 1024)}`), null],
  ['a head past 16 KiB', headed(`x-note: ${'v'.repeat(16 * 1024)}`), 'upstream_reset'],
  ['a thousand headers', headed(...Array.from({ length: 1000 }, (_, index) => `x-${index}: v`)), null],
  ['ten thousand headers', headed(...Array.from({ length: 10_000 }, (_, index) => `x-${index}: v`)), 'upstream_reset'],
]

function wholeText(): string {
  return `HTTP/1.1 200 OK\r\n${TYPE}\r\n${LENGTH}\r\n\r\n${DOCUMENT}`
}

function redirect(status: number): Behaviour {
  return answer(['location: http://127.0.0.1:9/elsewhere', 'content-length: 0'], '', `HTTP/1.1 ${status} Elsewhere`)
}

const PASSED = [
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'x-request-id',
]

async function startImpatient(t: Parameters<typeof startWorld>[0]): Promise<World> {
  const model = await startModelServer()
  t.teardown(() => model.close())
  const timeouts = { connect: '1s', first_byte: '1s', idle: '1s', total: '10s' }
  const mock = { name: 'mock', url: model.url, api_key: { env: 'MOCK_KEY' }, models: ['gpt-*'], timeouts }
  return { ...(await startWorld(t, { upstreams: [mock] })), model }
}

t.test('what an upstream answers is one answer to every reader, or it is not handed on', async (t) => {
  const world = await startImpatient(t)
  const token = await world.token()
  const connection = await rawConnect(world.proxy.port)
  t.teardown(() => connection.close())
  for (const [name, behaviour, reason] of rows) {
    world.model.script('gpt-4o-mini-row', behaviour)
    const before = world.model.requests.length
    connection.send(chatBytes(token, chatBody('gpt-4o-mini-row')))
    const { status, code, headers, body, informational, header } = await connection.answer()
    t.same([status, code], reason === null ? [200, undefined] : [502, 'upstream_unavailable'], name)
    if (reason === null) t.equal(body.toString(), DOCUMENT, `${name}: as it is`)
    t.same(informational, [], `${name}: nothing before it`)
    const other = headers.map(([field]) => field).filter((field) => !PASSED.includes(field))
    t.same(other, [], `${name}: no header of its own`)
    const complete = await world.proxy.audit.complete(header('x-request-id') ?? '')
    const ending = reason === null ? ['completion-finished', undefined] : ['completion-failed', reason]
    t.same([complete.action, complete.get('event.reason')], ending, `${name}: its end`)
    t.equal(world.model.requests.length, before + 1, `${name}: asked once`)
    connection.send(chatBytes(token))
    const next = await connection.answer()
    t.same([next.status, next.body.includes('gpt-4o-mini')], [200, true], `${name}: the next one gets its own`)
  }
  await endInOrder(t, world)
})

t.test('what stands behind the chunks of an answer stays here', async (t) => {
  const world = await startImpatient(t)
  const token = await world.token()
  const trailing = (...lines: string[]) =>
    answer([TYPE, 'transfer-encoding: chunked', 'trailer: set-cookie'], `${CHUNKS}${lines.join('\r\n')}\r\n\r\n`)
  world.model.script('gpt-4o-mini-row', trailing('set-cookie: a=b', 'x-note: c'))
  const { answer: passed } = await allows(t, world, 'trailers', chatBytes(token, chatBody('gpt-4o-mini-row')))
  t.same([passed.body.toString(), passed.complete], [DOCUMENT, true])
  t.notOk(passed.header('trailer') ?? passed.header('set-cookie'), 'neither they nor their names come back')

  world.model.script('gpt-4o-mini-row', trailing(`x-note: ${'v'.repeat(20 * 1024)}`))
  const connection = await rawConnect(world.proxy.port)
  connection.send(chatBytes(token, chatBody('gpt-4o-mini-row')))
  t.equal((await connection.answer()).complete, false, 'trailers past any size: the client sees that it was cut')
  t.equal((await world.proxy.audit.action('completion-failed')).get('event.reason'), 'upstream_reset')
  await endInOrder(t, world)
})

t.test('an upstream cannot keep a request open with what is no answer', async (t) => {
  const world = await startImpatient(t)
  const token = await world.token()
  /** Writes piece after piece for as long as somebody listens. */
  const forever =
    (first: string, piece: string, pauseMs: number): Behaviour =>
    (call) => {
      raw(call, first)
      const timer = setInterval(() => raw(call, piece), pauseMs)
      call.socket.once('close', () => clearInterval(timer))
    }
  const floods = [
    ['a flood of hints', forever('', HINT.repeat(500), 1), 502, 'bad_stream'],
    ['a hint now and then', forever('', HINT, 50), 502, 'bad_stream'],
    ['a head that comes letter by letter', forever('HTTP/1.1 200 OK\r\nx-note: ', 'v', 50), 504, 'upstream_timeout'],
    ['a header without an end', forever('HTTP/1.1 200 OK\r\nx-note: ', 'v'.repeat(999), 10), 502, 'upstream_reset'],
    ['a status without an end', forever('HTTP/1.1 200 ', 'O'.repeat(999), 10), 504, 'upstream_timeout'],
  ] as const
  for (const [name, behaviour, status, reason] of floods) {
    world.model.script('gpt-4o-mini-row', behaviour)
    const connection = await rawConnect(world.proxy.port)
    connection.send(chatBytes(token, chatBody('gpt-4o-mini-row')))
    const request = await world.model.arrival(world.model.requests.length + 1)
    const refused = await connection.answer()
    t.equal(refused.status, status, name)
    t.equal(await request.over, 'aborted', `${name}: its connection is closed`)
    const complete = await world.proxy.audit.complete(refused.header('x-request-id') ?? '')
    t.same([complete.action, complete.get('event.reason')], ['completion-failed', reason], name)
    connection.close()
  }
  await endInOrder(t, world)
})
