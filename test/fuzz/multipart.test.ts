import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { describeForm } from '../../src/endpoints/multipart/describe-form.ts'
import { FormReader } from '../../src/endpoints/multipart/form.ts'
import { FORMS } from '../../src/endpoints/multipart/forms.ts'
import { writeForm } from '../../src/endpoints/multipart/written.ts'
import { type ReadPart, readBusboy, readFetch, readOurs } from '../support/form-readers.ts'
import { fuzz, fuzzAsync } from './budget.ts'
import { CORPUS, type FormBody } from './multipart-corpus.ts'

const OWN = '0123456789abcdefghijklmnopqrstuvwxyz'
const typeOf = (boundary: string) => `multipart/form-data; boundary="${boundary}"`

/** Fields and files with what they might hold, written as clients write them. */
const boundary = fc.constantFrom('XboundX', '----WebKitFormBoundaryA1', 'a', '--', "'()+_,./:=?-")
const name = fc.constantFrom('model', 'file', 'image[]', 'a', 'svg[model]', 'stream', 'Model', 'a[b]', 'constructor')
const value = fc.oneof(
  fc.constantFrom('m', 'true', '{"model":"n"}', '\r\n', '\r\n--', '--X', 'https://a.example/x', 'data:,x', 'é', '\0'),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
const part = fc
  .tuple(
    name,
    value,
    fc.constantFrom('', '', '; filename="f.mp3"', '; filename="%22é.mp3"', '; filename=f', '; filename=""'),
    fc.constantFrom(
      '',
      '',
      '',
      '',
      '\r\nContent-Type: audio/mpeg',
      '\r\nContent-Type: application/json',
      '\r\nContent-Length: 1',
    ),
  )
  .map(([name, value, filename, more]) => [`form-data; name="${name}"${filename}${more}`, value] as const)
const generated = fc
  .tuple(boundary, fc.array(part, { minLength: 1, maxLength: 4 }))
  .map(([boundary, parts]): FormBody => {
    const written = parts.map(([head, value]) => `--${boundary}\r\nContent-Disposition: ${head}\r\n\r\n${value}\r\n`)
    return { says: '', boundary, body: Buffer.from(`${written.join('')}--${boundary}--\r\n`) }
  })

const pieces = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '--',
    '-',
    '"',
    ';',
    '; ',
    '=',
    '\\',
    ' ',
    '\t',
    ':',
    '\0',
    '%22',
    '%0D%0A',
    '[]',
  ],
  ...[
    'name="model"',
    'filename="f"',
    "filename*=utf-8''f",
    'Content-Type: text/plain',
    'X: y',
    'x',
    'Content-Length: 2',
  ],
  ...['Content-Disposition: form-data; name="model"', 'Content-Transfer-Encoding: base64', '\u2028', '\ufeff', 'é'],
]
const edit = fc.record({
  at: fc.nat(),
  drop: fc.constantFrom(0, 0, 1, 2, 9),
  put: fc.constantFrom('', 'boundary', '--boundary', '\r\n--boundary', '\r\n--boundary--', ...pieces),
})
/** Bodies that are as they should be, and such that are changed in a few places. */
const form = fc
  .tuple(fc.oneof(generated, fc.constantFrom(...CORPUS)), fc.array(edit, { maxLength: 2 }))
  .map(([{ boundary, body }, edits]): FormBody => {
    let bytes = body
    for (const { at, drop, put } of edits) {
      const place = at % (bytes.length + 1)
      const text = put.replace('boundary', () => boundary)
      bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(text), bytes.subarray(place + drop)])
    }
    return { says: '', boundary, body: bytes }
  })

/** An empty filename is none to some, and an encoded quote a quote: neither is judged, and both go on as they are. */
const alike = (parts: readonly ReadPart[] | null) =>
  parts?.map(({ name, filename, text }) => [name, (filename ?? '').replaceAll('%22', '"'), text])

/**
 * What we accept, and what we write of it, is the same parts to two other readers.
 *
 * Fetch is not asked where the boundary, without its dashes, stands in a value or begins in the dashes before itself: it
 * ends the part there (undici 8.13.1).
 */
async function disagreement({ boundary, body }: FormBody): Promise<string | null> {
  const ours = readOurs(typeOf(boundary), body)
  if (ours === null) return null
  const sound = ours.every(({ text }) => `${text}\r\n--${boundary}`.indexOf(boundary) === text.length + 4)
  const read = JSON.stringify(alike(ours))
  const found = [
    ['busboy', await readBusboy(typeOf(boundary), body)],
    ['fetch', sound ? await readFetch(typeOf(boundary), body) : ours],
  ] as const
  const again = rewritten(boundary, body)
  const sent = [
    ['ourselves, of what is sent', readOurs(again.contentType, again.body)],
    ['busboy, of what is sent', await readBusboy(again.contentType, again.body)],
    ['fetch, of what is sent', await readFetch(again.contentType, again.body)],
  ] as const
  const other = [...found, ...sent].find(([, parts]) => JSON.stringify(alike(parts)) !== read)
  return other === undefined ? null : `${read}, but to ${other[0]} ${JSON.stringify(alike(other[1]))}`
}

function rewritten(boundary: string, body: Buffer): { contentType: string; body: Buffer } {
  const reader = new FormReader(boundary)
  const kept = reader.push(body)
  const form = reader.end()
  if (!kept.ok || !form.ok) throw new Error('a form that was read is not')
  const files = Buffer.concat(kept.value)
  const { contentType, segments, length } = writeForm(form.value, OWN)
  const written = segments.map((piece) => (Buffer.isBuffer(piece) ? piece : files.subarray(piece.from, piece.to)))
  const bytes = Buffer.concat(written)
  if (bytes.length !== length) throw new Error('a form is not as long as it says')
  return { contentType, body: bytes }
}

t.test('the corpus is read alike by three readers, where it is read', async (t) => {
  const accepted = CORPUS.filter(({ boundary, body }) => readOurs(typeOf(boundary), body) !== null)
  t.ok(accepted.length > 8 && accepted.length < CORPUS.length, `${accepted.length} of ${CORPUS.length} accepted`)
  for (const entry of CORPUS) t.equal(await disagreement(entry), null, entry.says)
})

t.test('a form that is accepted is read alike by two other readers, and so is what is sent', async (t) => {
  let accepted = 0
  const agree = async (entry: FormBody) => {
    if (readOurs(typeOf(entry.boundary), entry.body) !== null) accepted++
    return (await disagreement(entry)) === null
  }
  await fuzzAsync(t, fc.asyncProperty(form, agree), 0.6)
  t.ok(accepted > 0, `${accepted} accepted`)
})

const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 6 }), fc.constant('every byte' as const))

t.test('a form is the same form, or the same fault, however it is cut', async (t) => {
  fuzz(
    t,
    fc.property(form, cuts, ({ boundary, body }, places) => {
      const at = places === 'every byte' ? body.keys() : places.map((place) => place % (body.length + 1))
      const sorted = [0, ...[...at].sort((one, other) => one - other), body.length]
      const read = (pieces: readonly Buffer[]) => {
        const reader = new FormReader(boundary)
        const kept: Buffer[] = []
        for (const piece of pieces) {
          const bytes = reader.push(piece)
          if (!bytes.ok) return bytes.fault
          kept.push(...bytes.value)
        }
        const form = reader.end()
        return form.ok ? { ...form.value, files: Buffer.concat(kept).toString('latin1') } : form.fault
      }
      return isDeepStrictEqual(read(sorted.slice(1).map((to, nth) => body.subarray(sorted[nth], to))), read([body]))
    }),
    0.3,
  )
})

t.test(
  'any form is facts or a refusal to every operation, and its one model is what the first and the last reader take',
  async (t) => {
    let described = 0
    fuzz(
      t,
      fc.property(form, ({ boundary, body }) => {
        const reader = new FormReader(boundary)
        const parts = readOurs(typeOf(boundary), body)
        reader.push(body)
        const form = reader.end()
        if (!form.ok || parts === null) return !form.ok && form.fault.code === 'invalid_body'
        return FORMS.every((fields) => {
          const facts = describeForm(form.value, fields)
          if (!facts.ok) return facts.fault.code === 'invalid_body' && facts.fault.param !== null
          described++
          const named = parts
            .filter(({ name }) => name === 'model')
            .map(({ text }) => Buffer.from(text, 'latin1').toString())
          const { model, nestedModels } = facts.value
          const judged = typeof model === 'string' ? [model] : []
          return named.every((model) => judged.includes(model) || nestedModels.includes(model)) && named.length <= 1
        })
      }),
      0.2,
    )
    t.ok(described > 0, `${described} described`)
  },
)
