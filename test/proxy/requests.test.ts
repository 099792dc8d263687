import { gzipSync } from 'node:zlib'
import t from 'tap'
import { requestBytes } from '../support/raw-client.ts'
import {
  allows,
  CHAT,
  chatBody,
  decides,
  endInOrder,
  JSON_TYPE,
  type Refusal,
  refuses,
  sent,
  startWorld,
} from '../support/world.ts'

const good = chatBody()
const invalid: Refusal = { status: 400, code: 'invalid_body' }
const malformed: Refusal = { status: 400, code: 'invalid_request', reason: 'head_malformed' }

type Row = readonly [name: string, make: (auth: string) => Buffer, refusal: Refusal | null]

const body =
  (text: string | Buffer, ...headers: string[]) =>
  (auth: string) =>
    requestBytes(CHAT, ['Host: x', auth, ...(headers.length === 0 ? [JSON_TYPE] : headers)], text)
const line =
  (text: string, content = '', ...headers: string[]) =>
  (auth: string) =>
    requestBytes(text, ['Host: x', auth, JSON_TYPE, ...headers], content)
const head =
  (...headers: string[]) =>
  (auth: string) =>
    requestBytes(CHAT, [auth, JSON_TYPE, ...headers], good)

const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`
const withMember = (text: string) => good.replace('{', `{${text},`)
const latin1 = Buffer.concat([Buffer.from(good.slice(0, -2)), Buffer.from([0xe4]), Buffer.from(good.slice(-2))])

/** Each refusal stands below its twin that passes (null), which differs from it in one fact. */
const rows: readonly Row[] = [
  ['a plain body', body(good), null],
  ['a body with a byte order mark', body(`\ufeff${good}`), invalid],
  ['a body in UTF-16', body(Buffer.from(good, 'utf16le')), invalid],
  ['a body with a byte that is no UTF-8', body(latin1), invalid],
  ['a key twice', body(withMember('"temperature":0,"temperature":1')), invalid],
  ['the model twice', body(withMember('"model":"gpt-4o"')), invalid],
  ['the model twice, once escaped', body(withMember('"\\u006dodel":"gpt-4o"')), invalid],
  ['the model in capitals beside it', body(withMember('"Model":"gpt-4o"')), invalid],
  ['the model in wide letters beside it', body(withMember('"\uff4dodel":"gpt-4o"')), invalid],
  ['a key twice deep inside', body(withMember('"x":[{"a":{"b":1,"b":2}}]')), invalid],
  ['a key once deep inside', body(withMember('"x":[{"a":{"b":1,"c":2}}]')), null],
  ['an unknown field', body(withMember('"top_k":4')), null],
  ['fallbacks', body(withMember('"fallbacks":["gpt-4o"]')), invalid],
  ['an api_base', body(withMember('"api_base":"http://127.0.0.1:9"')), invalid],
  ['an apiBase', body(withMember('"apiBase":"http://127.0.0.1:9"')), invalid],
  ['extra_headers', body(withMember('"extra_headers":{}')), invalid],
  ['metadata, which is opaque', body(withMember('"metadata":{"model":"gpt-4o","api_base":"x"}')), null],
  ['nesting of a few levels', body(withMember(`"x":${nested(20)}`)), null],
  ['nesting of thousands of levels', body(withMember(`"x":${nested(5000)}`)), invalid],
  ['a hundred thousand brackets', body('['.repeat(100_000)), invalid],
  ['two documents', body(`${good}{}`), invalid],
  ['a document and a comma', body(`${good},`), invalid],
  ['a list', body(`[${good}]`), invalid],
  ['a number', body('7'), invalid],
  ['nothing', body(' '), invalid],
  ['single quotes', body(good.replaceAll('"', "'")), invalid],
  ['a comment', body(`/* */${good}`), invalid],
  ['a model that is no string', body(good.replace('"gpt-4o-mini"', '7')), invalid],
  ['a model with a space behind it', body(good.replace('gpt-4o-mini', 'gpt-4o-mini ')), invalid],
  ['a model with a line break', body(good.replace('gpt-4o-mini', 'gpt-4o-mini\\n')), invalid],
  ['a model that is a pattern', body(good.replace('gpt-4o-mini', 'gpt-*')), { status: 403, code: 'policy_denied' }],
  ['another model', body(chatBody('gpt-4o')), { status: 403, code: 'policy_denied', reason: 'model_not_allowed' }],
  ['a model nobody serves', body(chatBody('llama')), { status: 404, code: 'model_not_found' }],
  ['no model', body('{"messages":[]}'), invalid],
  ['a name of the language', body(withMember('"__proto__":{"constructor":1}')), null],
  [
    'another model under such a name',
    body(withMember('"__proto__":{"model":"gpt-4o"}')),
    { status: 403, code: 'policy_denied', reason: 'model_not_allowed' },
  ],
  ['an image by its address', body(image('http://127.0.0.1/x.png')), { status: 403, code: 'policy_denied' }],
  ['an image in the request', body(image('data:image/png;base64,AAAA')), null],

  ['a charset', body(good, 'Content-Type: application/json; charset=utf-8'), null],
  ['another charset', body(good, 'Content-Type: application/json; charset=latin1'), unsupported()],
  ['no media type', body(good, 'X-A: 1'), unsupported()],
  ['plain text', body(good, 'Content-Type: text/plain'), unsupported()],
  ['a form', body('model=gpt-4o-mini', 'Content-Type: application/x-www-form-urlencoded'), unsupported()],
  ['parts', body('--x--', 'Content-Type: multipart/form-data; boundary=x'), unsupported()],
  ['a media type with more behind a tab', body(good, 'Content-Type: application/json\ta'), unsupported()],
  ['two media types in one', body(good, 'Content-Type: application/json, text/plain'), unsupported()],
  ['a suffix', body(good, 'Content-Type: application/vnd.x+json'), unsupported()],
  ['a compressed body', body(gzipSync(good), JSON_TYPE, 'Content-Encoding: gzip'), unsupported()],
  ['a coding that is none', body(good, JSON_TYPE, 'Content-Encoding: identity'), null],

  ['the path of the table', line(CHAT, good), null],
  ['a query, of which nothing goes up', line(CHAT.replace(' HTTP', '?model=gpt-4o&api_key=x HTTP'), good), null],
  ['a slash more', line(CHAT.replace(' HTTP', '/ HTTP'), good), unknown()],
  ['two slashes', line(CHAT.replace('/v1/', '/v1//'), good), unknown()],
  ['a path with dots', line(CHAT.replace('/v1/', '/v1/x/../'), good), unknown()],
  ['a path with escaped letters', line(CHAT.replace('chat', '%63hat'), good), unknown()],
  ['a path with an escaped slash', line(CHAT.replace('chat/', 'chat%2f'), good), unknown()],
  ['a path in capitals', line(CHAT.replace('chat', 'Chat'), good), unknown()],
  ['a backslash', line(CHAT.replace('/v1/', '/v1\\'), good), { status: 400, code: 'invalid_request' }],
  ['a fragment', line(CHAT.replace(' HTTP', '#x HTTP'), good), { status: 400, code: 'invalid_request' }],
  [
    'an absolute address',
    line(CHAT.replace('/v1', 'http://127.0.0.1/v1'), good),
    { status: 400, code: 'invalid_request' },
  ],
  ['a deployment in the path', line('POST /openai/deployments/gpt-4o/chat/completions HTTP/1.1', good), unknown()],
  ['an operation that is in no table', line('POST /v1/edits HTTP/1.1', good), unknown()],
  ['the administration of the API', line('GET /v1/organization/users HTTP/1.1'), unknown()],
  ['the metrics', line('GET /metrics HTTP/1.1'), unknown()],
  ['the health', line('GET /healthz HTTP/1.1'), unknown()],

  ['GET of what is POST', line('GET /v1/embeddings HTTP/1.1'), notAllowed()],
  ['PUT', line('PUT /v1/chat/completions HTTP/1.1', good), notAllowed()],
  ['OPTIONS', line('OPTIONS /v1/chat/completions HTTP/1.1'), notAllowed()],
  ['QUERY', line('QUERY /v1/chat/completions HTTP/1.1', good), notAllowed()],
  ['TRACE', line('TRACE /v1/chat/completions HTTP/1.1'), notAllowed()],
  ['CONNECT', line('CONNECT 127.0.0.1:22 HTTP/1.1'), notAllowed()],
  ['a method that overrides', line('GET /v1/embeddings HTTP/1.1', '', 'X-HTTP-Method-Override: POST'), notAllowed()],

  ['one Host', head('Host: x'), null],
  ['two Hosts', head('Host: x', 'Host: x'), malformed],
  ['no Host', head(), malformed],
  ['a Host with userinfo', head('Host: x@y'), malformed],
  ['two media types', head('Host: x', JSON_TYPE), malformed],
  ['two projects', head('Host: x', 'OpenAI-Project: a', 'OpenAI-Project: b'), malformed],
  ['a body in chunks', chunks(`${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`), null],
  ['chunks that are none', chunks(`nonsense\r\n${good}\r\n0\r\n\r\n`), invalid],
  ['another coding', head('Host: x', 'Transfer-Encoding: gzip, chunked'), malformed],
]

function image(url: string): string {
  return JSON.stringify({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
  })
}

function unsupported(): Refusal {
  return { status: 415, code: 'unsupported_media_type' }
}

function unknown(): Refusal {
  return { status: 404, code: 'unknown_endpoint', reason: 'endpoint_not_allowed' }
}

function notAllowed(): Refusal {
  return { status: 405, code: 'method_not_allowed', reason: 'endpoint_not_allowed' }
}

function chunks(wire: string): (auth: string) => Buffer {
  return (auth) => requestBytes(CHAT, ['Host: x', auth, JSON_TYPE, 'Transfer-Encoding: chunked'], wire)
}

t.test('requests that are one thing to every reader pass, and their twins do not', async (t) => {
  const world = await startWorld(t, { listen: { max_body: '256KiB' } })
  const auth = `Authorization: Bearer ${await world.token()}`
  for (const [name, make, refusal] of rows) await decides(t, world, name, make(auth), refusal)
  const large = chatBody('gpt-4o-mini', { user: 'x'.repeat(300 * 1024) })
  await refuses(t, world, 'a body past the limit', body(large)(auth), { status: 413, code: 'body_too_large' })
  const nearly = chatBody('gpt-4o-mini', { user: 'x'.repeat(200 * 1024) })
  await allows(t, world, 'a body within it', body(nearly)(auth))
  await endInOrder(t, world)
})

t.test('HEAD is refused without a body', async (t) => {
  const world = await startWorld(t)
  const auth = `Authorization: Bearer ${await world.token()}`
  const { answer, decision } = await sent(world, requestBytes('HEAD /v1/models HTTP/1.1', ['Host: x', auth]), 'HEAD')
  t.same([answer.status, decision.action], [405, 'request-denied'])
  await endInOrder(t, world)
})

t.test('strangers are told nothing but that they are strangers, whatever they ask', async (t) => {
  const world = await startWorld(t)
  const missing: Refusal = { status: 401, code: 'missing_credentials', action: 'authentication-failed' }
  for (const [name, make, refusal] of rows) {
    if (refusal?.code === 'invalid_request' || refusal?.status === 405) continue
    const bytes = make('X-Nobody: 1')
    const { answer } = await sent(world, bytes)
    t.same([answer.status, answer.code], [missing.status, missing.code], name)
  }
  t.equal(world.model.bytesReceived, 0)
  await endInOrder(t, world)
})
