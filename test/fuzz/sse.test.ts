import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { openTap } from '../../src/endpoints/tap.ts'
import { fuzz } from './budget.ts'

type Kind = Parameters<typeof openTap>[0]

const usage = '{"prompt_tokens":3,"completion_tokens":4}'
const documents = [
  '{"id":"a","model":"m","choices":[{"delta":{"content":"x"},"finish_reason":null}]}',
  '{"id":"a","model":"m","choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}',
  '{"id":"","model":"","choices":[],"prompt_filter_results":[]}',
  '{ "usage" : null , "choices" : [ ], "id": "b", "model": "é" }',
  `{"choices":[],"usage":${usage}}`,
  `{"choices":[],\ndata: "usage":${usage}}`,
  `{"choices":[{"finish_reason":"length"}],"usage":${usage}}`,
  `{"type":"response.completed","response":{"id":"r","model":"m","status":"completed","usage":${usage}}}`,
  '{"type":"response.created","response":{"id":"r","model":"m","status":"in_progress","usage":null}}',
  '{"choices":[],"usage":',
  '[DONE]',
  '',
]
const line = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...documents).map((json) => `data: ${json}`) },
  fc.constantFrom('data:{"usage":null}', 'event: e', ': ping', 'id: 1', 'data', 'retry: 3', '\ufeffdata: {}', 'x'),
  fc.string({ unit: 'binary', maxLength: 5 }),
)
const ending = fc.constantFrom('\n', '\r\n', '\r')
const event = fc
  .tuple(
    fc.array(line, { minLength: 1, maxLength: 2 }),
    ending,
    fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, ending),
  )
  .map(([lines, end, blank]) => lines.map((text) => text + end).join('') + (blank ?? end))
const stream = fc
  .tuple(fc.array(event, { maxLength: 9 }), fc.oneof(fc.constant(''), line))
  .map(([events, rest]) => Buffer.from(events.join('') + rest))
const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 8 }), fc.constant('every byte' as const))
const kinds = fc.constantFrom<Kind>('completion', 'response', 'embedding', 'none')

function pieces(bytes: Buffer, places: readonly number[] | 'every byte'): Buffer[] {
  if (places === 'every byte') return [...bytes].map((byte) => Buffer.from([byte]))
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((to, at) => bytes.subarray(sorted[at], to))
}

function pass(kind: Kind, strip: boolean, chunks: readonly Buffer[], form: 'json' | 'sse' = 'sse') {
  const tap = openTap(kind, form, 200, strip)
  const out = chunks.map((chunk) => tap.push(chunk) ?? Buffer.alloc(0))
  const { rest, facts } = tap.end()
  return { bytes: Buffer.concat([...out, rest ?? Buffer.alloc(0)]), facts }
}

t.test('a stream that is only read passes byte for byte and tells the same, however it is cut', async (t) => {
  fuzz(
    t,
    fc.property(stream, cuts, kinds, (bytes, places, kind) => {
      const split = pass(kind, false, pieces(bytes, places))
      const whole = pass(kind, false, [bytes])
      return split.bytes.equals(bytes) && whole.bytes.equals(bytes) && isDeepStrictEqual(split.facts, whole.facts)
    }),
    0.4,
  )
})

t.test('a stream that is stripped comes out the same, however it is cut', async (t) => {
  fuzz(
    t,
    fc.property(stream, cuts, kinds, (bytes, places, kind) => {
      const split = pass(kind, true, pieces(bytes, places))
      const whole = pass(kind, true, [bytes])
      const read = pass(kind, false, [bytes])
      return (
        split.bytes.equals(whole.bytes) &&
        isDeepStrictEqual(split.facts, whole.facts) &&
        isDeepStrictEqual(whole.facts, read.facts) &&
        whole.bytes.length <= bytes.length
      )
    }),
    0.4,
  )
})

t.test('any answer passes byte for byte and tells the same, however it is cut', async (t) => {
  const answer = fc.oneof(
    stream,
    fc.constantFrom(...documents).map((text) => Buffer.from(text)),
    fc.uint8Array().map(Buffer.from),
  )
  fuzz(
    t,
    fc.property(answer, cuts, kinds, (bytes, places, kind) => {
      const split = pass(kind, false, pieces(bytes, places), 'json')
      return split.bytes.equals(bytes) && isDeepStrictEqual(split.facts, pass(kind, false, [bytes], 'json').facts)
    }),
    0.2,
  )
})
