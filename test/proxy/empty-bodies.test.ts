import t from 'tap'
import { ENDPOINTS } from '../../src/endpoints/index.ts'
import { requestBytes } from '../support/raw-client.ts'
import { smallest } from '../support/table-requests.ts'
import { endInOrder, JSON_TYPE, type Refusal, refuses, sent, startWorld, type World } from '../support/world.ts'

const POLICY = {
  version: 1,
  roles: { everybody: { members: [{ issuer: 'corp' }] } },
  rules: [{ id: 'all', effect: 'allow', roles: ['everybody'], operations: ['*'] }],
}
const CANCEL = 'POST /v1/responses/resp_1/cancel'
const LIST = 'GET /v1/files'
const CHUNKED = 'Transfer-Encoding: chunked'
const invalid: Refusal = { status: 400, code: 'invalid_body', reason: 'body_invalid' }

/** Each refusal stands below a twin that passes (null). */
const rows: readonly (readonly [
  name: string,
  line: string,
  headers: readonly string[],
  body: string,
  Refusal | null,
])[] = [
  ['no body', CANCEL, [], '', null],
  ['no body, of a type', CANCEL, [JSON_TYPE], '', null],
  ['an empty object', CANCEL, [JSON_TYPE], '{}', null],
  ['with its charset', CANCEL, ['Content-Type: application/json; charset=utf-8'], '{}', null],
  ['with space in it', CANCEL, [JSON_TYPE], ' {\n} ', null],
  ['in chunks', CANCEL, [JSON_TYPE, CHUNKED], '2\r\n{}\r\n0\r\n\r\n', null],
  ['one member', CANCEL, [JSON_TYPE], '{"a":1}', invalid],
  ['a model', CANCEL, [JSON_TYPE], '{"model":"gpt-4o"}', invalid],
  ['an empty list', CANCEL, [JSON_TYPE], '[]', invalid],
  ['null', CANCEL, [JSON_TYPE], 'null', invalid],
  ['an empty text', CANCEL, [JSON_TYPE], '""', invalid],
  ['two objects', CANCEL, [JSON_TYPE], '{}{}', invalid],
  ['half an object', CANCEL, [JSON_TYPE], '{', invalid],
  ['space alone', CANCEL, [JSON_TYPE], ' ', invalid],
  ['much space', CANCEL, [JSON_TYPE], `{${' '.repeat(100)}}`, invalid],
  ['much space in chunks', CANCEL, [JSON_TYPE, CHUNKED], `64\r\n${' '.repeat(100)}\r\n0\r\n\r\n`, invalid],
  ['no type', CANCEL, [], '{}', invalid],
  ['another type', CANCEL, ['Content-Type: text/plain'], '{}', invalid],
  ['a form', CANCEL, ['Content-Type: multipart/form-data; boundary=x'], '--x--\r\n', invalid],
  ['a list without a body', LIST, [], '', null],
  ['a list with an empty object', LIST, [JSON_TYPE], '{}', invalid],
  ['a deletion without a body', 'DELETE /v1/files/file-1', [], '', null],
  ['a deletion with an empty object', 'DELETE /v1/files/file-1', [JSON_TYPE], '{}', invalid],
]

const PASSED = ['request-authorized', 1, 0, undefined]

/** Whether a request went on, and what of its body. */
async function passed(world: World, bytes: Buffer): Promise<unknown[]> {
  const before = world.model.requests.length
  const { decision } = await sent(world, bytes)
  const [seen, ...more] = world.model.requests.slice(before)
  return [decision.action, more.length + 1, seen?.body.length, seen?.header('content-type')]
}

t.test('what has nothing to say says so by nothing, or by an empty object', async (t) => {
  const world = await startWorld(t, { policy: POLICY, isolation: 'off' })
  const auth = `Authorization: Bearer ${await world.token()}`
  for (const [name, line, headers, body, refusal] of rows) {
    const bytes = requestBytes(`${line} HTTP/1.1`, ['Host: x', auth, ...headers], body)
    if (refusal) await refuses(t, world, name, bytes, refusal)
    else {
      t.same(await passed(world, bytes), PASSED, name)
    }
  }
  const acting = ENDPOINTS.filter(({ method, body, awaits }) => method === 'POST' && body === 'none' && awaits === null)
  for (const endpoint of acting) {
    const { operation, api } = endpoint
    if (api === 'anthropic') continue
    const line = `POST ${smallest(endpoint).target} HTTP/1.1`
    t.same(await passed(world, requestBytes(line, ['Host: x', auth, JSON_TYPE], '{}')), PASSED, operation)
  }
  t.ok(acting.length > 5)
  await endInOrder(t, world)
})
