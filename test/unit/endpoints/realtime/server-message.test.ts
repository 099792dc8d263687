import t from 'tap'
import { readServerMessage, SessionReading } from '../../../../src/endpoints/realtime/server-message.ts'

const read = (message: object | string) =>
  readServerMessage(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)))
const usage = { input_tokens: 3, output_tokens: 4, input_token_details: { cached_tokens: 2 } }
const COUNTED = { inputTokens: 3, outputTokens: 4, cachedTokens: 2 }
const WRITTEN = 'conversation.item.input_audio_transcription.completed'

t.test('what a message of the upstream tells', async (t) => {
  const rows = [
    ['usage of a response', { type: 'response.done', response: { usage } }, { kind: 'usage', usage: COUNTED }],
    ['usage of what was written down', { type: WRITTEN, usage }, { kind: 'usage', usage: COUNTED }],
    [
      'seconds are no tokens',
      { type: WRITTEN, usage: { type: 'duration', seconds: 3.5 } },
      { kind: 'heard', seconds: 3.5 },
    ],
    ['seconds that are none', { type: WRITTEN, usage: { type: 'duration', seconds: -1 } }, null],
    ['seconds without end', { type: WRITTEN, usage: { type: 'duration', seconds: 1e9 } }, null],
    ['a response without usage', { type: 'response.done', response: {} }, null],
    [
      'a session',
      { type: 'session.created', session: { id: 's' } },
      { kind: 'session', session: { id: 's' }, answers: false },
    ],
    ['a change', { type: 'session.updated', session: {} }, { kind: 'session', session: {}, answers: true }],
    ['the type behind much else', { pad: 'x'.repeat(500), type: 'error' }, { kind: 'error', answers: null }],
    ['an error about a message', { type: 'error', error: { event_id: 'e' } }, { kind: 'error', answers: 'e' }],
    ['an error about none', { type: 'error', error: { event_id: null } }, { kind: 'error', answers: null }],
    ['an item', { type: 'conversation.item.added', item: { id: 'i' } }, { kind: 'item', id: 'i' }],
    ['an item that was heard', { type: 'input_audio_buffer.committed', item_id: 'i' }, { kind: 'item', id: 'i' }],
    ['an item without an id', { type: 'conversation.item.added', item: {} }, null],
    ['a delta', { type: 'response.output_text.delta', delta: '"type":"response.done"' }, null],
    ['a type further down', { response: { type: 'error' } }, null],
    ['no JSON', '{"type":"response.done",', null],
    [
      'usage that is none',
      { type: 'response.done', response: { usage: { input_tokens: -1, output_tokens: 'x' } } },
      null,
    ],
    ['nothing', '', null],
  ] as const
  for (const [name, message, told] of rows) t.same(read(message), told, name)
})

t.test('what a session tells adds up', async (t) => {
  const reading = new SessionReading()
  t.same(reading.facts(), {})
  for (const message of [
    { type: 'session.created', session: { id: 'sess_1', model: 'm' } },
    { type: 'response.done', response: { usage } },
    { type: 'response.done', response: { usage: { input_tokens: 1, output_tokens: 1 } } },
  ]) {
    const told = read(message)
    if (told) reading.add(told)
  }
  t.same(reading.facts(), {
    usage: { inputTokens: 4, outputTokens: 5, cachedTokens: 2 },
    responseId: 'sess_1',
    responseModel: 'm',
  })
})
