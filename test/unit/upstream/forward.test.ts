import t from 'tap'
import { FORWARD_KEY, startForwarding } from '../../support/forwarder.ts'
import { asksUsage, chatEvents, TEXT, USAGE } from '../../support/model-answers.ts'
import * as behaviours from '../../support/model-behaviours.ts'
import type { Behaviour, ModelServer } from '../../support/model-server.ts'
import { polled } from '../../support/proxy.ts'
import { rawConnect, rawRequest, requestBytes } from '../../support/raw-client.ts'

const PATH = '/v1/chat/completions'
const ask = (model: string, more: object = {}) =>
  requestBytes(`POST ${PATH} HTTP/1.1`, ['Host: x'], JSON.stringify({ model, messages: [], ...more }))

t.test('an answer passes with its status, body and facts', async (t) => {
  const { model, port, delivery } = await startForwarding(t)
  const answer = await rawRequest(port, ask('gpt-4o-mini'))
  t.equal(answer.status, 200)
  t.equal(JSON.parse(answer.body.toString()).choices[0].message.content, TEXT)
  const { outcome, status, stream, facts } = await delivery(1)
  t.same([outcome, status, stream], ['answered', 200, false])
  t.same(facts.usage, {
    inputTokens: USAGE.input,
    outputTokens: USAGE.output,
    cachedTokens: USAGE.cached,
    reasoningTokens: USAGE.reasoning,
  })
  const sent = await model.arrival(1)
  t.same([sent.method, sent.target, sent.header('authorization')], ['POST', PATH, `Bearer ${FORWARD_KEY}`])
  t.equal(sent.body.toString(), JSON.stringify({ model: 'gpt-4o-mini', messages: [] }))
})

t.test('a stream passes byte for byte', async (t) => {
  for (const [name, behaviour, strip] of [
    ['as it is', undefined, false],
    ['one byte a write', behaviours.drip, false],
  ] as const) {
    const { model, port, delivery } = await startForwarding(t, {}, strip)
    let written = ''
    model.script('m', (call) => {
      written = chatEvents(call, asksUsage(call.json ?? {})).join('')
      if (behaviour) return behaviour(call)
      call.response.writeHead(200, { 'content-type': 'text/event-stream' })
      call.response.end(written)
    })
    const answer = await rawRequest(port, ask('m', { stream: true, stream_options: { include_usage: true } }))
    t.equal(answer.body.toString(), written, name)
    const { outcome, stream, facts } = await delivery(1)
    t.same([outcome, stream, facts.usage?.outputTokens], ['answered', true, USAGE.output], name)
  }
})

/** What is never handed on: the client gets a fault of ours, the connection to it stays whole. */
const refused: readonly (readonly [name: string, behaviour: Behaviour, code: string, reason: string])[] = [
  ['a redirect', behaviours.redirect, 'upstream_unavailable', 'upstream_redirect'],
  ['a 304', behaviours.notModified, 'upstream_unavailable', 'upstream_redirect'],
  ['its own 401', behaviours.status(401), 'upstream_unavailable', 'upstream_401'],
  ['a compressed answer', behaviours.compressed, 'upstream_unavailable', 'bad_stream'],
  ['a reset before the head', behaviours.resetBeforeHead, 'upstream_unavailable', 'upstream_reset'],
  ['a head past 16 KiB', behaviours.hugeHeaders, 'upstream_unavailable', 'upstream_reset'],
  ['a bare CR in a header', behaviours.splitHeader, 'upstream_unavailable', 'upstream_reset'],
  ['both framings', behaviours.bothFramings, 'upstream_unavailable', 'upstream_reset'],
  ['two lengths', behaviours.twoLengths, 'upstream_unavailable', 'upstream_reset'],
  ['an upgrade', behaviours.switchProtocols, 'upstream_unavailable', 'upstream_reset'],
  ['no HTTP at all', (call) => behaviours.raw(call, 'SSH-2.0-x\r\n\r\n'), 'upstream_unavailable', 'upstream_reset'],
  [
    'an error without end',
    (call) => {
      call.response.writeHead(500, { 'content-type': 'application/json' })
      call.response.end('x'.repeat(2 * 1024 * 1024))
    },
    'upstream_unavailable',
    'upstream_unavailable',
  ],
]

t.test('answers that are never handed on', async (t) => {
  for (const [name, behaviour, code, reason] of refused) {
    const { model, port, delivery } = await startForwarding(t)
    model.script('m', behaviour)
    const answer = await rawRequest(port, ask('m'))
    t.same([answer.status, answer.code, answer.header('connection')], [502, code, 'keep-alive'], name)
    const { outcome, fault } = await delivery(1)
    t.same([outcome, fault?.reason ?? fault?.code], ['failed', reason], name)
    const after = await rawRequest(port, ask('gpt-4o-mini'))
    t.equal(after.status, 200, `${name}: the next request is served`)
    t.equal(model.requests.length, 2, `${name}: and none was sent twice`)
  }
})

t.test('answers that pass as they are', async (t) => {
  const rows: readonly (readonly [name: string, behaviour: Behaviour, status: number, body: RegExp])[] = [
    ['a 400', behaviours.status(400), 400, /mock_400/],
    ['a 403', behaviours.status(403), 403, /mock_403/],
    ['a 404', behaviours.status(404), 404, /mock_404/],
    ['a 429', behaviours.status(429, { 'retry-after': '7' }), 429, /mock_429/],
    ['a 500', behaviours.status(500), 500, /mock_500/],
    ['a 503', behaviours.status(503), 503, /mock_503/],
    ['a 204', behaviours.noContent, 204, /^$/],
    ['informational answers before it', behaviours.informational, 200, /chatcmpl-1/],
    ['usage that no number can be', behaviours.wrongUsage, 200, /-5/],
  ]
  for (const [name, behaviour, status, body] of rows) {
    const { model, port, delivery } = await startForwarding(t)
    model.script('m', behaviour)
    const answer = await rawRequest(port, ask('m'))
    t.equal(answer.status, status, name)
    t.match(answer.body.toString(), body, name)
    t.same(answer.informational, [], `${name}: nothing before it`)
    const { outcome, facts } = await delivery(1)
    t.equal(outcome, 'answered', name)
    if (behaviour === behaviours.wrongUsage) t.equal(facts.usage, undefined, `${name}: no usage that is not one`)
    if (status === 429) t.equal(answer.header('retry-after'), '7')
  }
})

t.test('a 204 that tells of a length comes without it', async (t) => {
  const rows = [
    ['a 204', '204 No Content', '', undefined],
    ['its twin, a 200', '200 OK', 'hello', '5'],
  ] as const
  for (const [name, status, body, length] of rows) {
    const { model, port } = await startForwarding(t)
    model.script('m', (call) => {
      behaviours.raw(call, `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n${body}`)
    })
    const answer = await rawRequest(port, ask('m'))
    t.same([answer.header('content-length'), answer.header('transfer-encoding')], [length, undefined], name)
  }
})

t.test('an error that echoes the key comes without it', async (t) => {
  const { model, port } = await startForwarding(t)
  model.script('m', behaviours.echoKey)
  const answer = await rawRequest(port, ask('m'))
  t.equal(answer.status, 400)
  t.match(answer.body.toString(), /wrong key provided: \[secret\] \(Bearer \[secret\]\)/)
})

t.test('what belongs to the upstream alone stays there', async (t) => {
  const { model, port } = await startForwarding(t)
  model.script('m', behaviours.privateHeaders)
  const answer = await rawRequest(port, ask('m'))
  const names = answer.headers.map(([name]) => name).sort()
  t.same(names, ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'x-request-id'])
  t.equal(answer.header('x-request-id'), 'req-1')
})

t.test('a second answer that nobody asked for reaches nobody', async (t) => {
  const { model, port } = await startForwarding(t)
  model.script('m', behaviours.longBody)
  for (const round of [1, 2, 3]) {
    const first = await rawRequest(port, ask('m'))
    t.equal(JSON.parse(first.body.toString()).id, 'chatcmpl-1', `round ${round}`)
    const next = await rawRequest(port, ask('gpt-4o-mini'))
    t.notMatch(next.body.toString(), /evil/, `round ${round}: the next caller gets its own`)
    t.equal(next.status, 200)
  }
})

t.test('an answer that breaks off is not passed off as whole', async (t) => {
  const rows: readonly (readonly [name: string, behaviour: Behaviour, stream: boolean, midEvent: boolean])[] = [
    ['a reset in the body', behaviours.resetMidBody, false, false],
    ['a body shorter than announced', behaviours.shortBody, false, false],
    ['a reset between two events', behaviours.resetMidStream, true, false],
    ['a reset within an event', behaviours.resetMidEvent, true, true],
  ]
  for (const [name, behaviour, stream, midEvent] of rows) {
    const { model, port, delivery } = await startForwarding(t)
    model.script('m', behaviour)
    const answer = await rawRequest(port, ask('m', { stream }))
    const ending = await delivery(1)
    t.same([ending.outcome, ending.stream, ending.midEvent], ['broken', stream, midEvent], name)
    t.equal(answer.status, 200, name)
    if (!stream) {
      t.equal(answer.complete, false, `${name}: the client notices`)
      continue
    }
    const events = answer.body.toString().split('\n\n')
    t.match(events.at(-2), /^data: \{"error":\{.*"code":"upstream_unavailable"\}\}$/, `${name}: the last event says it`)
    t.notMatch(answer.body.toString(), /\[DONE\]/, `${name}: and nothing says that it is done`)
  }
})

t.test('what is no event stream passes as the bytes that it is', async (t) => {
  const { model, port, delivery } = await startForwarding(t)
  model.script('m', behaviours.garbageStream)
  const answer = await rawRequest(port, ask('m', { stream: true }))
  t.equal(answer.body.length, 16)
  t.equal((await delivery(1)).outcome, 'answered')
})

function counted(model: ModelServer, name: string) {
  const written = { bytes: 0 }
  model.script(name, behaviours.endless(written))
  return written
}

t.test('a client that reads slowly slows the upstream down, and nothing piles up here', async (t) => {
  const { model, forwarder, port } = await startForwarding(t)
  const written = counted(model, 'm')
  const connection = await rawConnect(port)
  connection.socket.pause()
  connection.send(ask('m', { stream: true }))
  // The kernel's buffers fill at their own pace: it has stopped when the count is the same many turns later.
  let before = -1
  let same = 0
  await polled(async () => {
    same = written.bytes === before && before > 0 ? same + 1 : 0
    before = written.bytes
    return same >= 10
  }, 'the upstream to stop')
  t.ok(written.bytes < 32 * 1024 * 1024, `the upstream stopped after ${written.bytes} bytes`)
  const [handled] = forwarder.listener.handled.entries
  t.ok((handled?.exchange.bytesSent ?? 0) <= written.bytes)
  connection.socket.resume()
  await connection.receives('data: ')
  const stopped = written.bytes
  await polled(async () => written.bytes > stopped, 'the upstream to go on')
  connection.close()
  t.equal(await (await model.arrival(1)).over, 'aborted', 'reading went on, and leaving ended it')
})
