import fc from 'fast-check'
import t from 'tap'
import { endOf, LineReader } from '../../../src/endpoints/batch-lines.ts'

/** The lines of a text that comes in these pieces; a number is a fault, in the line of that number. */
function linesOf(pieces: readonly Buffer[], maxBytes = 10): string[] | number {
  const reader = new LineReader(maxBytes)
  const lines: string[] = []
  for (const piece of pieces) {
    const ended = reader.push(piece)
    if (!ended.ok) return reader.count + 1
    lines.push(...ended.value.map((line) => line.toString('latin1')))
  }
  const last = reader.end()
  if (!last.ok) return reader.count + 1
  return last.value === null ? lines : [...lines, last.value.toString('latin1')]
}

const rows: readonly (readonly [name: string, text: string, expected: string[] | number])[] = [
  ['no lines', '', []],
  ['one without an end', 'a', ['a']],
  ['one with its end', 'a\n', ['a\n']],
  ['two', 'a\nb', ['a\n', 'b']],
  ['CR LF', 'a\r\nb\r\n', ['a\r\n', 'b\r\n']],
  ['a CR at the very end', 'a\r', ['a\r']],
  ['empty ones', '\n\na\n\n', ['\n', '\n', 'a\n', '\n']],
  ['as long as may be', '0123456789\n0123456789\r\n0123456789', ['0123456789\n', '0123456789\r\n', '0123456789']],
  ['one too long', 'a\n01234567890\n', 2],
  ['one too long, without an end', 'a\n01234567890', 2],
  ['one too long, with CR LF', '01234567890\r\n', 1],
]

const ends: readonly (readonly [line: string, bytes: number])[] = [
  ['', 0],
  ['a', 0],
  ['a\n', 1],
  ['a\r\n', 2],
  ['a\r\r\n', 2],
  ['a\r', 0],
  ['\n', 1],
  ['\r\n', 2],
]
t.test('what of a line is its end', async (t) => {
  for (const [line, bytes] of ends) t.equal(endOf(Buffer.from(line)), bytes, JSON.stringify(line))
})

t.test('lines are the same in pieces of any size', async (t) => {
  for (const [name, text, expected] of rows) {
    t.same(linesOf([Buffer.from(text)]), expected, name)
    t.same(linesOf([...text].map((one) => Buffer.from(one))), expected, `${name}, byte by byte`)
  }
  const letters = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'é'), maxLength: 60 })
  fc.assert(
    fc.property(letters, fc.array(fc.nat(60)), (text, cuts) => {
      const bytes = Buffer.from(text)
      const places = [0, ...cuts.sort((one, other) => one - other).filter((at) => at < bytes.length), bytes.length]
      const pieces = places.slice(1).map((to, index) => bytes.subarray(places[index], to))
      const whole = linesOf([bytes], 100)
      const simple = bytes.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? []
      return (
        JSON.stringify(linesOf(pieces, 100)) === JSON.stringify(whole) &&
        JSON.stringify(whole) === JSON.stringify(simple)
      )
    }),
  )
})

t.test('what has no end is not held beyond its bound', async (t) => {
  const reader = new LineReader(1000)
  let pushed = 0
  while (reader.push(Buffer.alloc(64)).ok) pushed += 64
  t.ok(pushed <= 1001 && reader.heldBytes <= 1001 + 64)
})
