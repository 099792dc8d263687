import t from 'tap'
import { parseYaml } from '../../../src/config/yaml.ts'

const said = (text: string) =>
  parseYaml(text, 'f.yaml').problems.map(({ line, column, code }) => `${line}:${column} ${code}`)

const traps: readonly (readonly [string, string, string, string])[] = [
  ['a merge key', 'a: &a { b: 1 }\nc:\n  <<: *a\n', '3:3 merge_key', 'a: &a { b: 1 }\nc: *a\n'],
  ['a custom tag', 'a: !secret b\n', '1:4 tag', 'a: "!secret b"\n'],
  ['a tag of YAML 1.1 on a scalar', 'a: !!binary aGk=\n', '1:4 tag', 'a: "aGk="\n'],
  ['a tag of YAML 1.1 on a map', 'a: !!set { b: 1 }\n', '1:4 tag', 'a: { b: 1 }\n'],
  ['a tag that would hide a number', 'a: !!str 4.10\n', '1:4 tag', 'a: "4.10"\n'],
  ['a second document', 'a: 1\n---\nb: 2\n', '2:1 several_documents', '---\na: 1\n'],
  ['text after the end of the document', 'a: 1\n...\nb: 2\n', '3:1 several_documents', 'a: 1\n...\n'],
  ['a version directive', '%YAML 1.1\n---\na: 1\n', '1:1 directive', '---\na: 1\n'],
  ['a key that stands twice', 'a: 1\nb: 2\na: 3\n', '3:1 duplicate_key', 'a: 1\nb: 2\nc: 3\n'],
  ['a key that stands twice by an escape', 'ab: 1\n"\\x61b": 2\n', '2:1 duplicate_key', 'ab: 1\n"\\x61c": 2\n'],
  ['a number as a key', '1: a\n', '1:1 key_not_text', '"1": a\n'],
  ['a boolean as a key', 'true: a\n', '1:1 key_not_text', '"true": a\n'],
  ['a list as a key', '? [a]\n: b\n', '1:3 key_not_text', '? a\n: b\n'],
  ['an alias as a key', 'a: &a b\n*a : c\n', '2:1 key_not_text', 'a: &a b\nc: *a\n'],
  ['a tab as indentation', 'a:\n\tb: 1\n', '2:1 yaml_syntax', 'a:\n  b: 1\n'],
  ['a byte order mark', '\ufeffa: 1\n', '1:1 byte_order_mark', 'a: 1\n'],
  ['a character that turns the writing', 'a: "b\u202ec"\n', '1:6 control_character', 'a: "b\\u202ec"\n'],
  ['a lone carriage return', 'a: 1\rb: 2\n', '1:5 control_character', 'a: 1\r\nb: 2\n'],
  ['half a character', 'a: "\ud800"\n', '1:5 invalid_utf8', 'a: "\u{1f600}"\n'],
  ['an empty value', 'a:\nb: 1\n', '1:1 no_value', 'a: {}\nb: 1\n'],
  ['a tilde', 'a: ~\n', '1:4 no_value', 'a: "~"\n'],
  ['null', 'a: null\n', '1:4 no_value', 'a: "null"\n'],
  ['an empty list entry', '- a\n-\n- b\n', '2:2 no_value', '- a\n- b\n'],
  ['an empty value in a flow map', 'a: { b, c: 1 }\n', '1:6 no_value', 'a: { b: 1, c: 1 }\n'],
  ['no', 'a: no\n', '1:4 old_boolean', 'a: "no"\n'],
  ['Yes', 'a: Yes\n', '1:4 old_boolean', 'a: true\n'],
  ['ON in a list', 'a: [ON]\n', '1:5 old_boolean', 'a: ["ON"]\n'],
  ['off', 'a: off\n', '1:4 old_boolean', 'a: office\n'],
  ['a version that loses its zero', 'a: 4.10\n', '1:4 number_form', 'a: "4.10"\n'],
  ['a whole number with a fraction', 'a: 1.0\n', '1:4 number_form', 'a: 1.5\n'],
  ['an exponent', 'a: 1e3\n', '1:4 number_form', 'a: 1000\n'],
  ['hexadecimal', 'a: 0x1F\n', '1:4 number_form', 'a: 31\n'],
  ['octal', 'a: 0o17\n', '1:4 number_form', 'a: 15\n'],
  ['a plus sign', 'a: +5\n', '1:4 number_form', 'a: -5\n'],
  ['what was octal in YAML 1.1', 'a: 0777\n', '1:4 leading_zero', 'a: 777\n'],
  ['infinity', 'a: .inf\n', '1:4 not_finite', 'a: 1\n'],
  ['not a number', 'a: .NaN\n', '1:4 not_finite', 'a: "NaN"\n'],
  ['a number beyond what is exact', 'a: 9007199254740993\n', '1:4 number_too_large', 'a: 9007199254740991\n'],
  ['an alias of nothing', 'a: *b\n', '1:4 unknown_alias', 'b: &b 1\na: *b\n'],
  ['an alias before its anchor', 'a: *b\nb: &b 1\n', '1:4 unknown_alias', 'a: &b 1\nb: *b\n'],
  ['an alias inside of itself', 'a: &a [*a]\n', '1:8 alias_cycle', 'a: &a []\nb: [*a]\n'],
  ['a list that is not closed', 'a: [1\n', '2:1 yaml_syntax', 'a: [1]\n'],
  ['a bare star', 'a: *\n', '1:4 yaml_syntax', 'a: "*"\n'],
  ['an empty file', '', '1:1 empty_file', 'a: 1\n'],
  ['a file of comments', '# a\n', '1:1 empty_file', '# a\na: 1\n'],
]

for (const [name, wrong, expected, right] of traps) {
  t.test(`${name} is refused`, async (t) => {
    t.same(said(wrong), [expected])
    t.equal(parseYaml(wrong, 'f').document, null)
    t.same(said(right), [], 'and its twin is read')
    t.not(parseYaml(right, 'f').document, null)
  })
}

t.test('values are read as they are written', async (t) => {
  const text = 'a: [1, -2, 0.5, true, false, "x", y, 2026-01-01, 07:00, 1_000]\nb: { <<: 1 }\n'
  t.same(parseYaml(text.replace('<<', '"<<"'), 'f').document, {
    a: [1, -2, 0.5, true, false, 'x', 'y', '2026-01-01', '07:00', '1_000'],
    b: { '<<': 1 },
  })
})

t.test('`__proto__` and `constructor` are keys like any other', async (t) => {
  const { document } = parseYaml('__proto__: { a: 1 }\nconstructor: 2\n', 'f')
  t.same(Object.getOwnPropertyNames(document), ['__proto__', 'constructor'])
  t.equal(({} as { a?: unknown }).a, undefined)
  t.same(said('__proto__: 1\n__proto__: 2\n'), ['2:1 duplicate_key'])
})

t.test('an alias stands for the last anchor before it, whatever was expanded meanwhile', async (t) => {
  const text = 'a: &x { b: &y 1 }\nc: &y 2\nd: *x\ne: *y\n'
  t.same(parseYaml(text, 'f').document, { a: { b: 1 }, c: 2, d: { b: 1 }, e: 2 })
})

t.test('every problem is reported at once', async (t) => {
  t.same(said('a: no\nb:\nc: 4.10\na: 1\n<<: 2\n'), [
    '1:4 old_boolean',
    '2:1 no_value',
    '3:4 number_form',
    '4:1 duplicate_key',
    '5:1 merge_key',
  ])
})

t.test('a place is the key, the value, or the nearest that there is', async (t) => {
  const { place } = parseYaml('a:\n  b: [x, { c: y }]\nd: &d { e: 1 }\nf: *d\n', 'f')
  const rows: readonly (readonly [(string | number)[], 'key' | 'value', number, number])[] = [
    [[], 'value', 1, 1],
    [['a'], 'key', 1, 1],
    [['a', 'b'], 'key', 2, 3],
    [['a', 'b'], 'value', 2, 6],
    [['a', 'b', 1, 'c'], 'key', 2, 12],
    [['a', 'b', 1, 'c'], 'value', 2, 15],
    [['a', 'b', 7], 'value', 2, 6],
    [['a', 'missing'], 'key', 2, 3],
    [['f'], 'value', 4, 4],
    [['f', 'e'], 'value', 3, 12],
    [['f', 'e'], 'key', 3, 9],
    [['f', 0], 'value', 4, 4],
  ]
  for (const [path, at, line, column] of rows) t.same(place(path, at), { line, column }, JSON.stringify([path, at]))
})

t.test('a document is bounded', async (t) => {
  const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`
  t.same(said(nested(60)), [])
  t.match(said(nested(66))[0], /too_deep/)
  t.match(said('- '.repeat(50_000))[0], /too_deep|yaml_syntax/)
  t.match(said(`# ${'x'.repeat(4 * 1024 * 1024)}\na: 1\n`)[0], /file_too_large/)
  const bomb = ['a0: &a0 [1,1,1,1,1,1,1,1,1,1]']
  for (let level = 1; level < 9; level++) bomb.push(`a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`)}]`)
  t.match(said(bomb.join('\n'))[0], /too_many_values/)
})

t.test('many keys in one map take time in proportion', async (t) => {
  const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}: 1`).join('\n')
  const cost = (text: string) => {
    const started = process.cpuUsage()
    t.same(said(text), [])
    return process.cpuUsage(started).user
  }
  cost(keys(1000))
  const [few, many] = [cost(keys(4000)), cost(keys(32_000))]
  t.ok(many < few * 8 * 5, `8 times the keys cost ${(many / few).toFixed(1)} times as much`)
})
