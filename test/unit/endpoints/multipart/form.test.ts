import t from 'tap'
import { FormReader } from '../../../../src/endpoints/multipart/form.ts'
import {
  FormParser,
  MAX_FIELD_BYTES,
  MAX_HEADER_BYTES,
  MAX_PARTS,
  MAX_TEXT_BYTES,
} from '../../../../src/endpoints/multipart/parser.ts'
import { B, end, field, file, pieces, read } from './parsed.ts'

t.test('limits, each with its twin', async (t) => {
  const whole = 1 << 24
  const padded = (bytes: number) => {
    const head = `Content-Disposition: form-data; name="a"; filename="f"\r\nContent-Type: a/b`
    return `--${B}\r\n${head}\r\n${`X: `.padEnd(bytes - head.length - 6, 'x')}\r\n\r\ny\r\n${end}`
  }
  t.equal(read(padded(MAX_HEADER_BYTES), whole), 'part 1 of the form has a header that parts of a form do not have')
  t.equal(
    read(padded(MAX_HEADER_BYTES + 1), whole),
    `part 1 of the form has more than ${MAX_HEADER_BYTES} bytes of headers`,
  )
  const many = (count: number) => Array.from({ length: count }, (_, nth) => field(`a${nth}`, '')).join('') + end
  t.equal(read(many(MAX_PARTS), whole).length, MAX_PARTS)
  t.equal(
    read(many(MAX_PARTS + 1), whole),
    `part ${MAX_PARTS} (\`a${MAX_PARTS - 1}\`) of the form is the last of ${MAX_PARTS} that a form may have`,
  )
  const text = (...bytes: readonly number[]) =>
    bytes.map((count, nth) => field(`a${nth}`, 'x'.repeat(count))).join('') + end
  t.equal(read(text(MAX_FIELD_BYTES), 50_000).length, 1)
  const long = 'has more than 1048576 bytes of text: send a file with a `filename`'
  t.equal(read(text(1, MAX_FIELD_BYTES + 1), 50_000), `part 2 (\`a1\`) of the form ${long}`)
  const half = MAX_TEXT_BYTES / 8
  t.equal(read(text(...Array(8).fill(half)), 50_000).length, 8)
  const much = 'has, with the fields before it, more than 4194304 bytes of text'
  t.equal(read(text(...Array(8).fill(half), 1), 50_000), `part 9 (\`a8\`) of the form ${much}`)
  t.equal(read(file('a', 'x'.repeat(MAX_TEXT_BYTES + 1)) + end, 50_000).length, 1, 'files have no limit here')
})

t.test('the first fault stands', async (t) => {
  const parser = new FormParser(B)
  const first = parser.push(Buffer.from('x'))
  t.same(parser.push(Buffer.from(field('a', 'x') + end)), first)
  t.same({ ok: false, fault: parser.end() }, first)
  t.match(first, { fault: { code: 'invalid_body', reason: 'body_invalid', param: null } })
})

t.test('a form that is read whole knows where its files stand', async (t) => {
  const body = Buffer.from(file('b', 'one') + field('a', 'x') + file('c', '') + file('d', 'fourteen bytes') + end)
  for (const size of [body.length, 1, 10]) {
    const reader = new FormReader(B)
    const kept: Buffer[] = []
    for (const piece of pieces(body, size)) {
      const bytes = reader.push(piece)
      if (bytes.ok) kept.push(...bytes.value)
    }
    t.equal(Buffer.concat(kept).toString(), 'onefourteen bytes')
    const form = reader.end()
    if (!form.ok) return t.fail(form.fault.message)
    t.equal(form.value.bytes, body.length)
    t.same(
      form.value.parts.map((part) => (part.kind === 'field' ? part.text : [part.head.name, part.from, part.to])),
      [['b', 0, 3], 'x', ['c', 3, 3], ['d', 3, 17]],
    )
  }
})
