import t from 'tap'
import { routed, startPassthrough } from '../support/passthrough-world.ts'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { ALICE, allows, BOB, CAROL, chatBytes, endInOrder, refuses } from '../support/world.ts'

t.test('a route is open to who has a rule that names it', async (t) => {
  const world = await startPassthrough(t)
  const [alice, bob, carol] = [await world.token(ALICE), await world.token(BOB), await world.token(CAROL)]
  const users = 'GET /v1/organization/users'
  const { answer, decision } = await allows(
    t,
    world,
    'the administration',
    routed(carol, `${users}?limit=2&x=1`),
    'GET',
  )
  t.same(JSON.parse(answer.body.toString()), { path: '/v1/organization/users?limit=2', got: 0 })
  t.equal(decision.get('sallyport.operation'), 'passthrough.admin')
  t.equal(decision.get('rule.id'), 'administration')
  t.equal(decision.get('sallyport.request.inspected'), false, 'the event says that nobody looked')
  t.equal(decision.get('sallyport.stream'), undefined, 'and nothing of what nobody looked at')
  t.equal(decision.get('url.path'), '/v1/organization/users')
  const complete = await world.proxy.audit.complete(answer.header('x-request-id') ?? '')
  t.equal(complete.get('sallyport.request.inspected'), false, 'so does the second one')
  const denied = { status: 403, code: 'policy_denied' }
  await refuses(t, world, 'an analyst has no rule for it', routed(alice, users), {
    ...denied,
    reason: 'endpoint_not_allowed',
  })
  await refuses(t, world, 'nobody has none', routed(bob, 'GET /vendor/x'), denied)
  await allows(t, world, 'an analyst has the vendor', routed(alice, 'GET /vendor/x'), 'GET')
  await refuses(t, world, 'a rule on models says nothing of it', routed(alice, 'GET /spoken/x'), denied)
  await refuses(t, world, 'nor does one that names no operation', routed(carol, 'GET /spoken/x'), denied)
  const stranger = routed('x', 'GET /vendor/x')
  await refuses(t, world, 'a bad credential', stranger, {
    status: 401,
    code: 'invalid_api_key',
    action: 'authentication-failed',
  })
  await endInOrder(t, world)
})

t.test('what nobody looks at holds for no condition on it', async (t) => {
  const whens = {
    tools: { tools: { hosted: [] } },
    urls: { urls: ['*'] },
    nohosts: { urls: [] },
    input: { input: { images: false } },
    bytes: { input: { max_bytes: '1MiB' } },
    limit: { max_output_tokens: { at_most: 1_000_000 } },
    stream: { stream: false },
  }
  const operations = ['passthrough.*']
  for (const [name, when] of Object.entries(whens)) {
    const rules = [{ id: 'a', effect: 'allow', operations, when }]
    const world = await startPassthrough(t, { rules })
    const alice = await world.token(ALICE)
    await refuses(t, world, `an allow on ${name}`, routed(alice, 'GET /vendor/x'), {
      status: 403,
      code: 'policy_denied',
    })
    await world.proxy.stop()
  }
  const rules = [
    { id: 'a', effect: 'allow', operations },
    { id: 'd', effect: 'deny', when: { tools: { hosted: ['web_search'] } } },
  ]
  const world = await startPassthrough(t, { rules })
  await refuses(t, world, 'a deny applies unless no', routed(await world.token(ALICE), 'GET /vendor/x'), {
    status: 403,
    code: 'policy_denied',
    reason: 'denied_by_rule',
  })
  await endInOrder(t, world)
})

t.test('a body goes on byte for byte, whatever it is', async (t) => {
  const world = await startPassthrough(t)
  const alice = await world.token(ALICE)
  for (const [type, body] of [
    ['application/json', '{"model":"gpt-4o","model":"other",'],
    ['application/octet-stream', Buffer.from([0, 255, 13, 10, 13, 10, 48])],
    ['multipart/form-data; boundary=--x', '----x\r\n'],
    ['text/plain; charset=utf-8', 'ä'],
  ] as const) {
    await allows(t, world, type, routed(alice, 'POST /vendor/x', body, [`Content-Type: ${type}`]))
    const last = world.model.requests.at(-1)
    t.same(last?.body, Buffer.from(body), 'the same bytes')
    t.equal(last?.header('content-type'), type, 'the same type')
    t.equal(last?.header('content-length'), String(Buffer.from(body).length))
  }
  const chunked = ['Content-Type: text/plain', 'Transfer-Encoding: chunked']
  await allows(
    t,
    world,
    'in chunks',
    routed(alice, 'PATCH /vendor/x', '3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: x\r\n\r\n', chunked),
    'PATCH',
  )
  t.equal(world.model.requests.at(-1)?.body.toString(), 'abcde')
  t.notMatch(world.model.requests.at(-1)?.rawHeaders.join(), /trailer/i, 'without its trailers')
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
    await allows(t, world, method, routed(alice, `${method} /vendor/x`), method)
  await endInOrder(t, world)
})

t.test('of a head goes on what the list has', async (t) => {
  const world = await startPassthrough(t)
  const alice = await world.token(ALICE)
  const own = [
    'Cookie: a=b',
    'X-Forwarded-For: 1.2.3.4',
    'Forwarded: for=1',
    'Origin: https://x',
    'Referer: https://x',
    'X-Own: 1',
  ]
  const hop = [
    'Connection: keep-alive, X-Named, Authorization',
    'X-Named: 1',
    'TE: trailers',
    'Trailer: X',
    'Proxy-Authorization: x',
    'Upgrade: h2c',
  ]
  const more = [
    'OpenAI-Organization: o',
    'OpenAI-Project: p',
    'api_key: x',
    'Accept: text/csv',
    'Expect: 100-continue',
    'Content-Type: text/plain',
  ]
  const outcome = await allows(
    t,
    world,
    'many headers',
    routed(alice, 'POST /vendor/x', 'abc', [...own, ...hop, ...more]),
  )
  t.same(outcome.answer.informational, [100])
  const { rawHeaders = [] } = world.model.requests.at(-1) ?? {}
  const seen = Object.fromEntries(
    rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : [])),
  )
  t.same(seen, {
    accept: 'text/csv',
    'accept-encoding': 'identity',
    'user-agent': 'sallyport',
    'content-type': 'text/plain',
    'content-length': '3',
    authorization: `Bearer ${UPSTREAM_KEY}`,
    host: `127.0.0.1:${world.model.port}`,
    connection: 'close',
  })
  t.equal(rawHeaders.length, 16, 'each once')
  await endInOrder(t, world)
})

t.test('what is not meant for a route is refused before it gets there', async (t) => {
  const world = await startPassthrough(t, { listen: { max_upload: '1KiB', max_body: '1KiB' } })
  const [alice, carol] = [await world.token(ALICE), await world.token(CAROL)]
  const text = ['Content-Type: text/plain']
  const unknown = { status: 404, code: 'unknown_endpoint' }
  for (const path of [
    '/vendor',
    '/vendor/',
    '/vendor//x',
    '/vendor/../v1/models',
    '/vendor/%2e%2e/v1/models',
    '/vendor/..%2fv1',
    '/vendor/x/',
    '/Vendor/x',
    '/vendor/..;/x',
    '/vendor/%78',
    '/v1/organization',
    '/v1/vendor/x',
    '/vendor/x%00',
  ]) {
    await refuses(t, world, path, routed(alice, `GET ${path}`), unknown)
  }
  for (const target of ['http://x/vendor/x', '/vendor/\\..\\x', '/vendor/x#y', '*']) {
    await refuses(t, world, target, routed(alice, `GET ${target}`), { status: 400, code: 'invalid_request' })
  }
  await refuses(t, world, 'a method', routed(carol, 'DELETE /v1/organization/users'), {
    status: 405,
    code: 'method_not_allowed',
  })
  const [compressed, untyped] = [['Content-Encoding: gzip', ...text], ['Content-Type: text']]
  const media = { status: 415, code: 'unsupported_media_type' }
  await refuses(t, world, 'compressed', routed(alice, 'POST /vendor/x', 'abc', compressed), media)
  await refuses(t, world, 'of no type', routed(alice, 'POST /vendor/x', 'abc', untyped), media)
  for (const method of ['GET', 'DELETE']) {
    await refuses(
      t,
      world,
      `${method} with a body`,
      routed(alice, `${method} /vendor/x`, 'GET / HTTP/1.1\r\n\r\n', text),
      { status: 400, code: 'invalid_body' },
    )
    const chunked = [...text, 'Transfer-Encoding: chunked']
    await refuses(
      t,
      world,
      `${method} with chunks`,
      routed(alice, `${method} /vendor/x`, '1\r\na\r\n0\r\n\r\n', chunked),
      { status: 400, code: 'invalid_body' },
    )
  }
  await refuses(t, world, 'two Hosts', routed(alice, 'GET /vendor/x', '', ['Host: y']), {
    status: 400,
    code: 'invalid_request',
  })
  await allows(t, world, 'as large as may be', routed(alice, 'POST /vendor/x', 'x'.repeat(1024), text))
  await allows(t, world, 'what is judged still is', chatBytes(alice))
  await endInOrder(t, world)
})
