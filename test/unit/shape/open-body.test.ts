import fc from 'fast-check'
import t from 'tap'
import { holdsObjects } from '../../../src/model/object-members.ts'
import { edited } from '../../../src/shape/edits.ts'
import { openBody } from '../../../src/shape/open-body.ts'
import { sealed, sealerOf } from '../../support/sealing.ts'

const sealer = sealerOf()
const foreign = sealerOf({ scope: { kind: 'workspace', workspace: 'sales' } })

/** `<id>` stands for a sealed id, `<!id>` for one of another workspace. */
function written(text: string): string {
  return text.replaceAll(/<(!?)([\w.-]+)>/g, (_, other, id) => sealed(id, other === '' ? sealer : foreign))
}

function open(text: string, ids: readonly string[], isStrict: boolean): string {
  const noted = ids.map((id) => ({ key: 'noted', id: written(id) }))
  const result = openBody(written(text), { noted, isStrict }, sealer.open)
  return result.ok ? edited(written(text), result.value) : `404 ${result.fault.key}`
}

type Row = readonly [sentence: string, text: string, noted: readonly string[], outcome: string]
const strictRows: readonly Row[] = [
  ['one that is noted', '{"file_id":"<f>"}', ['<f>'], '{"file_id":"f"}'],
  [
    'with its spaces and escapes',
    ' { "a":"\\u0041\\"", "file_id" : "<f>" } ',
    ['<f>'],
    ' { "a":"\\u0041\\"", "file_id" : "f" } ',
  ],
  ['lists', '{"file_ids":["<f>","<g>"],"x":["y"]}', ['<f>', '<g>'], '{"file_ids":["f","g"],"x":["y"]}'],
  ['further down', '{"a":[{"b":{"id":"<f>"}}]}', [], '{"a":[{"b":{"id":"f"}}]}'],
  ['a key that is escaped', '{"fil\\u0065_id":"<f>"}', ['<f>'], '{"fil\\u0065_id":"f"}'],
  ['a key that is both', '{"conversation":"<c>"}', ['<c>'], '{"conversation":"c"}'],
  ['an object under it', '{"conversation":{"id":"<c>","x":"y"}}', ['<c>'], '{"conversation":{"id":"c","x":"y"}}'],
  ['the same one twice', '{"id":"<f>","file_id":"<f>"}', ['<f>'], '{"id":"f","file_id":"f"}'],
  ['one of another Sallyport', `{"id":"<f.sp1${'a'.repeat(28)}>"}`, [], `{"id":"f.sp1${'a'.repeat(28)}"}`],
  ['none', '{"call_id":"c","model":"m"}', [], '{"call_id":"c","model":"m"}'],
  [
    'numbers, null and nothing',
    '{"id":1,"file_id":null,"thing_id":"","file_ids":[]}',
    [],
    '{"id":1,"file_id":null,"thing_id":"","file_ids":[]}',
  ],
  ['prose is left', '{"input":"<f>","text":"id"}', [], written('{"input":"<f>","text":"id"}')],
  [
    'the caller’s own JSON is left',
    '{"metadata":{"id":"x","file_id":"<f>"}}',
    [],
    written('{"metadata":{"id":"x","file_id":"<f>"}}'),
  ],
  [
    'schemas are left',
    '{"tools":[{"parameters":{"a":{"id":"x"}}}]}',
    [],
    '{"tools":[{"parameters":{"a":{"id":"x"}}}]}',
  ],
  ['a key behind the caller’s own', '{"metadata":{"a":{}},"id":"<f>"}', [], '{"metadata":{"a":{}},"id":"f"}'],
  ['a raw id', '{"file_id":"f"}', ['f'], '404 noted'],
  ['a foreign id', '{"file_id":"<!f>"}', ['<!f>'], '404 noted'],
  ['one of several', '{"file_ids":["<f>","<!g>"]}', ['<f>', '<!g>'], '404 noted'],
  ['a raw id that is not noted', '{"thing_id":"f"}', [], '404 thing_id'],
  ['a raw id in a list', '{"file_ids":["<f>","g"]}', [], '404 file_ids'],
  ['a raw id under an escaped key', '{"\\u0069d":"f"}', [], '404 id'],
  ['an id that is written with escapes', '{"file_id":"<f>\\u0020"}', [], '404 file_id'],
  ['a noted id that is not in the text', '{"file_id":"\\u0066"}', ['f'], '404 noted'],
  ['a noted id in the caller’s own JSON', '{"filters":{"file_id":"<f>"}}', ['<f>'], '404 noted'],
  ['a raw id beside the caller’s own JSON', '{"metadata":{"x":[{}]},"y":{"id":"f"}}', [], '404 id'],
]
t.test('where the answer is sealed by keys, whatever stands under them must be a sealed id', async (t) => {
  for (const [name, text, noted, outcome] of strictRows) t.equal(open(text, noted, true), outcome, name)
})

const looseRows: readonly Row[] = [
  ['one that is noted', '{"file":{"file_id":"<f>"}}', ['<f>'], '{"file":{"file_id":"f"}}'],
  ['a raw id that is noted', '{"file":{"file_id":"f"}}', ['f'], '404 noted'],
  [
    'ids of calls',
    '{"messages":[{"tool_calls":[{"id":"call_1"}]}]}',
    [],
    '{"messages":[{"tool_calls":[{"id":"call_1"}]}]}',
  ],
]
t.test('elsewhere only the ids that the facts note must be', async (t) => {
  for (const [name, text, noted, outcome] of looseRows) t.equal(open(text, noted, false), outcome, name)
})

t.test('many ids cost a bounded time', async (t) => {
  let asked = 0
  const count = (id: string) => {
    asked++
    return sealer.open(id)
  }
  const same = JSON.stringify({ file_ids: Array(5000).fill(sealed('f')) })
  t.equal(openBody(same, { noted: [], isStrict: true }, count).ok, true)
  t.equal(asked, 1, 'one is opened once')
  const different = JSON.stringify({ file_ids: Array.from({ length: 5000 }, (_, n) => `f${n}`) })
  t.equal(openBody(different, { noted: [], isStrict: false }, count).ok, false)
  t.ok(asked < 2100, `${asked} asked`)
  asked = 0
  t.equal(openBody(different, { noted: [], isStrict: true }, count).ok, false)
  t.equal(asked, 1, 'the first one that does not open is enough')
})

/** Seals by walking what was parsed. */
function sealedIn(value: unknown, isId = false, isOwn = false): unknown {
  if (typeof value === 'string') return isId && !isOwn && sealer.suffix(value) ? sealed(value) : value
  if (Array.isArray(value)) return value.map((element) => sealedIn(element, isId, isOwn))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      sealedIn(member, holdsObjects(key), isOwn || key === 'metadata'),
    ]),
  )
}

t.test('what is sealed is opened again, whatever the body', async () => {
  const keys = fc.constantFrom('id', 'file_ids', 'input', 'metadata', 'conversation', 'call_id', 'a"', 'é')
  const { body } = fc.letrec<{ body: unknown }>((tie) => ({
    body: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.constantFrom('file-1', 'resp_2', 'a'), fc.constantFrom(1, true, null)),
      fc.array(tie('body'), { maxLength: 3 }),
      fc.dictionary(keys, tie('body'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(keys, body), fc.constantFrom(0, 2), (value, indent) => {
      const nested = JSON.stringify(sealedIn(value), null, indent)
      const result = openBody(nested, { noted: [], isStrict: true }, sealer.open)
      return result.ok && edited(nested, result.value) === JSON.stringify(value, null, indent)
    }),
  )
})
