import t from 'tap'
import { printableJson, problemsJson, renderProblems } from '../../../src/config/report.ts'
import type { PlacedProblem } from '../../../src/model/problem.ts'

const problem = (line: number, column: number, more: Partial<PlacedProblem> = {}): PlacedProblem => ({
  file: 'a.yaml',
  line,
  column,
  severity: 'error',
  code: 'x',
  message: 'say what to do',
  ...more,
})
const rendered = (text: string, ...problems: PlacedProblem[]) => renderProblems(problems, () => text)

t.test('a problem shows its line and a caret', async (t) => {
  t.equal(rendered('a: 1\nbc: 2\n', problem(2, 5)), 'a.yaml:2:5: say what to do\n  bc: 2\n      ^\n')
})

t.test('problems are sorted by file, line and column', async (t) => {
  const all = [problem(2, 1), problem(1, 3), problem(1, 1), problem(9, 9, { file: 'A.yaml' })]
  const heads = rendered('', ...all).match(/^\S+: /gm)
  t.same(heads, ['A.yaml:9:9: ', 'a.yaml:1:1: ', 'a.yaml:1:3: ', 'a.yaml:2:1: '])
})

t.test('what a terminal would act on is escaped, and the caret stays below its column', async (t) => {
  const text = rendered('a: \u001b[31m\u202eb', problem(1, 9))
  for (const raw of ['\u001b', '\u202e']) t.notOk(text.includes(raw))
  const [, line = '', caret = ''] = text.split('\n')
  t.equal(line[caret.indexOf('^')], '\\', 'the escape of the ninth character')
})

t.test('a long line is cut around the caret', async (t) => {
  const text = rendered(`${'a '.repeat(500)}X${' b'.repeat(500)}`, problem(1, 1001))
  const [, line = '', caret = ''] = text.split('\n')
  t.ok(line.length < 120)
  t.equal(line[caret.indexOf('^')], 'X')
})

t.test('a line that is gone is left out', async (t) => {
  t.equal(
    renderProblems([problem(7, 1)], () => null),
    'a.yaml:7:1: say what to do\n',
  )
})

t.test('a caret stays in place behind what is blotted out', async (t) => {
  const line = '{ api_key: "sk-abcdefghijklmnop", nope: 1 }'
  const text = rendered(line, problem(1, line.indexOf('nope') + 1))
  t.notMatch(text, /abcdefgh/)
  t.match(text, /\[hidden\]/)
})

t.test('the JSON form has exactly the members of the contract', async (t) => {
  const [row] = JSON.parse(problemsJson([{ ...problem(1, 2), extra: 1 } as PlacedProblem]))
  t.same(Object.keys(row), ['file', 'line', 'column', 'severity', 'code', 'message'])
})

t.test('what a terminal would act on is an escape in JSON, which says the same', async (t) => {
  const value = { 'a\u009b31m': ['\u202eb', '\u2028', '\u{e0041}\u007f', '\u00ad', 'plain \u00e9 \u{1f600}'], n: 1 }
  const text = printableJson(value, 2)
  t.notMatch(text, /[\x7f-\x9f\p{Cf}\u2028\u2029]/u)
  t.match(text, 'plain \u00e9 \u{1f600}')
  t.same(JSON.parse(text), value)
  t.equal(printableJson([1, 'a']), '[1,"a"]')
})
