import t from 'tap'
import { FORWARD_KEY, startForwarding } from '../../support/forwarder.ts'
import { sendJson, startEvents } from '../../support/model-answers.ts'
import type { Behaviour } from '../../support/model-server.ts'
import { rawRequest, requestBytes } from '../../support/raw-client.ts'

const STARS = '*'.repeat(FORWARD_KEY.length)
const half = Math.floor(FORWARD_KEY.length / 2)

const answered = {
  id: `chatcmpl-${FORWARD_KEY}`,
  model: FORWARD_KEY,
  choices: [{ index: 0, finish_reason: FORWARD_KEY, message: { role: 'assistant', content: FORWARD_KEY } }],
}
const streamed: Behaviour = async (call) => {
  startEvents(call.response)
  for (const piece of [
    `data: {"error":{"message":"wrong key ${FORWARD_KEY.slice(0, half)}`,
    FORWARD_KEY.slice(half),
    '"}}\n\n',
  ]) {
    await new Promise<void>((resolve) => call.response.write(piece, () => resolve()))
  }
  call.response.end('data: [DONE]\n\n')
}

type Row = readonly [name: string, behaviour: Behaviour, stream: boolean]
const rows: readonly Row[] = [
  ['in a body', (call) => sendJson(call.response, 200, answered), false],
  ['in a header', (call) => sendJson(call.response, 200, {}, { 'x-ratelimit-reset-tokens': FORWARD_KEY }), false],
  [
    'in a header of an error',
    (call) => sendJson(call.response, 429, {}, { 'x-ratelimit-reset-tokens': FORWARD_KEY }),
    false,
  ],
  ['in a stream, cut in two', streamed, true],
]
for (const [name, behaviour, stream] of rows) {
  t.test(`the provider's key is not handed on ${name}`, async (t) => {
    const { model, port, delivery } = await startForwarding(t)
    model.script('m', behaviour)
    const request = requestBytes(
      'POST /v1/chat/completions HTTP/1.1',
      ['Host: x'],
      JSON.stringify({ model: 'm', stream }),
    )
    const answer = await rawRequest(port, request)
    const said = `${JSON.stringify(answer.headers)}\n${answer.body.toString()}`
    t.notOk(said.includes(FORWARD_KEY))
    t.ok(said.includes(STARS), 'its place is')
    const { outcome, facts } = await delivery(1)
    t.equal(outcome, 'answered', 'and the answer is whole')
    t.notOk(JSON.stringify(facts).includes(FORWARD_KEY), 'nor is it told to the audit')
  })
}

t.test('a status that is not handed on', async (t) => {
  for (const status of [407, 600, 999]) {
    const { model, port, delivery } = await startForwarding(t)
    model.script('m', (call) => sendJson(call.response, status, {}))
    await rawRequest(port, requestBytes('POST /v1/chat/completions HTTP/1.1', ['Host: x'], '{"model":"m"}'))
    const { outcome, fault } = await delivery(1)
    t.same([outcome, fault?.code], ['failed', 'upstream_unavailable'], String(status))
  }
})
