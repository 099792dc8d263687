import t from 'tap'
import type { RequestHead } from '../../../../src/model/request.ts'
import { openJudge } from '../../../support/message-judge.ts'
import { openSession } from '../../../support/session-scene.ts'

const SPEAKS = { audio: { input: { turn_detection: { type: 'server_vad', idle_timeout_ms: 6000 } } } }
const ITEM = { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [] } }
const CANCEL = { type: 'response.cancel' }
const told = (session: object) => ({ type: 'session.created', session: { id: 'sess_1', ...session } })

/** Each told session, whether an item goes on in it, and whether a reload leaves it. */
const rows = [
  ['it speaks when it is asked', {}, true],
  ['it speaks unasked, and as much as it likes', { ...SPEAKS, max_output_tokens: 'inf' }, false],
  ['it speaks unasked, and not too much', { ...SPEAKS, max_output_tokens: 1000 }, true],
  ['it speaks unasked, a little too much', { ...SPEAKS, max_output_tokens: 1001 }, false],
  ['the same in the beta', { turn_detection: { type: 'server_vad' }, max_response_output_tokens: 1001 }, false],
  ['it only tells of turns', { turn_detection: { type: 'server_vad', create_response: false } }, true],
  ['a stored prompt', { prompt: { id: 'pmpt_1' } }, false],
  ['no stored prompt', { prompt: null }, true],
  ['a tool', { tools: [{ type: 'function', name: 'buy' }] }, false],
  ['another tool', { tools: [{ type: 'function', name: 'search' }] }, true],
] as const

t.test('what a session is set to is judged with every message, and at a reload', async (t) => {
  for (const [name, session, isGood] of rows) {
    const judge = openJudge()
    const { client, upstream, state } = openSession(judge)
    upstream.says(told(session))
    client.says(ITEM)
    t.same([upstream.sent.length, state.refused], isGood ? [1, 0] : [0, 1], name)
    t.equal(judge.adopt(judge.snapshot)?.code ?? null, isGood ? null : 'policy_denied', `${name}, at a reload`)
    client.leave(1000)
  }
})

t.test('a session that speaks unasked can be made a good one, and be silenced', async (t) => {
  for (const [name, session] of [
    ['by a limit', { max_output_tokens: 10 }],
    ['by having it asked', { audio: { input: { turn_detection: null } } }],
  ] as const) {
    const { client, upstream, state } = openSession()
    upstream.says(told({ ...SPEAKS, max_output_tokens: 'inf' }))
    client.says(CANCEL)
    t.equal(upstream.sent.length, 1, 'what takes back goes on')
    client.says({ type: 'session.update', session: { tools: [] } })
    t.equal(state.refused, 1, 'another update does not')
    client.says({ type: 'session.update', session })
    client.says(ITEM)
    t.same([upstream.sent.length, state.refused], [2, 1], `${name}: what comes behind it waits`)
    upstream.says({ type: 'session.updated', session })
    t.same([upstream.sent.length, state.refused], [3, 1], name)
    client.leave(1000)
  }
})

t.test('a response whose limit has the name that the API does not read has that of its session', async (t) => {
  const asks = (response: object) => ({ type: 'response.create', response })
  const beta = { rawHeaders: ['openai-beta', 'realtime=v1'], project: undefined, clientIp: undefined }
  const [name, older] = ['max_output_tokens', 'max_response_output_tokens']
  for (const [api, more, read, unread] of [
    ['the API', {}, name, older],
    ['its beta', { head: beta as unknown as RequestHead }, older, name],
  ] as const) {
    const { client, upstream, state } = openSession(openJudge(more))
    upstream.says(told({ [name]: 'inf' }))
    client.says(asks({ [unread]: 10 }))
    t.same([upstream.sent.length, state.refused], [0, 1], `${api}: no limit`)
    client.says(asks({ [read]: 10, [unread]: 10 }))
    client.says(asks({ [read]: 10 }))
    t.same([upstream.sent.length, state.refused], [2, 1], `${api}: its own`)
    upstream.says(told({ [name]: 1000 }))
    client.says(asks({ [unread]: 10 }))
    t.same([upstream.sent.length, state.refused], [3, 1], `${api}: that of the session`)
    client.leave(1000)
  }
})
