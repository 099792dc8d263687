import t from 'tap'
import { readTurnEvent } from '../../../../src/endpoints/turns/turn-event.ts'
import { Turns } from '../../../../src/pipeline/turns/turns.ts'

const event = (value: object | string) => {
  const read = readTurnEvent(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
  if (read === null) throw new Error('an event that tells nothing')
  return read
}
const created = (id: string, stream_id?: string) => event({ type: 'response.created', response: { id }, stream_id })
const ended = (id: string, stream_id?: string) => event({ type: 'response.completed', response: { id }, stream_id })

t.test('events are of the response that they name, and lanes are kept in order', async (t) => {
  const turns = new Turns<string>()
  turns.begin('one', null)
  turns.begin('a1', 'a')
  turns.begin('a2', 'a')
  for (const [id, lane] of [
    ['resp_a', 'a'],
    ['resp_1', undefined],
  ] as const)
    turns.hear(created(id, lane))
  t.equal(turns.hear(ended('resp_a', 'a'))?.turn, 'a1')
  t.equal(
    turns.hear(event({ type: 'error', status: 400, error: {}, stream_id: 'a' }))?.turn,
    'a2',
    'one that has not begun',
  )
  t.same(turns.open, ['one'])
  t.equal(turns.hear(event({ type: 'error', sequence_number: 3, code: 'x' }))?.turn, 'one', 'one that is under way')
  t.equal(turns.hear(ended('resp_9')), null, 'nothing is under way')
})

t.test('an end without a beginning is that of the first in line', async (t) => {
  const turns = new Turns<string>()
  turns.begin('one', null)
  turns.begin('two', null)
  t.equal(turns.hear(ended('resp_1'))?.turn, 'one')
  t.equal(turns.hear(ended('resp_2'))?.turn, 'two')
})

t.test('there is an end to how many are under way', async (t) => {
  const turns = new Turns<number>()
  for (let number = 0; number < 64; number++) {
    t.equal(turns.isFull, false)
    turns.begin(number, null)
  }
  t.equal(turns.isFull, true)
})

t.test('what an event tells', async (t) => {
  const usage = { input_tokens: 3, output_tokens: 4 }
  const response = {
    id: 'resp_1',
    model: 'm',
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    usage,
  }
  t.same(event({ stream_id: 'a', type: 'response.incomplete', response }), {
    ...{ kind: 'ended', lane: 'a', id: 'resp_1' },
    facts: {
      ...{ usage: { inputTokens: 3, outputTokens: 4 }, responseId: 'resp_1', responseModel: 'm' },
      finishReasons: ['max_output_tokens'],
    },
  })
  const nothing = ['', '[]', '{', '{"type":"response.output_text.delta"}', '{"type":1}', 'null', '{"typ']
  for (const text of nothing) t.equal(readTurnEvent(Buffer.from(text)), null, text)
  const odd = [
    '{"type":"response.created"',
    '{"type":"response.created","response":[]}',
    '{"type":"error","status":"x"}',
  ]
  for (const text of odd) t.doesNotThrow(() => readTurnEvent(Buffer.from(text)), text)
})
