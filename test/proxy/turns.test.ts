import OpenAI from 'openai'
import { ResponsesWS } from 'openai/resources/responses/ws'
import t from 'tap'
import { UPSTREAM_KEY } from '../support/proxy-folder.ts'
import { answerTurn, ask, connectTurns, create, nextError, SMALL, startTurns, TARGET } from '../support/turn-world.ts'
import { ALICE, BOB, endInOrder } from '../support/world.ts'

t.test("the SDK's client asks through the proxy", async (t) => {
  const world = await startTurns(t)
  const token = await world.token()
  const openai = new OpenAI({ apiKey: token, baseURL: `http://127.0.0.1:${world.proxy.port}/v1` })
  const turns = new ResponsesWS(openai)
  const seen: string[] = []
  const ids: string[] = []
  turns.on('event', ({ type }) => seen.push(type))
  const done = () =>
    new Promise<void>((resolve) => {
      turns.once('response.completed', ({ response }) => {
        ids.push(response.id)
        resolve()
      })
    })
  const first = done()
  turns.send({
    type: 'response.create',
    model: SMALL,
    max_output_tokens: 10,
    input: 'hello',
    metadata: { id: 'resp_9' },
  })
  await first
  turns.close()
  t.same(seen, ['response.created', 'response.output_text.delta', 'response.completed'])
  t.match(ids[0], /^resp_1\.sp1/, 'its id is sealed')
  const [connection] = world.provider.connections.entries
  t.equal(connection?.request.url, TARGET)
  t.equal(connection?.request.headers.authorization, `Bearer ${UPSTREAM_KEY}`, "the provider's own key")
  t.notOk(JSON.stringify(connection?.request.rawHeaders).includes(token))
  await connection?.closed
  await endInOrder(t, world)
})

t.test('each message is decided, written down and ended', async (t) => {
  const world = await startTurns(t)
  const connected = await connectTurns(world)
  const { client, connection } = connected
  const response = await ask(connected, { model: 'fast', metadata: { response_id: 'resp_1' } })
  t.match(response.id, /^resp_1\.sp1/)
  t.same(response.metadata, { response_id: 'resp_1' }, "the caller's own stays as it is")
  t.equal(JSON.parse(connection.received.entries[0] ?? '').model, SMALL, 'an alias is its model')
  client.send(create({ model: 'gpt-4o' }))
  t.same(await nextError(client), [403, 'policy_denied', null])
  await ask(connected, { previous_response_id: response.id })
  t.equal(JSON.parse(connection.received.entries[1] ?? '').previous_response_id, 'resp_1', 'its own id is opened')
  client.close()
  await client.closed
  const complete = await world.proxy.audit.complete(client.requestId)
  t.same(
    [complete.action, complete.get('http.response.status_code'), complete.get('sallyport.operation')],
    ['completion-finished', 101, 'responses.connect'],
  )
  t.same(
    ['input', 'output'].map((kind) => complete.get(`gen_ai.usage.${kind}_tokens`)),
    [40, 20],
    'all usage',
  )
  const told = world.proxy.audit
    .all()
    .filter(({ action, requestId }) => action.startsWith('message-') && requestId === client.requestId)
  const fields = [
    'event.action',
    'sallyport.operation',
    'gen_ai.request.model',
    'sallyport.alias',
    'sallyport.decision',
    'rule.id',
    'sallyport.session.message_number',
    'gen_ai.usage.input_tokens',
    'service.target.name',
    'sallyport.stage',
  ]
  const rows = told.map((line) => fields.map((field) => line.get(field) ?? null))
  const ended = ['message-finished', 'responses', SMALL]
  t.same(rows, [
    ['message-authorized', 'responses', SMALL, 'fast', 'allow', 'turns', 1, null, 'mock', null],
    [...ended, 'fast', 'allow', null, 1, 20, 'mock', null],
    ['message-denied', 'responses', 'gpt-4o', null, 'deny', 'not-the-large-one', 2, null, null, null],
    ['message-authorized', 'responses', SMALL, null, 'allow', 'turns', 3, null, 'mock', null],
    [...ended, null, 'allow', null, 3, 20, 'mock', null],
  ])
  t.equal(told[1]?.get('gen_ai.response.id'), response.id, 'named as its owner knows it')
  await endInOrder(t, world)
})

t.test('an id is of its owner alone, and of its connection’s upstream', async (t) => {
  const world = await startTurns(t, { isolation: 'user' })
  const alice = await connectTurns(world, ALICE)
  const { id } = await ask(alice)
  for (const [name, previous] of [
    ['raw', 'resp_1'],
    ['altered', `${String(id).slice(0, -1)}${String(id).endsWith('A') ? 'B' : 'A'}`],
  ] as const) {
    alice.client.send(create({ previous_response_id: previous, stream_id: name }))
    t.same(await nextError(alice.client), [404, 'object_not_found', 'previous_response_id'], name)
  }
  alice.client.send(create({ input: [{ type: 'item_reference', id: 'msg_1' }] }))
  t.same((await nextError(alice.client)).slice(0, 2), [404, 'object_not_found'], 'an item')
  const again = await connectTurns(world, ALICE)
  await ask(again, { previous_response_id: id })
  t.equal(alice.connection.received.entries.length, 1, 'nothing of it went on')
  for (const { client } of [alice, again]) client.close()
  await t.rejects(connectTurns(world, BOB), /403/, 'who may not open one')
  await endInOrder(t, world)
})

t.test('lanes, errors and ends are told of with their messages', async (t) => {
  const world = await startTurns(t)
  const connected = await connectTurns(world)
  const { client } = connected
  const { id } = await ask(connected)
  world.provider.script = (connection, message) => {
    if (message.stream_id === 'b') {
      const error = { code: 'previous_response_not_found', message: "no response 'resp_1'", param: null }
      connection.socket.send(JSON.stringify({ type: 'error', status: 400, error, stream_id: 'b' }))
    } else if (message.stream_id === 'a') answerTurn(connection, message, 'resp_a')
  }
  client.send(create({ stream_id: 'b', previous_response_id: id }))
  const told = await client.event('error')
  t.match(
    told,
    { status: 400, stream_id: 'b', error: { message: `no response '${id}'` } },
    'in the words of the caller',
  )
  client.send(create({ stream_id: 'a' }))
  t.equal((await client.event('response.completed')).stream_id, 'a')
  client.send(create({ stream_id: 'c', metadata: {} }))
  await connected.connection.received.until((all) => all[3], 'the last message')
  client.close()
  await client.closed
  await world.proxy.audit.complete(client.requestId)
  const finished = world.proxy.audit.withAction('message-finished')
  t.same(
    finished.map((line) =>
      ['sallyport.session.message_number', 'event.outcome', 'event.reason'].map((path) => line.get(path) ?? null),
    ),
    [
      [1, 'success', null],
      [2, 'failure', 'upstream_4xx'],
      [3, 'success', null],
      [4, 'unknown', 'client_closed'],
    ],
  )
  await endInOrder(t, world)
})

t.test('an upstream that opens no WebSocket is an answer like any other', async (t) => {
  const world = await startTurns(t)
  world.provider.refusal = 'HTTP/1.1 429 Too Many\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
  await t.rejects(connectTurns(world), /429/)
  world.provider.refusal = null
  const { client } = await connectTurns(world)
  client.close()
  await endInOrder(t, world)
})
