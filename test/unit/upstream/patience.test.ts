import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { openBlackhole } from '../../support/blackhole.ts'
import { startForwarder, startForwarding } from '../../support/forwarder.ts'
import * as behaviours from '../../support/model-behaviours.ts'
import { type Behaviour, startModelServer } from '../../support/model-server.ts'
import { polled } from '../../support/proxy.ts'
import { rawConnect, rawRequest, requestBytes } from '../../support/raw-client.ts'
import { Log } from '../../support/within.ts'

const ask = (model: string, more: object = {}) =>
  requestBytes('POST /v1/chat/completions HTTP/1.1', ['Host: x'], JSON.stringify({ model, messages: [], ...more }))

t.test('an upstream that takes too long before it answers', async (t) => {
  const { model, port, delivery } = await startForwarding(t, { firstByteMs: 100 })
  model.script('m', behaviours.stallBeforeHead)
  const answer = await rawRequest(port, ask('m'))
  t.same([answer.status, answer.code], [504, 'upstream_timeout'])
  t.same([(await delivery(1)).outcome, (await delivery(1)).fault?.cause], ['failed', 'UND_ERR_HEADERS_TIMEOUT'])
  t.equal(await (await model.arrival(1)).over, 'aborted', 'it is told to stop')
})

t.test('an upstream that falls silent in the middle', async (t) => {
  const { model, port, delivery } = await startForwarding(t, { idleMs: 100 })
  model.script('m', behaviours.stallMidStream)
  const answer = await rawRequest(port, ask('m', { stream: true }))
  t.equal(answer.status, 200)
  t.match(answer.body.toString(), /data: \{"error":\{.*"code":"upstream_timeout"\}\}\n\n$/)
  t.same([(await delivery(1)).outcome, (await delivery(1)).fault?.cause], ['broken', 'UND_ERR_BODY_TIMEOUT'])
  t.equal(await (await model.arrival(1)).over, 'aborted')
})

t.test('an upstream that goes on past the time for the whole answer', async (t) => {
  const rows: readonly (readonly [name: string, behaviour: Behaviour, status: number])[] = [
    ['in a stream', behaviours.endless({ bytes: 0 }, 100), 200],
    ['before its head', behaviours.stallBeforeHead, 504],
  ]
  for (const [name, behaviour, status] of rows) {
    const { model, port, delivery } = await startForwarding(t, { totalMs: 1000 })
    model.script('m', behaviour)
    const answer = await rawRequest(port, ask('m', { stream: true }))
    t.equal(answer.status, status, name)
    t.match(answer.body.toString().slice(-400), /"code":"upstream_timeout"/, name)
    t.equal((await delivery(1)).fault?.code, 'upstream_timeout', name)
    t.equal(await (await model.arrival(1)).over, 'aborted', `${name}: it is told to stop`)
  }
})

t.test('a slow answer within its times is no fault', async (t) => {
  const { model, port, delivery } = await startForwarding(t, { firstByteMs: 2000, idleMs: 2000, totalMs: 5000 })
  model.script('m', behaviours.drip)
  const answer = await rawRequest(port, ask('m', { stream: true }))
  t.match(answer.body.toString(), /\[DONE\]\n\n$/)
  t.equal((await delivery(1)).outcome, 'answered')
})

t.test('a connection that is never made', async (t) => {
  const hole = await openBlackhole()
  const forwarder = await startForwarder(`http://127.0.0.1:${hole.port}/v1`, { connectMs: 300 })
  t.teardown(async () => {
    await forwarder.close()
    hole.close()
  })
  const answer = await rawRequest(forwarder.listener.port, ask('m'))
  t.same([answer.status, answer.code], [504, 'upstream_timeout'])
  t.equal(forwarder.deliveries.entries[0]?.fault?.cause, 'UND_ERR_CONNECT_TIMEOUT')
})

t.test('nobody listens', async (t) => {
  const model = await startModelServer()
  await model.close()
  const forwarder = await startForwarder(model.url)
  t.teardown(() => forwarder.close())
  const answer = await rawRequest(forwarder.listener.port, ask('m'))
  t.same([answer.status, answer.code], [502, 'upstream_unavailable'])
  t.notMatch(answer.body.toString(), /127\.0\.0\.1|ECONN/, 'the answer names no address')
  t.equal(forwarder.deliveries.entries[0]?.fault?.cause, 'ECONNREFUSED')
})

t.test('a client that leaves ends the request upstream', async (t) => {
  const rows: readonly (readonly [name: string, behaviour: Behaviour, waitFor: string | null])[] = [
    ['before the answer', behaviours.stallBeforeHead, null],
    ['in a stream that has fallen silent', behaviours.stallMidStream, 'data: '],
    ['in a stream that goes on', behaviours.endless({ bytes: 0 }), 'data: '],
  ]
  for (const [name, behaviour, waitFor] of rows) {
    const { model, port, delivery } = await startForwarding(t)
    model.script('m', behaviour)
    const connection = await rawConnect(port)
    connection.send(ask('m', { stream: true }))
    const request = await model.arrival(1)
    if (waitFor) await connection.receives(waitFor)
    connection.close()
    t.equal(await request.over, 'aborted', name)
    t.equal((await delivery(1)).outcome, 'client_gone', name)
  }
})

t.test('a client that leaves while the connection is being made: nothing is sent', async (t) => {
  const hole = await openBlackhole()
  const forwarder = await startForwarder(`http://127.0.0.1:${hole.port}/v1`, { connectMs: 1000 })
  t.teardown(async () => {
    await forwarder.close()
    hole.close()
  })
  const connection = await rawConnect(forwarder.listener.port)
  connection.send(ask('m'))
  await forwarder.listener.handled.until((all) => all[0]?.body ?? undefined, 'the request')
  connection.close()
  const { outcome, queued } = await forwarder.deliveries.until((all) => all[0], 'its end')
  t.equal(outcome, 'client_gone')
  t.ok(queued, 'its body is still held')
  await queued
  t.pass('and let go of when the connection fails')
  const twin = await rawRequest(forwarder.listener.port, ask('m'))
  t.equal(twin.status, 504, 'the twin that stays is told')
  t.equal(forwarder.deliveries.entries[1]?.queued, undefined, 'and nothing of it is held')
})

/** A server whose connections answer one request each and then close, in order or with a reset, once told to. */
async function startClosingServer(how: 'end' | 'resetAndDestroy') {
  const sockets = new Log<Socket>()
  let requests = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      if (!bytes.includes('POST ')) return
      requests += 1
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
    })
    sockets.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`,
    sockets,
    requests: () => requests,
    closeOne: async (index: number) => (await sockets.until((all) => all[index], 'a connection'))[how](),
    close: () => {
      for (const socket of sockets.entries) socket.destroy()
      server.close()
    },
  }
}

t.test('a kept connection that the upstream has closed is not used again', async (t) => {
  for (const how of ['end', 'resetAndDestroy'] as const) {
    const server = await startClosingServer(how)
    const forwarder = await startForwarder(server.url)
    t.teardown(async () => {
      await forwarder.close()
      server.close()
    })
    for (let round = 0; round < 20; round++) {
      const answer = await rawRequest(forwarder.listener.port, ask('m'))
      t.equal(answer.status, 200, `${how}: request ${round + 1}`)
      await server.closeOne(round)
      await polled(async () => forwarder.upstream.pool.stats.connected === 0, 'the pool to notice')
    }
    t.equal(server.requests(), 20, `${how}: none ran twice`)
  }
})

t.test('a connection that closes under a request is a 502, and the request is not sent again', async (t) => {
  const { model, port } = await startForwarding(t)
  model.script('m', behaviours.resetBeforeHead)
  t.equal((await rawRequest(port, ask('gpt-4o-mini'))).status, 200)
  t.equal((await rawRequest(port, ask('m'))).status, 502)
  t.equal(model.requests.length, 2)
  t.equal(model.connections, 1, 'the kept connection was used')
})
