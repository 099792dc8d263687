import { writeFileSync } from 'node:fs'
import t from 'tap'
import { ask, connectTurns, create, nextError, startTurns, TURN_POLICY } from '../support/turn-world.ts'
import { endInOrder } from '../support/world.ts'

const rules = TURN_POLICY.rules
const without = (...operations: string[]) => ({
  ...TURN_POLICY,
  rules: [{ ...rules[0], operations }],
})

t.test('who may ask may not open a WebSocket, and the other way round', async (t) => {
  const onlyAsk = await startTurns(t, { policy: without('responses') })
  await t.rejects(connectTurns(onlyAsk), /403/, 'without `responses.connect`')
  await endInOrder(t, onlyAsk)
  const onlyOpen = await startTurns(t, { policy: without('responses.connect') })
  const { client, connection } = await connectTurns(onlyOpen)
  client.send(create())
  t.same(await nextError(client), [403, 'policy_denied', null], 'without `responses`')
  t.same(connection.received.entries, [])
  client.close()
  await endInOrder(t, onlyOpen)
})

t.test('a reloaded policy decides the next message, and ends what it denies', async (t) => {
  const world = await startTurns(t)
  const connected = await connectTurns(world)
  const { client } = connected
  await ask(connected)
  const path = world.proxy.policyFile
  writeFileSync(path, JSON.stringify(without('responses.connect')))
  await world.proxy.audit.action('policy-loaded', 2)
  client.send(create())
  t.same(await nextError(client), [403, 'policy_denied', null], 'the next message')
  writeFileSync(path, JSON.stringify(without('responses')))
  t.same(await client.closed, { code: 1008, reason: 'policy_denied' }, 'the connection')
  await endInOrder(t, world)
})

t.test('refused messages come to an end', async (t) => {
  const world = await startTurns(t)
  const { client } = await connectTurns(world)
  for (let count = 0; count < 32; count++) client.send(create({ model: 'gpt-4o' }))
  t.same(await client.closed, { code: 1008, reason: 'policy_denied' })
  const complete = await world.proxy.audit.complete(client.requestId)
  t.equal(complete.get('sallyport.session.messages_refused'), 32)
  await endInOrder(t, world)
})

t.test('a drain ends a connection', async (t) => {
  const world = await startTurns(t, { listen: { timeouts: { drain: '1s' } } })
  const { client } = await connectTurns(world)
  t.equal(await world.proxy.stop(), 0)
  t.equal((await client.closed).code, 1001)
})
