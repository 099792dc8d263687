import t from 'tap'
import { POLICY } from '../support/proxy-folder.ts'
import { rawRequest, requestBytes } from '../support/raw-client.ts'
import {
  ALICE,
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
  sent,
  startWorld,
} from '../support/world.ts'

const SECRET = 'sk-abcdefghijklmnopqrstuvwxyz'

const rules = (POLICY as unknown as { rules: readonly object[] }).rules
const policy = {
  ...(POLICY as object),
  workspaces: { research: { members: [{ group: 'analysts' }] }, lab: { members: [{ group: 'admins' }] } },
  rules: [
    ...rules,
    {
      id: 'public-only',
      effect: 'allow',
      roles: ['analyst'],
      models: ['gpt-4o-public'],
      operations: ['chat'],
      when: { header: { name: 'x-data-classification', in: ['public'] } },
    },
  ],
}

/** Names that a server behind us, or a reader of its environment, may take for the ones with hyphens. */
const TWINS = [
  `x_api_key: ${SECRET}`,
  `api_key: ${SECRET}`,
  `Authorization_: Bearer ${SECRET}`,
  `HTTP_AUTHORIZATION: Bearer ${SECRET}`,
  `Proxy_Authorization: Bearer ${SECRET}`,
  'Content_Length: 3',
  'Content_Type: text/plain',
  'Content.Type: text/plain',
  'Content_Encoding: gzip',
  'Transfer_Encoding: chunked',
  'Host_: evil.example',
  'Expect_: a-miracle',
  'OpenAI_Project: lab',
  'OpenAI_Organization: org-x',
  'X_Forwarded_For: 10.9.9.9',
  'X_Request_Id: chosen',
  'User_Agent: evil',
  'Sec_WebSocket_Protocol: openai-insecure-api-key.x',
]

const start = (t: Parameters<typeof startWorld>[0]) =>
  startWorld(t, { policy: policy as never, listen: { trusted_proxies: ['127.0.0.1'] } })

t.test('a header that another reader could take for one of ours changes nothing, and goes nowhere', async (t) => {
  const world = await start(t)
  world.secrets.add(SECRET)
  const token = await world.token()
  for (const twin of TWINS) {
    const { decision } = await allows(t, world, twin, chatBytes(token, chatBody(), [JSON_TYPE, twin]))
    const up = world.model.requests.at(-1)
    t.same([up?.headerNames, up?.body.toString()], [FORWARDED, chatBody()], `${twin}: goes no further`)
    const seen = ['user.id', 'client.ip', 'organization.id', 'user_agent.original'].map((key) => decision.get(key))
    t.same(seen, [ALICE, '127.0.0.1', 'research', undefined], `${twin}: was not believed`)
  }
  await endInOrder(t, world)
})

t.test('what is believed under one name is not under another', async (t) => {
  const world = await start(t)
  const token = await world.token()
  const carol = await world.token(CAROL)
  const forwarded = await allows(
    t,
    world,
    'a chain',
    chatBytes(token, chatBody(), [JSON_TYPE, 'X-Forwarded-For: 9.9.9.9']),
  )
  t.equal(forwarded.decision.get('client.ip'), '9.9.9.9', 'a chain from a trusted proxy is believed')

  const inLab = (line: string) => chatBytes(carol, chatBody(), [JSON_TYPE, line])
  const { decision } = await allows(t, world, 'a project', inLab('OpenAI-Project: lab'))
  t.equal(decision.get('organization.id'), 'lab')
  const noProject: Refusal = { status: 403, code: 'policy_denied', reason: 'workspace_not_allowed' }
  await refuses(t, world, 'its twin', inLab('OpenAI_Project: lab'), noProject)

  const classified = (...lines: string[]) => chatBytes(token, chatBody('gpt-4o-public'), [JSON_TYPE, ...lines])
  const denied: Refusal = { status: 403, code: 'policy_denied' }
  await allows(t, world, 'a header of the policy', classified('X-Data-Classification: public'))
  await refuses(t, world, 'without it', classified(), denied)
  await refuses(t, world, 'its twin alone', classified('X_Data_Classification: public'), denied)
  const both = ['X-Data-Classification: secret', 'X_Data_Classification: public']
  await refuses(t, world, 'another value beside its twin', classified(...both), denied)
  const twice = ['X-Data-Classification: public', 'x-data-classification: public']
  await refuses(t, world, 'twice', classified(...twice), denied)
  await refuses(t, world, 'as a list', classified('X-Data-Classification: public, secret'), denied)
  await endInOrder(t, world)
})

t.test('what is between the client and us goes no further, and takes nothing away', async (t) => {
  const world = await start(t)
  const token = await world.token()
  const hops = [
    ['Connection: authorization'],
    ['connection: Content-Type, content-length'],
    ['Connection: host', 'Connection: transfer-encoding'],
    ['Connection: x-data-classification, openai-project'],
    ['Connection: close, authorization'],
    ['Connection: , ,'],
    ['Keep-Alive: timeout=1, max=1'],
    ['Proxy-Connection: close'],
    ['TE: trailers, deflate'],
    ['Upgrade: h2c', 'HTTP2-Settings: AA'],
    ['Upgrade: h2c', 'HTTP2-Settings: AA', 'Connection: Upgrade, HTTP2-Settings'],
    ['Upgrade: websocket', 'Connection: Upgrade, authorization'],
    ['Trailer: authorization'],
  ]
  for (const lines of hops) {
    const name = lines.join('; ')
    const classified = [JSON_TYPE, 'X-Data-Classification: public', 'OpenAI-Project: research', ...lines]
    const { decision } = await allows(t, world, name, chatBytes(token, chatBody('gpt-4o-public'), classified))
    const up = world.model.requests.at(-1)
    t.same([up?.headerNames, up?.body.toString()], [FORWARDED, chatBody('gpt-4o-public')], `${name}: goes no further`)
    t.same([decision.get('user.id'), decision.get('rule.id')], [ALICE, 'public-only'], `${name}: hides nothing`)
  }
  await endInOrder(t, world)
})

t.test('one credential, in one header, once', async (t) => {
  const world = await start(t)
  const token = await world.token()
  const withLines = (...lines: string[]) => requestBytes(CHAT, ['Host: x', JSON_TYPE, ...lines], chatBody())
  const ambiguous = { status: 400, code: 'ambiguous_credentials', action: 'authentication-failed' }
  const invalid = { status: 401, code: 'invalid_api_key', action: 'authentication-failed' }
  const good = `Authorization: Bearer ${token}`
  const rows: readonly (readonly [name: string, bytes: Buffer, refusal: Refusal | null])[] = [
    ['one', withLines(good), null],
    ['an empty one beside it', withLines(good, 'Authorization:'), ambiguous],
    ['an empty one before it', withLines('Authorization:', good), ambiguous],
    ['an empty key beside it', withLines(good, 'x-api-key:'), ambiguous],
    ['another scheme beside it', withLines(good, 'Authorization: Basic eDp5'), ambiguous],
    [
      'a browser’s credential beside it',
      withLines(good, 'Sec-WebSocket-Protocol: openai-insecure-api-key.x'),
      ambiguous,
    ],
    ['a list of two', withLines(`Authorization: Bearer ${token}, Bearer ${token}`), invalid],
    ['a second word', withLines(`Authorization: Bearer ${token} ${token}`), invalid],
    ['two spaces', withLines(`Authorization: Bearer  ${token}`), invalid],
    ['a tab', withLines(`Authorization: Bearer\t${token}`), invalid],
    ['no scheme', withLines(`Authorization: ${token}`), invalid],
    ['a scheme in the header of a key', withLines(`x-api-key: Bearer ${token}`), invalid],
  ]
  for (const [name, bytes, refusal] of rows) await decides(t, world, name, bytes, refusal)
  await endInOrder(t, world)
})

t.test('as many headers and as long a head as are allowed, and one more', async (t) => {
  const world = await start(t)
  const token = await world.token()
  const many = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}: v`)
  // With `Host`, `Authorization`, `Content-Type` and `Content-Length`.
  await allows(t, world, '200 headers', chatBytes(token, chatBody(), [JSON_TYPE, ...many(196)]))
  await allows(t, world, 'a long header', chatBytes(token, chatBody(), [JSON_TYPE, `x-long: ${'v'.repeat(14_000)}`]))
  const before = world.model.bytesReceived
  const rejected = [
    ['201 headers', chatBytes(token, chatBody(), [JSON_TYPE, ...many(197)])],
    ['a header past any size', chatBytes(token, chatBody(), [JSON_TYPE, `x-long: ${'v'.repeat(17_000)}`])],
    ['a name past any size', chatBytes(token, chatBody(), [JSON_TYPE, `${'n'.repeat(17_000)}: v`])],
    ['a target past any size', requestBytes(`POST /${'a'.repeat(17_000)} HTTP/1.1`, ['Host: x'], chatBody())],
  ] as const
  for (const [index, [name, bytes]] of rejected.entries()) {
    const { status, code, header } = await rawRequest(world.proxy.port, bytes)
    t.same([status, code, header('connection')], [431, 'invalid_request', 'close'], name)
    const event = await world.proxy.audit.action('connection-rejected', index + 1)
    t.equal(event.requestId, undefined, `${name}: was no request`)
  }
  const long = await sent(
    world,
    requestBytes(`POST /v1/${'a'.repeat(5000)} HTTP/1.1`, ['Host: x', `Authorization: Bearer ${token}`], ''),
  )
  t.same(
    [long.answer.status, long.answer.code],
    [400, 'invalid_request'],
    'a target that is too long is a request that is refused',
  )
  t.equal(world.model.bytesReceived, before, 'nothing of them went upstream')
  await endInOrder(t, world)
})
