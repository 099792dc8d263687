import t from 'tap'
import { rawRequest, requestBytes } from '../support/raw-client.ts'
import { allows, chatBody, endInOrder, JSON_TYPE, type Refusal, refuses, startWorld } from '../support/world.ts'

const unknown: Refusal = { status: 404, code: 'unknown_endpoint', reason: 'endpoint_not_allowed' }
const invalid: Refusal = { status: 400, code: 'invalid_request', reason: 'head_malformed' }
const CHAT = '/v1/chat/completions'
const FILE = '/v1/files/file-1'

/** Each spelling of a path that some reader would take for one that is granted. */
const spellings = (path: string): readonly (readonly [target: string, refusal: Refusal])[] => {
  const [, , first = '', rest = ''] = path.split('/')
  return [
    [`${path}/`, unknown],
    [`/${path}`, unknown],
    [`//evil.example${path}`, unknown],
    [`/.${path}`, unknown],
    [`/x/..${path}`, unknown],
    [`/x/%2e%2e${path}`, unknown],
    [`/x/%2E.${path}`, unknown],
    [`/x/..;${path}`, unknown],
    [`/x/%252e%252e${path}`, unknown],
    [`/%c0%ae%c0%ae${path}`, unknown],
    [`/v1/./${first}/${rest}`, unknown],
    [`/v1/%2e/${first}/${rest}`, unknown],
    [`/v1/${first}//${rest}`, unknown],
    [`/v1/${first}%2f${rest}`, unknown],
    [`/v1/${first}%2F${rest}`, unknown],
    [`/v1/${first}%5c${rest}`, unknown],
    [`/v1%2f${first}/${rest}`, unknown],
    [`/v1;x=y/${first}/${rest}`, unknown],
    [`/V1/${first}/${rest}`, unknown],
    [`/v1/${first.toUpperCase()}/${rest}`, unknown],
    [`/v1/%${first.charCodeAt(0).toString(16)}${first.slice(1)}/${rest}`, unknown],
    [`${path}%00`, unknown],
    [`${path}%20`, unknown],
    [`${path}%3fx=y`, unknown],
    [`${path}%23`, unknown],
    [`${path};x=y`, unknown],
    [`${path}#x`, invalid],
    [`/v1\\${first}\\${rest}`, invalid],
    [`/x/..\\..${path}`, invalid],
    [`http://127.0.0.1${path}`, invalid],
    [`http://x${path}`, invalid],
    [`HTTPS://x${path}`, invalid],
    [`ftp://x${path}`, invalid],
    ['*', invalid],
  ]
}

const rules = [
  { id: 'all', effect: 'allow', operations: ['chat', 'files.get', 'files.content'] },
  { id: 'listing', effect: 'allow', operations: ['models.list'] },
]

t.test('of all spellings of a path one is the operation, and no other is anything', async (t) => {
  const world = await startWorld(t, { policy: { version: 1, rules }, isolation: 'off' })
  const auth = `Authorization: Bearer ${await world.token()}`
  world.model.scriptPath(FILE, ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"file-1","object":"file"}')
  })
  for (const [method, path, body] of [
    ['POST', CHAT, chatBody()],
    ['GET', FILE, ''],
  ] as const) {
    const bytes = (target: string) =>
      requestBytes(`${method} ${target} HTTP/1.1`, ['Host: x', auth, ...(body === '' ? [] : [JSON_TYPE])], body)
    const { decision } = await allows(t, world, path, bytes(path), method)
    t.equal(decision.get('url.path'), path, `${path}: as it stands`)
    t.equal(world.model.requests.at(-1)?.target, path, `${path}: and as it goes up`)
    for (const [target, refusal] of spellings(path)) {
      await refuses(t, world, `${method} ${target}`, bytes(target), refusal)
    }
    const before = world.model.bytesReceived
    for (const target of [path.slice(1), `x:443${path}`, `${path} x`, `${path}\0`, '']) {
      const { status, code, header } = await rawRequest(world.proxy.port, bytes(target), method)
      t.same([status, code, header('connection')], [400, 'invalid_request', 'close'], `no request: ${method} ${target}`)
    }
    t.equal(world.model.bytesReceived, before, 'nothing of them went upstream')
  }
  await endInOrder(t, world)
})

t.test('an id in a path is one segment to every reader', async (t) => {
  const world = await startWorld(t, { policy: { version: 1, rules }, isolation: 'off' })
  const auth = `Authorization: Bearer ${await world.token()}`
  const get = (target: string) => requestBytes(`GET ${target} HTTP/1.1`, ['Host: x', auth])
  const ids = [
    ...['.', '..', '%2e', '%2e%2e', '..%2f', '%2e%2e%2fusers', '..%5cusers', 'file-1%2fcontent', 'file-1%2Fcontent'],
    ...['file-1%3Fa=b', 'file-1%23', 'file-1%00', 'file-1%0d%0aHost:%20evil', 'file-1;a', 'file-1,file-2', 'file%2d1'],
    ...['file-1%', 'file-1%zz', 'file-1*', '%66ile-1', 'f'.repeat(257), 'file-1/..', 'file-1//content'],
  ]
  for (const id of ids) {
    const { answer } = await refuses(t, world, id, get(`/v1/files/${id}`), unknown)
    t.notMatch(answer.body.toString(), /evil/, `${id}: is not said back`)
  }
  await endInOrder(t, world)
})

t.test('of a query only what the operation names goes up, written anew', async (t) => {
  const world = await startWorld(t, { policy: { version: 1, rules }, isolation: 'off' })
  const auth = `Authorization: Bearer ${await world.token()}`
  const post = (query: string) =>
    requestBytes(`POST ${CHAT}?${query} HTTP/1.1`, ['Host: x', auth, JSON_TYPE], chatBody())
  const dropped = [
    ...['', 'a=b', 'model=gpt-4o', 'api_key=sk-x', 'api-version=1', 'a=b&a=c', 'a[]=b', 'x=http://127.0.0.1/'],
    ...['../../admin', '/../x', 'a=%2e%2e', '?', '??a', '&&&'],
  ]
  for (const query of dropped) {
    await allows(t, world, `?${query}`, post(query))
    t.equal(world.model.requests.at(-1)?.target, CHAT, `?${query}: nothing of it`)
  }
  for (const query of ['a\\b', 'a#b']) await refuses(t, world, `?${query}`, post(query), invalid)
  await endInOrder(t, world)
})
