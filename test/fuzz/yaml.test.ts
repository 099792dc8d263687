import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { Check } from 'typebox/value'
import { issuerSchema } from '../../src/config/identity-schema.ts'
import { renderProblems } from '../../src/config/report.ts'
import { configSchema } from '../../src/config/schema.ts'
import { parseYaml } from '../../src/config/yaml.ts'
import { shapeProblems } from '../../src/schema/shape.ts'

const seconds = Number(process.env.SALLYPORT_FUZZ_SECONDS ?? 3)
const budget = { interruptAfterTimeLimit: seconds * 500, numRuns: 10_000_000, verbose: 1 } as const

const starter = readFileSync(new URL('../../config/sallyport.yaml', import.meta.url), 'utf8')
const seeds = [
  starter,
  'a: &x { b: [1, 2, "c"] }\nd: *x\ne: |\n  text\n  more\nf: >-\n  folded\n',
  '- - - a\n- ? b\n  : c\n- { d: [e, { f: g }] }\n',
]
const pieces = [
  '&a ',
  '*a',
  '!!str ',
  '!x ',
  '<<: ',
  '---\n',
  '...\n',
  '? ',
  ': ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  ', ',
  '"',
  "'",
]
const marks = [
  '|\n',
  '>\n',
  '\t',
  '\r',
  '\n',
  '  ',
  '#',
  '%YAML 1.1\n',
  '~',
  'null',
  'no',
  '0777',
  '4.10',
  '.nan',
  '\ufeff',
  '\0',
]

const edit = fc.record({
  at: fc.nat(4000),
  drop: fc.nat(12),
  put: fc.oneof(fc.constantFrom(...pieces, ...marks), fc.string({ unit: 'binary', maxLength: 6 }), fc.constant('')),
})
const mutated = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 8 })).map(([seed, edits]) => {
  return edits.reduce((text, { at, drop, put }) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + put + text.slice(place + drop)
  }, seed)
})

t.test('any text is a document or placed problems, never both and never a throw', async (t) => {
  const details = fc.check(
    fc.property(mutated, (text) => {
      const { document, partial, problems, place } = parseYaml(text, 'f.yaml')
      const rows = text.split('\n').length
      if ((document === null) !== problems.length > 0) return false
      for (const { line, column } of [...problems, place(['a', 0, 'b'], 'key')]) {
        if (line < 1 || line > rows || column < 1 || column > text.length + 1) return false
      }
      if (document !== null && JSON.stringify(document) !== JSON.stringify(partial)) return false
      return typeof renderProblems(problems, () => text) === 'string'
    }),
    budget,
  )
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'no finding')
})

t.test('the check that explains and the schema that decides agree on every document', async (t) => {
  const schema = configSchema({ issuer: issuerSchema })
  const leaf = fc.constantFrom(
    1,
    2,
    -1,
    'x',
    'strict',
    '5s',
    '1MiB',
    'sqlite:x',
    '127.0.0.1:1',
    true,
    false,
    [],
    {},
    ['a'],
    [1],
  )
  const sound = parseYaml(starter, 'f').document
  const changed = fc.tuple(fc.nat(200), leaf, fc.constantFrom('replace', 'remove', 'add')).map(([nth, value, how]) => {
    const copy = JSON.parse(JSON.stringify(sound))
    const spots: [Record<string, unknown>, string][] = []
    const visit = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return
      for (const [key, inner] of Object.entries(node)) {
        spots.push([node as Record<string, unknown>, key])
        visit(inner)
      }
    }
    visit(copy)
    const [owner, key] = spots[nth % spots.length] ?? [copy, 'version']
    if (how === 'replace') owner[key] = value
    else if (how === 'add') owner[Array.isArray(owner) ? String(owner.length) : 'extra'] = value
    else if (!Array.isArray(owner)) delete owner[key]
    return copy
  })
  const details = fc.check(
    fc.property(changed, (value) => (shapeProblems(schema, value).length === 0) === Check(schema, value)),
    budget,
  )
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'no finding')
})
