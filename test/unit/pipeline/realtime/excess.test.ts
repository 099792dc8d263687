import t from 'tap'
import { fault } from '../../../../src/model/fault.ts'
import { openSession } from '../../../support/session-scene.ts'

const tooMuch = fault('rate_limit_exceeded', 'too much', { reason: 'body_budget' })
const pings = fault('upstream_unavailable', 'too many', { reason: 'bad_stream' })

t.test('what takes too much memory ends the session, on whichever side it waits', async (t) => {
  type Ends = ReturnType<typeof openSession>
  const rows: readonly (readonly [string, (ends: Ends) => void, number, string])[] = [
    ['the client sends in pieces', ({ client }) => client.onExcess?.(tooMuch), 1008, 'body_budget'],
    ['the upstream sends in pieces', ({ upstream }) => upstream.onExcess?.(tooMuch), 1008, 'body_budget'],
    ['the upstream only pings', ({ upstream }) => upstream.onExcess?.(pings), 1011, 'bad_stream'],
    [
      'a message waits for the upstream',
      ({ client, state }) => {
        client.says({ type: 'session.update', session: { max_output_tokens: 10 } })
        state.excess = tooMuch
        client.says({ type: 'response.create' })
      },
      1008,
      'body_budget',
    ],
    [
      'messages that waited for an answer wait for the upstream',
      ({ client, upstream }) => {
        client.says({ type: 'session.update', session: { max_output_tokens: 10 } })
        for (let count = 0; count < 3; count++) client.says({ type: 'response.create' })
        upstream.send = (text) => {
          upstream.sent.push(text.toString())
          upstream.onExcess?.(tooMuch)
          return false
        }
        upstream.says({ type: 'session.updated', session: { max_output_tokens: 10 } })
        t.equal(upstream.sent.length, 2, 'nothing goes on behind the one that was too much')
      },
      1008,
      'body_budget',
    ],
    [
      'a message waits for the client',
      ({ client, upstream }) => {
        const { send } = client
        client.send = (text) => {
          client.send = send
          client.onExcess?.(tooMuch)
          return send.call(client, text)
        }
        upstream.says({ type: 'session.created', session: {} })
      },
      1008,
      'body_budget',
    ],
  ]
  for (const [name, meet, code, reason] of rows) {
    const ends = openSession()
    meet(ends)
    t.equal(ends.client.closedWith, code, name)
    t.same([ends.upstream.closedWith, ends.state.bugs], [1000, []], name)
    t.match(await ends.ending, { outcome: 'broken', fault: { reason } }, name)
  }
})
