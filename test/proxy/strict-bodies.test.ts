import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import {
  allows,
  CAROL,
  CHAT,
  chatBody,
  chatBytes,
  decides,
  endInOrder,
  FORWARDED,
  JSON_TYPE,
  type Refusal,
  refuses,
  startWorld,
} from '../support/world.ts'

const CHUNKED = 'Transfer-Encoding: chunked'
const good = chatBody()
const size = good.length.toString(16)
const invalid: Refusal = { status: 400, code: 'invalid_body' }
const malformed: Refusal = { status: 400, code: 'invalid_request', reason: 'head_malformed' }
const unsupported: Refusal = { status: 415, code: 'unsupported_media_type' }
const missing: Refusal = { status: 401, code: 'missing_credentials', action: 'authentication-failed' }

type Row = readonly [name: string, make: (auth: string) => Buffer, refusal: Refusal | null]

const post =
  (body: string | Buffer, ...headers: string[]) =>
  (auth: string) =>
    requestBytes(CHAT, ['Host: x', auth, ...headers], body)
const typed = (...headers: string[]) => post(good, ...headers)
const json = (body: string) => post(body, JSON_TYPE)
const coded = (coding: string, body: string | Buffer) => post(body, JSON_TYPE, `Content-Encoding: ${coding}`)
const chunked = (wire: string, ...headers: string[]) => post(wire, JSON_TYPE, CHUNKED, ...headers)
const withValue = (text: string) => json(good.replace('{', `{"x":${text},`))
const spaced = (space: string) => json(good.replace('{', `{${space}`))
const bytes = (...list: number[]) =>
  post(Buffer.from([...Buffer.from(good.replace('{', '{"x":"#",'))].map(splice(list))), JSON_TYPE)

/** The `#` of a text is one byte; what takes its place here is one, too. */
function splice([byte = 0]: readonly number[]): (value: number) => number {
  return (value) => (value === 0x23 ? byte : value)
}

/** Each refusal stands below its twin that passes (null). */
const rows: readonly Row[] = [
  ['a body as it is', coded('identity', good), null],
  ['gzip', coded('gzip', gzipSync(good)), unsupported],
  ['deflate', coded('deflate', deflateSync(good)), unsupported],
  ['br', coded('br', brotliCompressSync(good)), unsupported],
  ['a name of gzip’s', coded('x-gzip', gzipSync(good)), unsupported],
  ['a coding in name only', coded('gzip', good), unsupported],
  ['two codings', coded('identity, gzip', gzipSync(good)), unsupported],
  ['the same coding twice', coded('identity, identity', good), unsupported],
  ['an empty coding', coded('', good), unsupported],
  ['a coding that nobody knows', coded('aes128gcm', good), unsupported],

  ['exactly the media type', typed('Content-Type: application/json'), null],
  ['in capitals', typed('Content-Type: APPLICATION/JSON'), null],
  ['with its charset', typed('Content-Type: application/json; charset="UTF-8"'), null],
  ['a charset twice', typed('Content-Type: application/json; charset=utf-8; charset=utf-16'), unsupported],
  ['a charset in UTF-7', typed('Content-Type: application/json; charset=utf-7'), unsupported],
  ['a boundary', typed('Content-Type: application/json; boundary=x'), unsupported],
  ['more behind a semicolon', typed('Content-Type: application/json;'), unsupported],
  ['more behind a space', typed('Content-Type: application/json x'), unsupported],
  ['a wildcard', typed('Content-Type: application/*'), unsupported],
  ['JSON by another name', typed('Content-Type: text/json'), unsupported],
  ['lines of JSON', typed('Content-Type: application/jsonl'), unsupported],
  ['an empty media type', typed('Content-Type:'), unsupported],
  ['letters beyond ASCII', typed('Content-Type: application/json\xa0'), unsupported],

  ['space, tab and line breaks', spaced(' \t\r\n'), null],
  ['a vertical tab', spaced('\v'), invalid],
  ['a form feed', spaced('\f'), invalid],
  ['a space that does not break', spaced('\u00a0'), invalid],
  ['a line separator', spaced('\u2028'), invalid],
  ['a byte order mark inside', spaced('\ufeff'), invalid],
  ['a NUL', spaced('\0'), invalid],
  ['numbers', withValue('[0,-0,1.5,1e3,1E-3,12345678901234567890]'), null],
  ['a zero before a number', withValue('01'), invalid],
  ['a plus', withValue('+1'), invalid],
  ['a point without digits', withValue('1.'), invalid],
  ['digits without a number', withValue('.5'), invalid],
  ['an exponent without digits', withValue('1e'), invalid],
  ['hexadecimal', withValue('0x1'), invalid],
  ['a separator', withValue('1_000'), invalid],
  ['a minus alone', withValue('-'), invalid],
  ['not a number', withValue('NaN'), invalid],
  ['infinity', withValue('-Infinity'), invalid],
  ['more than a double', withValue('1e400'), invalid],
  ['words', withValue('[true,false,null]'), null],
  ['a word in capitals', withValue('True'), invalid],
  ['a word of another language', withValue('undefined'), invalid],
  ['a word and a letter', withValue('nulll'), invalid],
  ['escapes', withValue('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"'), null],
  ['an escape of another language', withValue('"\\x41"'), invalid],
  ['an escape of a quote that needs none', withValue('"\\\'"'), invalid],
  ['an escape of three digits', withValue('"\\u00e"'), invalid],
  ['a line break in a string', withValue('"a\nb"'), invalid],
  ['a tab in a string', withValue('"a\tb"'), invalid],
  ['a list that ends in a comma', withValue('[1,]'), invalid],
  ['a list that begins with one', withValue('[,1]'), invalid],
  ['a list with a hole', withValue('[1,,2]'), invalid],
  ['a member without a value', withValue('{"a"}'), invalid],
  ['a member with two colons', withValue('{"a"::1}'), invalid],
  ['a bracket that closes a brace', withValue('{"a":1]'), invalid],
  ['a bracket too few', json(good.slice(0, -1)), invalid],
  ['a bracket too many', json(`${good}}`), invalid],
  ['a letter', bytes(0x41), null],
  ['a byte that begins a letter', bytes(0xc3), invalid],
  ['a byte that goes on with one', bytes(0xa9), invalid],
  ['a byte that UTF-8 never has', bytes(0xff), invalid],
  ['a control character', bytes(0x1f), invalid],

  ['chunks', chunked(`${size}\r\n${good}\r\n0\r\n\r\n`), null],
  ['many chunks', chunked(`${[...good].map((letter) => `1\r\n${letter}\r\n`).join('')}0\r\n\r\n`), null],
  ['chunks with an extension', chunked(`${size};model=gpt-4o\r\n${good}\r\n0\r\n\r\n`), null],
  ['a trailer', chunked(`${size}\r\n${good}\r\n0\r\nX-Note: a\r\n\r\n`, 'Trailer: X-Note'), null],
  ['a trailer of another media type', chunked(`${size}\r\n${good}\r\n0\r\nContent-Type: text/plain\r\n\r\n`), null],
  ['a trailer of another project', chunked(`${size}\r\n${good}\r\n0\r\nOpenAI-Project: x\r\n\r\n`), null],
  ['a trailer of another host', chunked(`${size}\r\n${good}\r\n0\r\nHost: evil.example\r\n\r\n`), null],
  ['a second credential in a trailer', chunked(`${size}\r\n${good}\r\n0\r\nx-api-key: x\r\n\r\n`), null],
  ['a chunk that is too short', chunked(`5\r\n${good}\r\n0\r\n\r\n`), invalid],
  ['a chunk size with a sign', chunked(`-1\r\n${good}\r\n0\r\n\r\n`), invalid],
  ['a chunk size with a space', chunked(`${size} \r\n${good}\r\n0\r\n\r\n`), invalid],
  ['a chunk that ends in LF', chunked(`${size}\r\n${good}\n0\r\n\r\n`), invalid],
  ['a chunk size that ends in LF', chunked(`${size}\n${good}\r\n0\r\n\r\n`), invalid],
  ['an extension with a line break', chunked(`${size};a\nb\r\n${good}\r\n0\r\n\r\n`), invalid],
  ['a trailer over two lines', chunked(`${size}\r\n${good}\r\n0\r\nX-A: b\r\n c\r\n\r\n`), invalid],
  ['a trailer with a NUL', chunked(`${size}\r\n${good}\r\n0\r\nX-A: \0\r\n\r\n`), invalid],
  ['a coding below the chunks', post(good, JSON_TYPE, 'Transfer-Encoding: gzip, chunked'), malformed],
  ['a coding that is none any more', post(good, JSON_TYPE, 'Transfer-Encoding: identity'), malformed],
]

t.test('a body is what every reader takes it for, or it is refused', async (t) => {
  const world = await startWorld(t)
  const auth = `Authorization: Bearer ${await world.token()}`
  for (const [name, make, refusal] of rows) {
    const { decision } = await decides(t, world, name, make(auth), refusal)
    if (refusal !== null) continue
    const up = world.model.requests.at(-1)
    t.equal(up?.header('content-length'), String(up?.body.length), `${name}: goes up with its length`)
    t.same(up?.headerNames, FORWARDED, `${name}: and nothing that stood behind it`)
    t.equal(decision.get('gen_ai.request.model'), JSON.parse(String(up?.body)).model, `${name}: as it was decided`)
  }
  await endInOrder(t, world)
})

t.test('what stands behind a body says nothing of its request', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  const credential = `Authorization: Bearer ${token}`
  const trailed = (...headers: string[]) =>
    requestBytes(
      CHAT,
      ['Host: x', JSON_TYPE, CHUNKED, 'Trailer: Authorization', ...headers],
      [`${size}\r\n${good}\r\n0\r\n${credential}\r\n\r\n`].join(''),
    )
  await allows(t, world, 'a credential in the head', chatBytes(token))
  await refuses(t, world, 'a credential in a trailer', trailed(), missing)
  await endInOrder(t, world)
})

t.test('a request within a request is never one', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const token = await world.token()
  const carol = await world.token(CAROL)
  const auth = `Authorization: Bearer ${token}`
  const inner = requestBytes('GET /v1/models HTTP/1.1', ['Host: x', `Authorization: Bearer ${carol}`]).toString()
  const heads = [
    ['in the body of a GET', requestBytes('GET /v1/models HTTP/1.1', ['Host: x', auth], inner), 400, 'invalid_body'],
    [
      'in the chunks of a GET',
      requestBytes(
        'GET /v1/models HTTP/1.1',
        ['Host: x', auth, CHUNKED],
        `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      ),
      400,
      'invalid_body',
    ],
    ['in a body that is no JSON', chatBytes(token, inner), 400, 'invalid_body'],
    ['in the body of a stranger', requestBytes(CHAT, ['Host: x', JSON_TYPE], inner), 401, 'missing_credentials'],
    [
      'in the body of an unknown path',
      requestBytes('POST /v1/x HTTP/1.1', ['Host: x', auth], inner),
      404,
      'unknown_endpoint',
    ],
  ] as const
  for (const [name, bytes, status, code] of heads) {
    const requests = proxy.audit.all().filter((line) => line.stage === 'decision').length
    const connection = await rawConnect(proxy.port)
    connection.send(bytes)
    const answer = await connection.answer()
    t.same([answer.status, answer.code], [status, code], name)
    await proxy.audit.decision(answer.header('x-request-id') ?? '')
    // The connection is closed, or it is in step: what is sent on it next is answered as what it is.
    connection.send(requestBytes('GET /v1/nothing HTTP/1.1', ['Host: x', auth]))
    const next = await connection.answer().catch(() => null)
    if (next !== null) t.same([next.status, next.code], [404, 'unknown_endpoint'], `${name}: the next in step`)
    if (next !== null) await proxy.audit.decision(next.header('x-request-id') ?? '')
    const now = proxy.audit.all().filter((line) => line.stage === 'decision').length
    t.equal(now - requests, next === null ? 1 : 2, `${name}: no other request ran`)
    connection.close()
  }
  t.equal(model.requests.length, 0)
  await endInOrder(t, world)
})

t.test('a connection has no caller: each request on it shows its own credential', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  const connection = await rawConnect(world.proxy.port)
  const bare = requestBytes(CHAT, ['Host: x', JSON_TYPE], good)
  connection.send(Buffer.concat([chatBytes(token), bare, chatBytes(token, chatBody('gpt-4o')), chatBytes(token)]))
  const seen: (readonly [number, string | undefined])[] = []
  for (let count = 0; count < 4; count++) {
    const { status, code } = await connection.answer()
    seen.push([status, code])
  }
  t.same(seen, [
    [200, undefined],
    [401, 'missing_credentials'],
    [403, 'policy_denied'],
    [200, undefined],
  ])
  t.equal(world.model.requests.length, 2)
  connection.close()
  await endInOrder(t, world)
})
