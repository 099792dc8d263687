import fc from 'fast-check'
import t from 'tap'
import { ANSWER_FORM_NAMES } from '../../src/endpoints/answer-forms.ts'
import { cuts, eventsOf, isSealed, jsonText, pass, pieces } from '../support/sealed-answer.ts'
import { fuzz } from './budget.ts'

const form = fc.constantFrom(...ANSWER_FORM_NAMES)

t.test('an answer is sealed as by parsing and walking, however it is cut, and otherwise byte for byte', async (t) => {
  fuzz(
    t,
    fc.property(form, jsonText, cuts, (form, text, places) => {
      const bytes = Buffer.from(text.toWellFormed())
      const out = pass(form, 'json', pieces(bytes, places))
      return isSealed(form, bytes.toString(), out.toString())
    }),
    0.5,
  )
})

const ending = fc.constantFrom('\n', '\r\n', '\r')
const event = fc
  .tuple(
    jsonText,
    ending,
    fc.constantFrom('data: ', 'data:', 'data:  '),
    fc.array(
      fc.constantFrom('event: e', ': data: {"id":"a"}', 'id: {"id":"a"}', 'datas: {"id":"a"}', 'dat', 'retry: 1'),
      {
        maxLength: 2,
      },
    ),
    fc.boolean(),
  )
  .map(([json, end, field, others, isSplit]) => {
    const text = json.toWellFormed()
    // The first colon may be followed by a line end: the text goes on in a second line of data.
    const colon = text.indexOf(': ')
    const data =
      isSplit && colon !== -1 && !text.slice(0, colon).includes('\\')
        ? [text.slice(0, colon + 1), text.slice(colon + 1)]
        : [text]
    return [...others, ...data.map((line) => field + line)].map((line) => line + end).join('') + end
  })
const stream = fc
  .tuple(
    fc.array(event, { maxLength: 5 }),
    fc.constantFrom('', '\ufeff', '\n'),
    fc.constantFrom('', 'data: [DONE]\n\n'),
  )
  .map(([events, start, end]) => Buffer.from(start + events.join('') + end))

t.test('each event of a stream is sealed as by parsing and walking, however it is cut', async (t) => {
  fuzz(
    t,
    fc.property(form, stream, cuts, (form, bytes, places) => {
      const out = pass(form, 'sse', pieces(bytes, places))
      if (out.toString().replaceAll(/~\d+~/g, '') !== bytes.toString()) return false
      const before = eventsOf(bytes)
      return eventsOf(out).every((text, at) => {
        const original = before[at] ?? ''
        return original === '' || original === '[DONE]' ? text === original : isSealed(form, original, text)
      })
    }),
    0.4,
  )
})

t.test('any bytes pass, the same however they are cut', async (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map(Buffer.from),
    fc.stringMatching(/^[{}[\]",:\\ iddata\n\r]{0,60}$/).map((text) => Buffer.from(text)),
  )
  fuzz(
    t,
    fc.property(form, fc.constantFrom('json' as const, 'sse' as const), bytes, cuts, (form, kind, bytes, places) =>
      pass(form, kind, pieces(bytes, places)).equals(pass(form, kind, [bytes])),
    ),
    0.1,
  )
})
