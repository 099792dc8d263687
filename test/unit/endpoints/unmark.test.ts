import fc from 'fast-check'
import t from 'tap'
import { MarkRemover, unmarkedError } from '../../../src/endpoints/unmark.ts'
import { cuts, pieces } from '../../support/sealed-answer.ts'

const MARK = `spm1aaaaaa${'Ab0_-'.repeat(4)}xy`
const PAIR = `"sallyport":"${MARK}"`

function pass(text: string, places: readonly number[] | 'every byte' = []): string {
  const remover = new MarkRemover()
  const out = pieces(Buffer.from(text), places).map((piece) => remover.push(piece))
  return Buffer.concat([...out, remover.end() ?? Buffer.alloc(0)]).toString()
}

const rows: readonly (readonly [string, string, string])[] = [
  ['alone', `{"metadata":{${PAIR}}}`, '{"metadata":{}}'],
  ['the first', `{"metadata":{${PAIR},"a":"b"}}`, '{"metadata":{"a":"b"}}'],
  ['the last', `{"metadata":{"a":"b",${PAIR}}}`, '{"metadata":{"a":"b"}}'],
  ['between others', `{"metadata":{"a":"b",${PAIR},"c":"d"}}`, '{"metadata":{"a":"b","c":"d"}}'],
  [
    'with spaces and line ends',
    `{\n  "metadata": {\n    "a": "b" ,\n    "sallyport" :\t"${MARK}"\n  }\n}`,
    '{\n  "metadata": {\n    "a": "b" \n  }\n}',
  ],
  ['in several objects', `[{"m":{${PAIR}}},{"m":{${PAIR},"a":1}}]`, '[{"m":{}},{"m":{"a":1}}]'],
  [
    'in a stream',
    `data: {"m":{"a":"b",${PAIR}}}\n\ndata: {"m":{${PAIR}}}\n\n`,
    'data: {"m":{"a":"b"}}\n\ndata: {"m":{}}\n\n',
  ],
  ['a text that speaks of one', JSON.stringify({ text: `{${PAIR}}` }), JSON.stringify({ text: `{${PAIR}}` })],
  ['a pair of another value', '{"sallyport":"spm1short"}', '{"sallyport":"spm1short"}'],
  ['another key', `{"Sallyport":"${MARK}"}`, `{"Sallyport":"${MARK}"}`],
  ['nothing of it', '{"a":"b","c":[1,2],"é":"😀"}', '{"a":"b","c":[1,2],"é":"😀"}'],
  ['what only begins so', '{"a":1,"sallyport":"spm1aaaaaa', '{"a":1,"sallyport":"spm1aaaaaa'],
]
t.test('what becomes of an answer, in pieces of any size', async (t) => {
  for (const [name, text, expected] of rows) {
    t.equal(pass(text), expected, name)
    fc.assert(fc.property(cuts, (places) => pass(text, places) === expected))
  }
})

t.test('what nothing can follow from is not held back', async (t) => {
  const remover = new MarkRemover()
  for (const piece of ['data: {"a":"hello"}', '}\n\n', 'data: [DONE]\n\n', '{"sally" : 1']) {
    const bytes = Buffer.from(piece)
    t.equal(remover.push(bytes), bytes, piece)
  }
  t.equal(remover.push(Buffer.from('x,')).toString(), 'x')
  t.equal(remover.push(Buffer.from(' "b":1')).toString(), ', "b":1')
  t.equal(remover.end(), null)
})

t.test('an error has no mark, in whatever words', async (t) => {
  const said = JSON.stringify({ error: { message: `metadata {${PAIR}} is ${MARK}` } })
  t.equal(unmarkedError(Buffer.from(said)).toString().includes(MARK), false)
  t.type(JSON.parse(unmarkedError(Buffer.from(said)).toString()), Object)
  const plain = Buffer.from('{"error":{"message":"sallyport"}}')
  t.equal(unmarkedError(plain), plain)
})
