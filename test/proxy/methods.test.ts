import t from 'tap'
import { startPassthrough } from '../support/passthrough-world.ts'
import { requestBytes } from '../support/raw-client.ts'
import { ALICE, endInOrder, sent } from '../support/world.ts'

const ROWS = [
  ['a method that nothing has', 'OPTIONS /v1/chat/completions', 'POST, GET'],
  ['another one, at another path', 'TRACE /v1/embeddings', 'POST'],
  ['HEAD, of an object', 'HEAD /v1/models/gpt-4o', 'GET, DELETE'],
  ['a method that others have', 'PATCH /v1/models', 'GET'],
  ['a route of the operator', 'OPTIONS /v1/organization/users', 'GET, POST'],
  ['a method that the route does not have', 'DELETE /v1/organization/users', 'GET, POST'],
  ['a path that nobody has', 'OPTIONS /nowhere', ''],
  ['no path at all', 'CONNECT 127.0.0.1:22', ''],
] as const

t.test('a 405 names the methods of its path, and no other one', async (t) => {
  const world = await startPassthrough(t)
  const auth = `Authorization: Bearer ${await world.token(ALICE)}`
  const ask = async (line: string, more: readonly string[]) => {
    const [method] = line.split(' ')
    const { answer, decision } = await sent(world, requestBytes(`${line} HTTP/1.1`, ['Host: x', ...more]), method)
    return { seen: [answer.status, answer.header('allow')], action: decision.action }
  }
  for (const [name, line, allow] of ROWS) {
    t.same(await ask(line, [auth]), { seen: [405, allow], action: 'request-denied' }, name)
  }
  for (const line of ['OPTIONS /v1/organization/users', 'OPTIONS /nowhere']) {
    t.same(await ask(line, []), { seen: [401, undefined], action: 'authentication-failed' }, `a stranger: ${line}`)
  }
  t.same((await ask('OPTIONS /v1/models', [])).seen, [405, 'GET'], 'the table is no secret')
  t.equal(world.model.connections, 0, 'nothing goes upstream')
  await endInOrder(t, world)
})
