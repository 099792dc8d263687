import t from 'tap'
import { echoKey, PRIVATE_HEADERS, privateHeaders, status } from '../support/model-behaviours.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { requestBytes } from '../support/raw-client.ts'
import { allows, CHAT, chatBody, chatBytes, endInOrder, sent, startWorld } from '../support/world.ts'

/** What a client may try to hand on; none of it is anybody's business behind the proxy. */
const NEVER_FORWARDED = [
  'Cookie: session=client',
  'X-Forwarded-For: 1.2.3.4',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: https',
  'X-Real-IP: 1.2.3.4',
  'Forwarded: for=1.2.3.4',
  'Via: 1.1 client',
  'Referer: http://client.example/?token=x',
  'Origin: http://client.example',
  'OpenAI-Organization: org-client',
  'OpenAI-Project: proj-client',
  'OpenAI-Beta: assistants=v2',
  'X-User: root',
  'X_User: root',
  'X-Stainless-Lang: js',
  'Proxy-Authorization: Basic eDp5',
  'Proxy-Connection: keep-alive',
  'TE: trailers',
  'Upgrade-Insecure-Requests: 1',
  'X-Request-Id: chosen-by-the-client',
  'X-HTTP-Method-Override: DELETE',
  'Accept-Encoding: gzip, br',
  'Range: bytes=0-1',
  'If-None-Match: "x"',
  'Connection: authorization, content-type, keep-alive',
]

const FORWARDED = [
  'host',
  'connection',
  'accept',
  'accept-encoding',
  'user-agent',
  'content-type',
  'authorization',
  'content-length',
]

t.test('nothing of the client goes up but what was judged', async (t) => {
  const world = await startWorld(t)
  const { model } = world
  const token = await world.token()
  const lines = ['Host: x', `Authorization: Bearer ${token}`, 'Content-Type: application/json', ...NEVER_FORWARDED]
  const line = CHAT.replace(' HTTP', '?model=gpt-4o&api_key=sk-x HTTP')
  const { answer } = await allows(t, world, 'the request', requestBytes(line, lines, chatBody()))
  const up = await model.arrival(1)
  t.same(up.headerNames, [...FORWARDED].sort(), 'the headers are exactly these')
  t.equal(up.target, '/v1/chat/completions', 'without its query')
  t.equal(up.header('authorization'), `Bearer ${UPSTREAM_KEY}`)
  t.equal(up.header('host'), `127.0.0.1:${model.port}`)
  t.equal(up.header('accept-encoding'), 'identity')
  t.equal(up.header('content-type'), 'application/json')
  t.equal(up.body.toString(), chatBody())
  t.notMatch(up.rawHeaders.join('\n') + up.body, new RegExp(token), 'the credential of the client stays here')
  t.notMatch(answer.header('x-request-id'), /chosen/, 'the id is our own')
  await endInOrder(t, world)
})

t.test('a trace goes on, and only a well-formed one', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  for (const [written, forwarded] of [
    [trace, trace],
    ['nonsense', undefined],
    [`${trace}, evil`, undefined],
  ] as const) {
    const bytes = chatBytes(token, chatBody(), ['Content-Type: application/json', `traceparent: ${written}`])
    const { decision } = await allows(t, world, written, bytes)
    t.equal(world.model.requests.at(-1)?.header('traceparent'), forwarded)
    t.equal(decision.get('trace.id'), forwarded === undefined ? undefined : trace.slice(3, 35))
  }
  await endInOrder(t, world)
})

t.test('nothing of the upstream comes back but what is the answer', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  world.model.script('gpt-4o-mini-private', privateHeaders)
  const { answer } = await allows(t, world, 'an answer', chatBytes(token, chatBody('gpt-4o-mini-private')))
  const names = answer.headers.map(([name]) => name).sort()
  t.same(names, ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'x-request-id'])
  world.model.script(
    'gpt-4o-mini-error',
    status(400, { ...PRIVATE_HEADERS, 'retry-after': '3', 'x-should-retry': 'false' }),
  )
  const refused = await sent(world, chatBytes(token, chatBody('gpt-4o-mini-error')))
  t.same([refused.answer.status, refused.answer.code], [400, 'mock_400'])
  t.same([refused.answer.header('retry-after'), refused.answer.header('x-should-retry')], ['3', 'false'])
  for (const name of ['set-cookie', 'openai-organization', 'openai-project', 'www-authenticate', 'alt-svc', 'server']) {
    t.equal(refused.answer.header(name), undefined, `no ${name}`)
  }
  await endInOrder(t, world)
})

t.test('the key of the upstream never comes back', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  world.model.script('gpt-4o-mini-echo', echoKey)
  const { answer, decision } = await sent(world, chatBytes(token, chatBody('gpt-4o-mini-echo')))
  t.equal(answer.status, 400)
  t.match(answer.body.toString(), /wrong key provided: \[secret\]/)
  t.notMatch(answer.body.toString(), new RegExp(UPSTREAM_KEY))
  const complete = await world.proxy.audit.complete(decision.requestId ?? '')
  t.same([complete.action, complete.get('event.reason')], ['completion-failed', 'upstream_4xx'])
  await endInOrder(t, world)
})

t.test('credentials in the wrong places are not audited', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  const key = 'sk-abcdefghijklmnopqrstuvwxyz'
  world.secrets.add(key)
  const bytes = requestBytes(
    `POST /v1/${token}?api_key=${key} HTTP/1.1`,
    [
      'Host: x',
      `Authorization: Bearer ${token}`,
      `User-Agent: ${key} Bearer ${token}`,
      'Content-Type: application/json',
    ],
    chatBody(key),
  )
  const { answer } = await sent(world, bytes)
  t.equal(answer.code, 'unknown_endpoint')
  const named = await sent(world, chatBytes(token, chatBody(key)))
  t.equal(named.answer.code, 'model_not_found')
  await endInOrder(t, world)
})
