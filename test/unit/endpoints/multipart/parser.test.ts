import t from 'tap'
import { B, end, field, file, read, readPieces } from './parsed.ts'

const within = 'has its boundary within a line'
const rows: readonly (readonly [string, string, string[] | string])[] = [
  ['a field', field('a', 'x') + end, ['a=x']],
  ['an empty field', field('a', '') + end, ['a=']],
  ['a field and a file', field('a', 'x') + file('b', 'y') + end, ['a=x', 'b:y']],
  ['a file and a field', file('b', 'y') + field('a', 'x') + end, ['b:y', 'a=x']],
  ['an empty file', file('b', '') + end, ['b:']],
  ['line ends in a field', field('a', '\r\n\r\nx\r\n\n\r') + end, ['a=\r\n\r\nx\r\n\n\r']],
  [
    'what looks like headers in a file',
    file('b', 'Content-Disposition: form-data; name="a"\r\n\r\nx') + end,
    ['b:Content-Disposition: form-data; name="a"\r\n\r\nx'],
  ],
  [
    'beginnings of a boundary',
    file('b', '\r\n--Xbound\r\n--X-\r\r\n-\r\n\r') + end,
    ['b:\r\n--Xbound\r\n--X-\r\r\n-\r\n\r'],
  ],
  ['the boundary without its dashes', file('b', `\r\n-${B}\r\n`) + end, [`b:\r\n-${B}\r\n`]],
  ['another case of it', file('b', `\r\n--${B.toLowerCase()}\r\n`) + end, [`b:\r\n--${B.toLowerCase()}\r\n`]],
  ['no line end behind the last boundary', `${field('a', 'x')}--${B}--`, ['a=x']],
  ['a length that is true', field('a', 'xyz', '\r\nContent-Length: 3') + end, ['a=xyz']],
  [
    'a length that is not',
    field('a', 'xyz', '\r\nContent-Length: 4') + end,
    'part 1 (`a`) of the form is not as long as its `Content-Length` says',
  ],
  [
    'a length of a file that is not',
    file('a', 'xyz', '\r\nContent-Length: 2') + end,
    'part 1 (`a`) of the form is not as long as its `Content-Length` says',
  ],
  ['two fields of one name, which are judged later', field('a', '1') + field('a', '2') + end, ['a=1', 'a=2']],

  ['an empty body', '', 'the form ends before the last boundary'],
  ['no parts', end, 'the form has no parts'],
  ['a preamble', `x\r\n${field('a', 'x')}${end}`, 'the form must begin with its boundary'],
  ['a line end before the first boundary', `\r\n${field('a', 'x')}${end}`, 'the form must begin with its boundary'],
  ['another boundary', field('a', 'x').replaceAll('X', 'Y') + end, 'the form must begin with its boundary'],
  [
    'a boundary that begins like it',
    field('a', 'x').replace(B, `${B}X`) + end,
    'the form has a boundary with something behind it',
  ],
  [
    'space behind the first boundary',
    field('a', 'x').replace(B, `${B} `) + end,
    'the form has a boundary with something behind it',
  ],
  ['space behind the last boundary', `${field('a', 'x')}--${B}-- \r\n`, 'the form goes on behind its last boundary'],
  ['an epilogue', `${field('a', 'x')}${end}y`, 'the form goes on behind its last boundary'],
  ['a line feed more', `${field('a', 'x')}${end}\n`, 'the form goes on behind its last boundary'],
  ['a second line end', `${field('a', 'x')}${end}\r\n`, 'the form goes on behind its last boundary'],
  ['half a line end', `${field('a', 'x')}--${B}--\r`, 'the form goes on behind its last boundary'],
  ['a bare line feed at the end', `${field('a', 'x')}--${B}--\n`, 'the form goes on behind its last boundary'],
  [
    'parts behind the last boundary',
    field('a', 'x') + end + field('b', 'y') + end,
    'the form goes on behind its last boundary',
  ],
  ['no last boundary', field('a', 'x'), 'part 1 (`a`) of the form ends before the last boundary'],
  [
    'a last boundary of one dash',
    `${field('a', 'x')}--${B}-\r\n`,
    'part 1 (`a`) of the form has a boundary with something behind it',
  ],
  ['no dashes before it', `${field('a', 'x')}${B}--\r\n`, 'part 1 (`a`) of the form ends before the last boundary'],
  ['an end within the headers', `--${B}\r\nContent-Disp`, 'part 1 of the form ends before the last boundary'],
  [
    'an end within the second part',
    `${field('a', 'x')}${field('b', 'y')}`,
    'part 2 (`b`) of the form ends before the last boundary',
  ],
  [
    'line feeds alone',
    (field('a', 'x') + end).replaceAll('\r', ''),
    'the form has a boundary with something behind it',
  ],
  [
    'a line feed alone before a boundary',
    `${field('a', 'x').slice(0, -2)}\n${end}`,
    `part 1 (\`a\`) of the form ${within}`,
  ],
  [
    'a carriage return alone before one',
    `${field('a', 'x').slice(0, -2)}\r${end}`,
    `part 1 (\`a\`) of the form ${within}`,
  ],
  ['a boundary behind half a line end', file('a', `x\rx--${B}`) + end, `part 1 (\`a\`) of the form ${within}`],
  [
    'headers that end with a bare line feed',
    `--${B}\r\nContent-Disposition: form-data; name="a"\n\r\nx\r\n\r\n${end}`,
    'part 1 of the form has a control character in its headers',
  ],
  [
    'headers that end with a line of one byte',
    `--${B}\r\nContent-Disposition: form-data; name="a"\r\nx\ny\r\n\r\n${end}`,
    'part 1 of the form has a control character in its headers',
  ],
  ['a boundary within a line', file('a', `x--${B}`) + end, `part 1 (\`a\`) of the form ${within}`],
  [
    'a boundary in place of content',
    `--${B}\r\nContent-Disposition: form-data; name="a"\r\n\r\n${end}`,
    `part 1 (\`a\`) of the form ${within}`,
  ],
  [
    'a longer boundary in a file',
    file('a', `\r\n--${B}X`) + end,
    'part 1 (`a`) of the form has a boundary with something behind it',
  ],
  [
    'a second part without a name',
    `${field('a', 'x')}--${B}\r\nContent-Disposition: form-data\r\n\r\nx\r\n${end}`,
    'part 2 of the form has no `name`',
  ],
  [
    'a part without headers',
    `--${B}\r\n\r\nx\r\n${end}`,
    'part 1 of the form has a header that is not `name: value` on one line',
  ],
  [
    'headers that begin with an empty line',
    `--${B}\r\n\r\n${field('a', 'x').slice(B.length + 4)}${end}`,
    'part 1 of the form has a header that is not `name: value` on one line',
  ],
  ['a zero byte in a field', field('a', 'x\0y') + end, 'part 1 (`a`) of the form has a zero byte in its text'],
  ['a zero byte in a file', file('a', 'x\0y') + end, ['a:x\0y']],
  [
    'a byte order mark',
    field('a', '\ufeffx') + end,
    'part 1 (`a`) of the form begins with a byte order mark: leave it out',
  ],
]

t.test('a form is read alike, however it is cut, or refused', async (t) => {
  for (const [name, body, expected] of rows) {
    for (const size of [body.length + 1, 1, 2, 3, 7, 64]) t.same(read(body, size), expected, `${name}, by ${size}`)
    const bytes = Buffer.from(body)
    const places = [...bytes.keys()].filter((at) => {
      const halves = readPieces([bytes.subarray(0, at), bytes.subarray(at)], B)
      return JSON.stringify(halves) !== JSON.stringify(expected)
    })
    t.same(places, [], `${name}, in two`)
  }
  const latin1 = Buffer.from(field('a', 'é') + end, 'latin1')
  t.same(read(latin1, 9), 'part 1 (`a`) of the form is not valid UTF-8')
})

t.test('boundaries that are like what they end', async (t) => {
  for (const boundary of ['-', '--', 'a', '-'.repeat(70), '--a--', "'()+_,./:=?"]) {
    const body = (value: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="b"; filename="f"\r\n\r\n${value}\r\n--${boundary}--\r\n`
    for (const value of ['', 'x', '\r\n', '\r\r\n', '\r\n\r\n-x']) {
      for (const size of [1000, 1, 3])
        t.same(read(body(value), size, boundary), [`b:${value}`], `${boundary} by ${size}`)
    }
  }
})
