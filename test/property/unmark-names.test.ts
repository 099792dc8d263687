import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { ANSWER_FORM_NAMES, type AnswerForm, answerForm } from '../../src/endpoints/answer-forms.ts'
import { openAnswerSealer } from '../../src/endpoints/seal-answer.ts'
import { unmarkedName } from '../../src/model/marks.ts'
import { cuts, pass, pieces } from '../support/sealed-answer.ts'

const MARK = `spm1aaaaaa${'Zz0_-'.repeat(4)}Zz-`
const NAMES = [
  ...[`${MARK}report.csv`, `/mnt/${MARK}报告 "x"\\.csv`, `${MARK}`, `${MARK}${MARK}a`, `x${MARK.slice(0, -1)}`],
  ...['report.csv', 'spm1', '', `"${MARK}`, `${'é'.repeat(60)}/${MARK}x`, `${'x'.repeat(5000)}${MARK}`],
]
const KEYS = [
  ...['filename', 'file_name', 'name', 'path', 'text', 'data', 'output', 'content', 'annotations', 'file', 'results'],
  ...['metadata', 'id', 'item', 'step_details', 'tool_calls', 'file_search'],
]

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    { weight: 5, arbitrary: fc.constantFrom(...NAMES) },
    fc.constantFrom(1, null, true),
    fc.array(tie('value'), { maxLength: 3 }),
    { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 5 }) },
  ),
}))
const document = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 })

/** The same by parsing and walking. A name that is longer than any stays as it is where it comes in pieces. */
function unmarked(value: unknown, form: AnswerForm): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (typeof member === 'string') return [key, form.names(key) && !form.seals(key) ? unmarkedName(member) : member]
      const inner = form.member(key)
      if (inner === null) return [key, member]
      if (!Array.isArray(member)) return [key, unmarked(member, inner)]
      return [key, member.map((one) => (Array.isArray(one) ? one : unmarked(one, inner)))]
    }),
  )
}

const whole = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/~\d+~/g, '')
      .replaceAll(`${'x'.repeat(5000)}${MARK}`, 'x'.repeat(5000)),
  )

for (const kind of ['json', 'sse'] as const) {
  t.test(`${kind}: marks go out of names, at their places, however the answer is cut`, async () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ANSWER_FORM_NAMES),
        document,
        cuts,
        fc.boolean(),
        (name, document, places, isSplit) => {
          const text = JSON.stringify(document, null, isSplit && kind === 'json' ? 1 : 0)
          const bytes = Buffer.from(kind === 'json' ? text : `event: x\ndata: ${text}\n\n`)
          const out = pass(name, kind, pieces(bytes, places)).toString()
          const read = JSON.parse(kind === 'json' ? out : out.slice('event: x\ndata: '.length))
          return isDeepStrictEqual(whole(read), whole(unmarked(document, answerForm(name))))
        },
      ),
      { numRuns: 600 },
    )
  })
}

t.test('a name that its line or its answer cuts off is passed on', async (t) => {
  const rows: readonly (readonly ['json' | 'sse', string])[] = [
    ['json', `{"filename":"${MARK.slice(0, -3)}`],
    ['json', '{"filename":"'],
    ['json', '{"filename":"a\\'],
    ['sse', 'data: {"filename":"\n\ndata: {"id":"a~1~"}\n\n'],
    ['sse', 'data: {"filename":"a\\\n\ndata: {"id":"a~1~"}\n\n'],
    ['sse', 'data: {"filename":"a'],
  ]
  for (const [kind, text] of rows) {
    const sent = Buffer.from(text.replaceAll(/~\d+~/g, ''))
    for (const places of ['every byte', []] as const)
      t.equal(pass('listed', kind, pieces(sent, places)).toString(), text)
  }
})

t.test('nothing is held back but a name that is not whole', async (t) => {
  const sealer = openAnswerSealer(answerForm('listed'), 'json', () => null)
  const sent = ['{"filename":"a', 'b","text":"c', 'd","filename":', '"', `${MARK}e"`, '}']
  const out = sent.map((piece) => sealer.push(Buffer.from(piece)).toString())
  t.same(out, ['{"filename":', '"ab","text":"c', 'd","filename":', '', '"e"', '}'])
  t.equal(sealer.end(), null)
})
