import t from 'tap'
import * as behaviours from '../support/model-behaviours.ts'
import { polled } from '../support/proxy.ts'
import { rawConnect, requestBytes } from '../support/raw-client.ts'
import { chatBody, chatBytes, checkAudit, endInOrder, startWorld } from '../support/world.ts'

const STREAM = chatBody('gpt-4o-mini-gated', { stream: true })

t.test('SIGTERM lets a running stream end, and takes nothing new', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const token = await world.token()
  const gate = Promise.withResolvers<void>()
  model.script('gpt-4o-mini-gated', behaviours.gated(gate.promise))
  const running = await rawConnect(proxy.port)
  running.send(chatBytes(token, STREAM))
  await running.receives('data: ')
  const idle = await rawConnect(proxy.port)
  idle.send(chatBytes(token))
  t.equal((await idle.answer()).status, 200)
  proxy.signal('SIGTERM')
  const draining = await proxy.audit.action('proxy-draining')
  t.equal(draining.get('sallyport.active'), 1)
  t.equal(await idle.ended(), 'end', 'an idle connection is closed')
  await t.rejects(rawConnect(proxy.port), { code: 'ECONNREFUSED' }, 'nobody new is let in')
  t.equal(proxy.audit.withAction('proxy-stopped').length, 0, 'it waits')
  gate.resolve()
  const answer = await running.answer()
  t.match(answer.body.toString(), /\[DONE\]\n\n$/, 'the stream came to its end')
  t.equal(answer.complete, true)
  t.equal(await running.ended(), 'end')
  t.equal((await proxy.exited).code, 0)
  await proxy.drained
  t.equal(proxy.audit.all().at(-1)?.action, 'proxy-stopped')
  t.equal((await proxy.audit.complete(answer.header('x-request-id') ?? '')).action, 'completion-finished')
  checkAudit(t, world)
})

t.test('a second SIGTERM cuts what still runs', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  model.script('gpt-4o-mini-gated', behaviours.stallMidStream)
  const running = await rawConnect(proxy.port)
  running.send(chatBytes(await world.token(), STREAM))
  await running.receives('data: ')
  proxy.signal('SIGTERM')
  await proxy.audit.action('proxy-draining')
  proxy.signal('SIGTERM')
  t.equal(await proxy.stop(), 0)
  t.equal(await (await model.arrival(1)).over, 'aborted')
  t.equal(proxy.audit.withAction('completion-failed').at(0)?.get('event.reason'), 'shutting_down')
  checkAudit(t, world)
})

t.test('a client that leaves ends its request upstream, and the audit says so', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const token = await world.token()
  const rows = [
    ['in a silent stream', behaviours.stallMidStream, true, 'data: '],
    ['in an endless stream', behaviours.endless({ bytes: 0 }), true, 'data: '],
    ['before the answer to a stream', behaviours.stallBeforeHead, true, null],
    ['before an answer', behaviours.stallBeforeHead, false, null],
  ] as const
  for (const [index, [name, behaviour, stream, waitFor]] of rows.entries()) {
    model.script('gpt-4o-mini-gone', behaviour)
    const connection = await rawConnect(proxy.port)
    connection.send(chatBytes(token, chatBody('gpt-4o-mini-gone', { stream })))
    const request = await model.arrival(index + 1)
    if (waitFor !== null) await connection.receives(waitFor)
    connection.close()
    t.equal(await request.over, 'aborted', name)
    const aborted = await proxy.audit.action('completion-aborted', index + 1)
    t.same([aborted.get('event.outcome'), aborted.get('event.reason')], ['unknown', 'client_closed'], name)
  }
  t.equal(model.streams.active, 0)
  await endInOrder(t, world)
})

t.test('bytes that are no request: one event for the connection, none for a request', async (t) => {
  const world = await startWorld(t)
  const { proxy, model } = world
  const rows = [
    [
      '1,100 headers',
      requestBytes('POST / HTTP/1.1', ['Host: x', ...Array.from({ length: 1100 }, (_, i) => `x-${i}: 1`)]),
      431,
    ],
    ['a head past 16 KiB', requestBytes('GET / HTTP/1.1', ['Host: x', `x: ${'v'.repeat(20_000)}`]), 431],
    [
      'a length beside chunks',
      requestBytes('POST / HTTP/1.1', ['Host: x', 'Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      400,
    ],
    ['no HTTP', Buffer.from('SSH-2.0-x\r\n\r\n'), 400],
  ] as const
  for (const [index, [name, bytes, status]] of rows.entries()) {
    const connection = await rawConnect(proxy.port)
    connection.send(bytes)
    const answer = await connection.answer()
    t.same([answer.status, answer.header('connection')], [status, 'close'], name)
    t.equal(await connection.ended(), 'end', name)
    const event = await proxy.audit.action('connection-rejected', index + 1)
    t.same([event.requestId, event.get('client.ip')], [undefined, '127.0.0.1'], name)
  }
  t.equal(model.bytesReceived, 0)
  t.equal(proxy.audit.all().filter((line) => line.requestId !== undefined).length, 0)
  await endInOrder(t, world)
})

t.test('at most ten such events a second, and the rest are counted', async (t) => {
  const world = await startWorld(t)
  const { proxy } = world
  const flood = Array.from({ length: 60 }, async () => {
    const connection = await rawConnect(proxy.port)
    connection.send('NOISE\r\n\r\n')
    await connection.ended()
  })
  await Promise.all(flood)
  const counted = () =>
    proxy.audit
      .withAction('connection-rejected')
      .reduce((sum, line) => sum + 1 + Number(line.get('sallyport.suppressed') ?? 0), 0)
  await polled(async () => {
    const connection = await rawConnect(proxy.port)
    connection.send('NOISE\r\n\r\n')
    await connection.ended()
    return counted() >= 60
  }, 'the count of all')
  t.ok(proxy.audit.withAction('connection-rejected').length < 60, 'fewer events than connections')
  await endInOrder(t, world)
})

t.test('pipelined requests are answered in order and audited one by one', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  const connection = await rawConnect(world.proxy.port)
  t.teardown(() => connection.close())
  connection.send(Buffer.concat([chatBytes(token), chatBytes(token, chatBody('gpt-4o')), chatBytes(token)]))
  const statuses = []
  for (let index = 0; index < 3; index++) statuses.push((await connection.answer()).status)
  t.same(statuses, [200, 403, 200])
  t.equal(world.model.requests.length, 2)
  await endInOrder(t, world)
})
