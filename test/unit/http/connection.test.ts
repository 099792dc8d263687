import t from 'tap'
import { type Handled, startListener } from '../../support/http-listener.ts'
import { rawConnect, requestBytes } from '../../support/raw-client.ts'
import { Log } from '../../support/within.ts'

const get = (path: string, ...headers: string[]) => requestBytes(`GET ${path} HTTP/1.1`, ['Host: x', ...headers])
const post = (path: string, body: string, ...headers: string[]) =>
  requestBytes(`POST ${path} HTTP/1.1`, ['Host: x', ...headers], body)

/** Answers to come, each when the test says so. */
function held() {
  const waiting = new Log<{ path: string; go: () => void }>()
  return {
    answer: ({ head, exchange }: Handled) =>
      waiting.push({
        path: head.target,
        go: () => exchange.json(200, JSON.stringify({ target: head.target })),
      }),
    release: async (path: string) => {
      const { go } = await waiting.until((all) => all.find((one) => one.path === path), `${path} to be held`)
      go()
    },
  }
}

const targets = (handled: readonly Handled[]) => handled.map(({ head }) => head.target)

t.test('pipelined requests run one after the other, in order', async (t) => {
  const gate = held()
  const listener = await startListener({ answer: gate.answer })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  t.teardown(() => connection.close())
  connection.send(Buffer.concat([get('/1'), post('/2', 'two'), get('/3')]))
  for (const path of ['/1', '/2', '/3']) {
    await listener.handled.until((all) => all.find((one) => one.head.target === path && one.body), path)
    t.equal(targets(listener.handled.entries).at(-1), path, 'none behind it has begun')
    await gate.release(path)
    const answer = await connection.answer()
    t.same(JSON.parse(answer.body.toString()), { target: path })
  }
})

t.test('nothing runs after an answer that closes', async (t) => {
  const rows: readonly (readonly [string, Buffer, number])[] = [
    ['a request that asks to close', get('/1', 'Connection: close'), 200],
    ['an HTTP/1.0 request', requestBytes('GET /1 HTTP/1.0', ['Host: x']), 200],
    ['a body that is refused unread', post('/1', 'x'.repeat(100), 'Content-Length: 5000'), 413],
  ]
  for (const [name, first, status] of rows) {
    const listener = await startListener({ maxBodyBytes: 1000 })
    const connection = await rawConnect(listener.port)
    connection.send(Buffer.concat([first, get('/2'), get('/3')]))
    const answer = await connection.answer()
    t.equal(answer.status, status, name)
    t.equal(await connection.ended(), 'end', `${name}: closed`)
    t.same(targets(listener.handled.entries), ['/1'], `${name}: the rest never ran`)
    t.equal(connection.pending.length, 0, `${name}: and was not answered`)
    await listener.close()
  }
})

t.test('while draining the running request ends its connection and none follows', async (t) => {
  const gate = held()
  const listener = await startListener({ answer: gate.answer })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  listener.draining = true
  connection.send(Buffer.concat([get('/1'), get('/2')]))
  await listener.handled.until((all) => all[0]?.body ?? undefined, 'the first request')
  await gate.release('/1')
  t.equal((await connection.answer()).header('connection'), 'close')
  t.equal(await connection.ended(), 'end')
  t.same(targets(listener.handled.entries), ['/1'])
})

t.test('bytes that are no request behind a running one do not disturb it', async (t) => {
  const gate = held()
  const listener = await startListener({ answer: gate.answer })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(Buffer.concat([get('/1'), get('/2'), Buffer.from('NOT HTTP AT ALL\r\n\r\n')]))
  await listener.rejected.until((all) => all[0], 'the report')
  await gate.release('/1')
  const answer = await connection.answer()
  t.same([answer.status, answer.header('connection')], [200, 'close'])
  t.equal(await connection.ended(), 'end')
  t.same(targets(listener.handled.entries), ['/1'], 'what waited behind it never ran')
  t.equal(listener.rejected.entries.length, 1)
})

t.test('more pipelined requests than the limit close the connection after the running one', async (t) => {
  const gate = held()
  const listener = await startListener({ answer: gate.answer })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(Buffer.concat(Array.from({ length: 40 }, (_, index) => get(`/${index}`))))
  const report = await listener.rejected.until((all) => all[0], 'the report')
  t.equal(report.reason, 'pipeline_limit')
  await gate.release('/0')
  t.equal((await connection.answer()).header('connection'), 'close')
  t.equal(await connection.ended(), 'end')
  t.same(targets(listener.handled.entries), ['/0'])
})

t.test('CONNECT is a request like any other, and the last one of its connection', async (t) => {
  const listener = await startListener({
    answer: ({ exchange, head }) => exchange.json(405, JSON.stringify({ target: head.target })),
  })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(`CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n${get('/2')}`)
  const answer = await connection.answer()
  t.same([answer.status, answer.header('connection')], [405, 'close'])
  t.equal(await connection.ended(), 'end')
  t.same(targets(listener.handled.entries), ['example.org:443'])
})

t.test('CONNECT behind a running request is no request: both end and the process lives', async (t) => {
  const gate = held()
  const listener = await startListener({ answer: gate.answer })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(Buffer.concat([get('/1'), Buffer.from('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')]))
  await connection.ended()
  t.same(targets(listener.handled.entries), ['/1'])
  t.equal(listener.rejected.entries[0]?.reason, 'connect_in_pipeline')
  const [running] = listener.handled.entries
  await listener.handled.until(() => running?.exchange.gone || undefined, 'the running one to see it')
})

t.test('a CONNECT whose client resets does no harm', async (t) => {
  const gate = held()
  const listener = await startListener({ answer: gate.answer })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  await connection.flushed('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')
  const running = await listener.handled.until((all) => all[0], 'the CONNECT')
  connection.socket.resetAndDestroy()
  await new Promise<void>((resolve) => {
    running.exchange.onGone = () => resolve()
    if (running.exchange.gone) resolve()
  })
  await gate.release('x:1')
  t.pass('nothing was thrown')
})

t.test('an upgrade is not taken up, and its answer is the last one', async (t) => {
  const listener = await startListener()
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(Buffer.concat([post('/1', 'hello', 'Connection: Upgrade', 'Upgrade: websocket'), get('/2')]))
  const answer = await connection.answer()
  t.same([answer.status, answer.header('connection')], [200, 'close'])
  t.equal(await connection.ended(), 'end')
  t.same(targets(listener.handled.entries), ['/1'])
  t.equal(listener.handled.entries[0]?.body?.toString(), 'hello')
})

t.test('a head that does not come in time is cut off', async (t) => {
  const listener = await startListener({ limits: { headMs: 200 } })
  t.teardown(() => listener.close())
  const slow = await rawConnect(listener.port)
  slow.send('GET /1 HTTP/1.1\r\nHost:')
  t.same([(await slow.answer()).status, await slow.ended()], [408, 'end'])
  t.equal(listener.rejected.entries.length, 1)
  t.equal(listener.handled.entries.length, 0)
})

t.test('a connection that never sends a byte is closed without a report', async (t) => {
  const listener = await startListener({ limits: { headMs: 200 } })
  t.teardown(() => listener.close())
  const silent = await rawConnect(listener.port)
  await silent.ended()
  t.equal(listener.rejected.entries.length, 0)
})

t.test('a slow head behind a running request does not cut that one off', async (t) => {
  const gate = held()
  const listener = await startListener({ limits: { headMs: 200 }, answer: gate.answer })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  connection.send(Buffer.concat([get('/1'), Buffer.from('GET /2 HTT')]))
  await listener.rejected.until((all) => all[0], 'the report')
  await gate.release('/1')
  t.equal((await connection.answer()).status, 200)
  t.equal(await connection.ended(), 'end')
})

t.test('an idle connection is kept and then closed without a report', async (t) => {
  const listener = await startListener({ limits: { keepAliveMs: 300 } })
  t.teardown(() => listener.close())
  const connection = await rawConnect(listener.port)
  for (const path of ['/1', '/2']) {
    connection.send(get(path))
    t.equal((await connection.answer()).header('connection'), 'keep-alive')
  }
  t.equal(await connection.ended(), 'end')
  t.equal(listener.rejected.entries.length, 0)
})
