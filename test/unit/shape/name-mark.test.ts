import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { unmarkedName } from '../../../src/model/marks.ts'
import { edited } from '../../../src/shape/edits.ts'
import { markedName, markInName, naming, unnameable } from '../../../src/shape/name-mark.ts'
import { fastest } from '../../support/fastest.ts'

const MARK = `spm1aaaaaa${'Zz0_-'.repeat(4)}Zz`
const OTHER = `spm1bbbbbb${'x'.repeat(22)}`

const names: readonly (readonly [sentence: string, name: string, marked: string])[] = [
  ['a name with an ending', 'report.csv', `${MARK}-report.csv`],
  ['one without', 'Makefile', `${MARK}-Makefile`],
  ['one that begins with a dot', '.env', `${MARK}-.env`],
  ['one that ends in dots', 'report...', `${MARK}-report...`],
  ['dots alone', '..', `${MARK}-..`],
  ['nothing', '', `${MARK}-`],
  ['other letters', 'Übersicht 報告 🙂.pdf', `${MARK}-Übersicht 報告 🙂.pdf`],
  ['quotes', 'a%22b.txt', `${MARK}-a%22b.txt`],
  ['a path', 'a/b/report.csv', `a/b/${MARK}-report.csv`],
  ['a path of another system', 'C:\\a\\report.csv', `C:\\a\\${MARK}-report.csv`],
  ['a folder', 'a/', `a/${MARK}-`],
  ['what only begins like a mark', 'spm1-report.csv', `${MARK}-spm1-report.csv`],
]
t.test('a mark stands before the last step of a name, and goes again', async (t) => {
  for (const [sentence, name, marked] of names) {
    t.equal(markedName(name, MARK), marked, sentence)
    t.equal(unmarkedName(marked), name, `${sentence}: and back`)
    t.equal(markInName(marked), MARK, `${sentence}: it is found`)
  }
})

t.test('which mark a name has', async (t) => {
  const rows: readonly (readonly [sentence: string, name: unknown, mark: string | null])[] = [
    ['none', 'report.csv', null],
    ['no name', null, null],
    ['behind what a provider put before it', `/mnt/file-1-${MARK}-report.csv`, MARK],
    ['two', `${MARK}-${OTHER}-report.csv`, null],
    ['the same twice', `${MARK}-${MARK}-report.csv`, null],
    ['in two steps', `${OTHER}-a/${MARK}-report.csv`, null],
    ['cut off', MARK, null],
    ['with another end', `${MARK}.csv`, null],
  ]
  for (const [sentence, name, mark] of rows) t.equal(markInName(name as never), mark, sentence)
})

/** Each one in the name of a file, in a field beside it, and in JSON. */
const hostile: readonly (readonly [sentence: string, text: string, code: string | null])[] = [
  ['a plain name', 'report.csv', null],
  ['a mark', `${OTHER}-report.csv`, 'invalid_body'],
  ['within a name', `a-${OTHER}-report.csv`, 'invalid_body'],
  ['in another step', `${OTHER}-a/report.csv`, 'invalid_body'],
  ['encoded', `%73pm1bbbbbb${'x'.repeat(22)}-report.csv`, 'invalid_body'],
  ['encoded twice', `%2573pm1bbbbbb${'x'.repeat(22)}-report.csv`, 'invalid_body'],
  ['its end encoded', `${OTHER}%2dreport.csv`, 'invalid_body'],
  ['encoded for ever', `%${'25'.repeat(20)}41`, 'invalid_body'],
  ['in wide letters', `ｓｐｍ１bbbbbb${'x'.repeat(22)}-report.csv`, 'invalid_body'],
  ['in capitals', `${OTHER.toUpperCase()}-report.csv`, 'invalid_body'],
  ['with letters that are not seen', `s\u200bpm1bbbbbb${'x'.repeat(22)}-report.csv`, 'invalid_body'],
  [
    'with letters that are left out where a name is ASCII',
    `sé\u4e00pm1bbbbbb${'x'.repeat(22)}-report.csv`,
    'invalid_body',
  ],
  ['long, and beyond ASCII', '\u0316\u0301'.repeat(2048 + 1), 'invalid_body'],
  ['shorter, and beyond ASCII', '\u0316\u0301'.repeat(20), null],
  ['with a letter too few', `${OTHER.slice(0, -1)}-report`, null],
  ['per cent', '100%-report.csv', null],
]
t.test('a caller does not write what looks like a mark', async (t) => {
  for (const isMarked of [true, false]) {
    for (const [sentence, text, code] of hostile) {
      const form = { place: 'filename', isMarked, body: null } as const
      const json = { isMarked, fields: [], filenames: [] } as const
      const asked = [
        unnameable({ ...form, fields: [{ text: 'assistants' }], filenames: [text] }),
        unnameable({ ...form, fields: [{ text }], filenames: ['a'] }),
        unnameable({ ...json, place: 'filename', body: bodyOf({ filename: text }) }),
        unnameable({ ...json, place: 'name', body: bodyOf({ name: 'a', Name: [text] }) }),
      ]
      for (const fault of asked) t.equal(fault?.code ?? null, code, `${sentence}${isMarked ? '' : ', unmarked'}`)
    }
  }
})

t.test('texts made to be costly are not looked at for long', async (t) => {
  const look = (text: string) =>
    unnameable({
      place: 'name',
      isMarked: true,
      body: bodyOf({ name: 'a', vendor: [text] }),
      fields: [],
      filenames: [],
    })
  t.equal(look('a'.repeat(1_000_000)), null, 'a long text of plain letters')
  const plain = fastest(() => look('a'.repeat(1_000_000)))
  for (const piece of ['%25', '\u0316\u0301', '\ufdfa', '\u0344']) {
    const took = fastest(() => look(`a${piece.repeat(1_000_000 / piece.length)}`))
    t.ok(took < 100 * Math.max(plain, 0.5), `${JSON.stringify(piece)}: ${took.toFixed(1)} ms, ${plain.toFixed(1)} ms`)
  }
})

t.test('how long a name may be', async (t) => {
  const form = { place: 'filename', isMarked: true, body: null, fields: [] } as const
  const at = (name: string) => unnameable({ ...form, filenames: [name] })
  t.equal(at('x'.repeat(222)), null)
  t.match(at('x'.repeat(223)), { code: 'invalid_body', param: 'file' })
  t.equal(at('ü'.repeat(111)), null, 'in bytes')
  t.match(at('ü'.repeat(112)), { code: 'invalid_body' })
  t.equal(Buffer.byteLength(markedName('x'.repeat(222), MARK)), 255)
  const named = { place: 'name', isMarked: true, fields: [], filenames: [] } as const
  const json = (name: unknown) => unnameable({ ...named, body: bodyOf({ name }) })
  t.match([json('x'.repeat(223)), json(1), json({})], Array(3).fill({ code: 'invalid_body', param: 'name' }))
  t.same([json('x'.repeat(222)), json(null), json(undefined)], [null, null, null])
  const asItComes = [
    unnameable({ ...form, isMarked: false, filenames: ['x'.repeat(223)] }),
    unnameable({ ...named, isMarked: false, body: bodyOf({ name: 1 }) }),
  ]
  t.same(asItComes, [null, null], 'what is not marked is the upstream’s to judge')
})

t.test('a body is marked in its text, and nothing else of it changes', async (t) => {
  const rows: readonly (readonly [text: string, marked: string | null])[] = [
    ['{"a":1, "filename" : "x\\u0022y.csv" ,"b":2}', `{"a":1, "filename" : "${MARK}-x\\"y.csv" ,"b":2}`],
    ['{"filen\\u0061me":"x"}', `{"filen\\u0061me":"${MARK}-x"}`],
    ['{"nested":{"filename":"x"}}', null],
    ['{"filename":null}', null],
  ]
  for (const [text, marked] of rows) {
    const body = parseJsonBody(Buffer.from(text))
    const edit = body.ok && body.value ? naming(body.value, 'filename', MARK) : null
    t.equal(edit && edited(text, [edit]), marked, text)
  }
})

function bodyOf(value: object) {
  const body = parseJsonBody(Buffer.from(JSON.stringify(value)))
  if (!body.ok || body.value === null) throw new Error('no body')
  return body.value
}
