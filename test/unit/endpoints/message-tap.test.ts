import fc from 'fast-check'
import t from 'tap'
import { openTap } from '../../../src/endpoints/tap.ts'
import type { AnswerFacts } from '../../../src/model/request.ts'
import { LastWord, MESSAGE_STOP } from '../../../src/upstream/last-word.ts'

function read(kind: 'json' | 'sse', pieces: readonly (string | Buffer)[], status = 200): AnswerFacts {
  const tap = openTap('message', kind, status, false)
  for (const piece of pieces) {
    const bytes = Buffer.from(piece as string)
    if (tap.push(bytes) !== bytes) throw new Error('not the same bytes')
  }
  const { rest, facts } = tap.end()
  if (rest !== null) throw new Error('bytes were held back')
  return facts
}

const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const start = (usage: object) =>
  event({
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', model: 'claude-x', content: [], usage },
  } as never)
const text = (words: string) =>
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } } as never)
const end = (usage: object, reason: string | null = 'end_turn') =>
  event({ type: 'message_delta', delta: { stop_reason: reason }, usage } as never)
const stop = event({ type: 'message_stop' })

const identity = { responseId: 'msg_1', responseModel: 'claude-x' }
const cached = { input_tokens: 7, cache_read_input_tokens: 20, cache_creation_input_tokens: 5, output_tokens: 1 }

const streams: readonly (readonly [name: string, events: string[], facts: AnswerFacts])[] = [
  [
    'the input is all of it, and the last count of the output counts',
    [start(cached), text('a'), end({ output_tokens: 9 }), stop],
    { ...identity, finishReasons: ['end_turn'], usage: { inputTokens: 32, outputTokens: 9, cachedTokens: 20 } },
  ],
  [
    'counts that the end tells again take the place of those before',
    [start(cached), end({ input_tokens: 8, cache_read_input_tokens: null, output_tokens: 9 }), stop],
    { ...identity, finishReasons: ['end_turn'], usage: { inputTokens: 33, outputTokens: 9, cachedTokens: 20 } },
  ],
  [
    'a stream that breaks off tells what it began with',
    [start({ input_tokens: 7, output_tokens: 1 }), text('a')],
    { ...identity, usage: { inputTokens: 7, outputTokens: 1 } },
  ],
  [
    'what the text says of usage is text',
    [start({ input_tokens: 7, output_tokens: 1 }), text('{"usage":{"output_tokens":99}}'), end({ output_tokens: 2 })],
    { ...identity, finishReasons: ['end_turn'], usage: { inputTokens: 7, outputTokens: 2 } },
  ],
  [
    'thinking',
    [
      start({ input_tokens: 7, output_tokens: 1 }),
      end({ output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } }),
    ],
    { ...identity, finishReasons: ['end_turn'], usage: { inputTokens: 7, outputTokens: 9, reasoningTokens: 4 } },
  ],
  [
    'counts that are none',
    [start({ input_tokens: -1, output_tokens: 'many' }), end({ output_tokens: 1.5 }, null)],
    identity,
  ],
]
for (const [name, events, facts] of streams) {
  t.test(`a stream: ${name}`, async (t) => {
    t.same(read('sse', events), facts)
    t.same(read('sse', [events.join('')]), facts, 'in one piece')
  })
}

t.test('however the bytes of a stream are cut, it tells the same', async (t) => {
  const whole = Buffer.from([start(cached), text('é — "usage"'), end({ output_tokens: 9 }), stop].join(''))
  const facts = read('sse', [whole])
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.sort((one, other) => one - other), whole.length]
      const pieces = places.slice(1).map((to, index) => whole.subarray(places[index], to))
      t.strictSame(JSON.stringify(read('sse', pieces)), JSON.stringify(facts))
    }),
    { numRuns: 60 },
  )
})

t.test('a message as one document', async (t) => {
  const usage = { ...cached, output_tokens: 9 }
  const message = { id: 'msg_1', type: 'message', model: 'claude-x', stop_reason: 'max_tokens', usage }
  const facts = {
    ...identity,
    finishReasons: ['max_tokens'],
    usage: { inputTokens: 32, outputTokens: 9, cachedTokens: 20 },
  }
  t.same(read('json', [JSON.stringify({ ...message, content: [] })]), facts)
  t.same(read('json', [JSON.stringify({ content: [{ text: 'x'.repeat(80_000) }], ...message })]), facts, 'a large one')
  t.same(read('json', [JSON.stringify(message)], 400), {}, 'an error tells nothing')
  t.same(read('json', ['[1]']), {})
})

t.test('the last word of a stream', async (t) => {
  const said = (...pieces: string[]) => {
    const word = new LastWord(MESSAGE_STOP)
    for (const piece of pieces) word.push(Buffer.from(piece))
    return word.isDone
  }
  const padded = 'event: message_stop\ndata: {"type":"message_stop"          }\n\n'
  t.ok(said(text('x'.repeat(500)), stop))
  t.ok(said(padded))
  t.ok(said(...padded))
  t.ok(said(padded.replaceAll('\n', '\r\n')))
  t.notOk(said(text('event: message_stop')), 'a text that speaks of it')
  t.notOk(said(stop, text('more')), 'and something behind it')
  t.notOk(said('event: message_stop\n'), 'half of it')
})
