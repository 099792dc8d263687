import t from 'tap'
import { LastWord } from '../../../src/upstream/last-word.ts'
import { startForwarding } from '../../support/forwarder.ts'
import { startEvents } from '../../support/model-answers.ts'
import type { ModelCall } from '../../support/model-server.ts'
import { rawConnect, requestBytes } from '../../support/raw-client.ts'

const DELTA = 'data: {"choices":[{"delta":{"content":"[DONE]"}}]}\n\n'
const DONE = 'data: [DONE]\n\n'

const stays = (...pieces: string[]) => {
  return (call: ModelCall) => {
    startEvents(call.response)
    for (const piece of pieces) call.response.write(piece)
  }
}
const resets = (...pieces: string[]) => {
  return (call: ModelCall) => {
    startEvents(call.response)
    call.response.write(pieces.join(''), () => call.socket.resetAndDestroy())
  }
}

type Row = readonly [name: string, behaviour: (call: ModelCall) => void, last: string, outcome: string]
const rows: readonly Row[] = [
  ['a client that leaves after the last word has its answer', stays(DELTA, DONE), '[DONE]\n\n', 'answered'],
  ['so it has when the last word came in pieces', stays(DELTA, 'data: [DO', 'NE]\n', '\n'), 'NE]\n\n', 'answered'],
  ['a client that leaves before it has not', stays(DELTA), '}}]}\n\n', 'client_gone'],
  [
    'an answer that speaks of the last word has not said it',
    stays('data: "[DONE]"\n\n'),
    '"[DONE]"\n\n',
    'client_gone',
  ],
  ['a reset after the last word is no failure', resets(DELTA, DONE), '[DONE]\n\n', 'answered'],
  ['a reset before it is one', resets(DELTA), 'upstream_unavailable', 'broken'],
]

for (const [name, behaviour, last, outcome] of rows) {
  t.test(name, async (t) => {
    const { model, port, delivery } = await startForwarding(t)
    model.script('m', behaviour)
    const client = await rawConnect(port)
    client.send(requestBytes('POST /v1/chat/completions HTTP/1.1', ['Host: x'], '{"model":"m","stream":true}'))
    await client.receives(last.replaceAll('\n', '').slice(-20))
    client.close()
    const told = await delivery(1)
    t.equal(told.outcome, outcome)
  })
}

const ends: readonly (readonly [name: string, stream: string, isDone: boolean, isMidEvent: boolean])[] = [
  ['nothing', '', false, false],
  ['one event', DELTA, false, false],
  ['the last word', DELTA + DONE, true, false],
  ['the last word alone', DONE, true, false],
  ['the last word without a space', `${DELTA}data:[DONE]\n\n`, true, false],
  ['lines that end in CR LF', 'data: {}\r\n\r\ndata: [DONE]\r\n\r\n', true, false],
  ['lines that end in CR', 'data: {}\r\rdata: [DONE]\r\r', true, false],
  ['the last word and one line end', `${DELTA}data: [DONE]\n`, true, true],
  ['the last word and no line end', `${DELTA}data: [DONE]`, false, true],
  ['something behind the last word', `${DONE}${DELTA}`, false, false],
  ['a comment behind it', `${DONE}: still here\n\n`, false, false],
  ['half an event', `${DELTA}data: {"choi`, false, true],
  ['an event without its blank line', 'data: {}\n', false, true],
  ['the last word as text', 'data: "[DONE]"\n\n', false, false],
  ['the last word within a line', 'data: data: [DONE]\n\n', false, false],
  ['another field', 'event: [DONE]\n\n', false, false],
]

for (const [name, stream, isDone, isMidEvent] of ends) {
  t.test(`how a stream ends, in whatever pieces: ${name}`, async (t) => {
    const bytes = Buffer.from(stream)
    for (const size of [1, 2, 5, 13, 24, 25, 1000]) {
      const word = new LastWord()
      for (let at = 0; at < bytes.length; at += size) word.push(bytes.subarray(at, at + size))
      t.same([word.isDone, word.isMidEvent], [isDone, isMidEvent], `pieces of ${size}`)
    }
  })
}
