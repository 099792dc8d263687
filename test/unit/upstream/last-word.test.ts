import t from 'tap'
import { startForwarder } from '../../support/forwarder.ts'
import { startEvents } from '../../support/model-answers.ts'
import { type ModelCall, startModelServer } from '../../support/model-server.ts'
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
    const model = await startModelServer()
    const forwarder = await startForwarder(model.url)
    t.teardown(async () => {
      await forwarder.close()
      await model.close()
    })
    model.script('m', behaviour)
    const client = await rawConnect(forwarder.listener.port)
    client.send(requestBytes('POST /v1/chat/completions HTTP/1.1', ['Host: x'], '{"model":"m","stream":true}'))
    await client.receives(last.replaceAll('\n', '').slice(-20))
    client.close()
    const delivery = await forwarder.deliveries.until((all) => all[0], 'the delivery')
    t.equal(delivery.outcome, outcome)
  })
}
