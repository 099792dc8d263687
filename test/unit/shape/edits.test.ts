import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { type Edit, edited, outside, renamed } from '../../../src/shape/edits.ts'
import { marking } from '../../../src/shape/mark.ts'

const edit = (from: number, to: number): Edit => ({ from, to, text: '-' })
const rows: readonly (readonly [sentence: string, one: Edit, other: Edit, isKept: boolean])[] = [
  ['far from it', edit(0, 1), edit(4, 8), true],
  ['within', edit(5, 6), edit(4, 8), false],
  ['the same', edit(4, 8), edit(4, 8), false],
  ['up to its beginning', edit(2, 4), edit(4, 8), true],
  ['from its end on', edit(8, 9), edit(4, 8), true],
  ['put in within', edit(6, 6), edit(4, 8), false],
  ['put in at its beginning', edit(4, 4), edit(4, 8), true],
  ['put in at its end', edit(8, 8), edit(4, 8), true],
  ['put in where something is put in', edit(4, 4), edit(4, 4), true],
]
t.test('an edit lies within what another one replaces, or it does not', async (t) => {
  for (const [sentence, one, other, isKept] of rows) t.equal(outside([one], [other]).length, isKept ? 1 : 0, sentence)
})

t.test('what is put in at the ends of what is replaced', async (t) => {
  const replaced = { from: 2, to: 4, text: 'XY' }
  for (const [at, written] of [
    [2, 'ab+XYef'],
    [4, 'abXY+ef'],
  ] as const) {
    const added = { from: at, to: at, text: '+' }
    t.equal(edited('abcdef', [replaced, added]), written)
    t.equal(edited('abcdef', [added, replaced]), written)
  }
})

t.test('what the policy changes last in a body takes no mark away', async (t) => {
  const body = parseJsonBody(Buffer.from('{"store":true,"model":"fast"}'))
  if (!body.ok || body.value === null) throw new Error('no body')
  const { text } = body.value
  const policy = renamed(text, 'gpt-4o-mini')
  t.same(JSON.parse(edited(text, [...policy, ...outside([marking(body.value, 'M')], policy)])), {
    store: true,
    model: 'gpt-4o-mini',
    metadata: { sallyport: 'M' },
  })
})
