import t from 'tap'
import { boundaryOf } from '../../../../src/endpoints/multipart/boundary.ts'
import { type WrittenForm, writeForm } from '../../../../src/endpoints/multipart/written.ts'
import { formBytes, type Part, readForm } from './formed.ts'

const OWN = 'f00dfeed'.repeat(5)

function read(parts: readonly Part[]) {
  const found = readForm(formBytes(parts))
  if (typeof found === 'string') throw new Error(found)
  return found
}

/** The bytes that go upstream. */
function sent({ segments }: WrittenForm, files: Buffer): Buffer {
  return Buffer.concat(
    segments.map((segment) => (Buffer.isBuffer(segment) ? segment : files.subarray(segment.from, segment.to))),
  )
}

const head = (name: string, more = '') => `--${OWN}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`
const end = `--${OWN}--\r\n`

t.test('a form is written anew', async (t) => {
  const rows: readonly (readonly [string, readonly Part[], [string, string][], string])[] = [
    ['a field', [['a', 'x']], [], `${head('a')}x\r\n${end}`],
    [
      'a file',
      [['f', 'bytes', 'f.mp3', 'audio/mpeg']],
      [],
      `${head('f', '; filename="f.mp3"\r\nContent-Type: audio/mpeg')}bytes\r\n${end}`,
    ],
    [
      'a file without a type',
      [['f', '', 'f']],
      [],
      `${head('f', '; filename="f"\r\nContent-Type: application/octet-stream')}\r\n${end}`,
    ],
    [
      'a filename with a quote',
      [['f', '', 'a%22b', 'a/b']],
      [],
      `${head('f', '; filename="a%22b"\r\nContent-Type: a/b')}\r\n${end}`,
    ],
    [
      'the types of fields',
      [
        ['a', '{}', undefined, 'Application/JSON; charset=utf-8'],
        ['b', 'v=0', '', 'application/sdp'],
      ],
      [],
      `${head('a', '\r\nContent-Type: application/json')}{}\r\n${head('b', '\r\nContent-Type: application/sdp')}v=0\r\n${end}`,
    ],
    [
      'another value',
      [
        ['f', 'bytes', 'f', 'a/b'],
        ['model', 'fast'],
      ],
      [['model', 'whisper-1']],
      `${head('f', '; filename="f"\r\nContent-Type: a/b')}bytes\r\n${head('model')}whisper-1\r\n${end}`,
    ],
    [
      'a value that was not there',
      [['model', 'm']],
      [
        ['user', 'üser'],
        ['model', '$&'],
      ],
      `${head('user')}üser\r\n${head('model')}$&\r\n${end}`,
    ],
    [
      'a value that looks like a part',
      [['a', `\r\n--x\r\n${head('model').slice(2)}`]],
      [],
      `${head('a')}\r\n--x\r\n${head('model').slice(2)}\r\n${end}`,
    ],
  ]
  for (const [name, parts, changes, expected] of rows) {
    const { form, files } = read(parts)
    const written = writeForm(form, OWN, new Map(changes))
    t.equal(sent(written, files).toString(), expected, name)
    t.equal(written.length, Buffer.byteLength(expected), `${name}: length`)
    t.same(boundaryOf(written.contentType), { ok: true, value: OWN }, `${name}: type`)
  }
})

t.test('of the client’s own bytes only names, types and values go on', async (t) => {
  const bytes = Buffer.from(
    [
      '--b\r\ncontent-TYPE:   text/plain; charset=us-ascii\r\nCONTENT-DISPOSITION:form-data;name=a',
      'Content-Length: 1\r\nContent-Transfer-Encoding: 7bit\r\n\r\nx\r\n--b--',
    ].join('\r\n'),
  )
  const found = readForm(bytes, 'b')
  if (typeof found === 'string') return t.fail(found)
  t.equal(
    sent(writeForm(found.form, OWN), found.files).toString(),
    `--${OWN}\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain\r\n\r\nx\r\n${end}`,
  )
})

t.test('bytes of files are not looked at, and stand where they stood', async (t) => {
  const { form, files } = read([
    ['f', 'one', 'f'],
    ['a', 'x'],
    ['g', 'two', 'g'],
    ['h', '', 'h'],
  ])
  const { segments } = writeForm(form, OWN)
  const ranges = segments.filter((segment) => !Buffer.isBuffer(segment))
  t.same(ranges, [
    { from: 0, to: 3 },
    { from: 3, to: 6 },
  ])
  t.equal(files.toString(), 'onetwo')
})

t.test('a boundary that could be guessed is a bug', async (t) => {
  const { form } = read([['a', 'x']])
  for (const boundary of ['', 'a'.repeat(31), 'a'.repeat(71), `${'a'.repeat(40)}\r`, `${'a'.repeat(40)}"`]) {
    t.throws(() => writeForm(form, boundary), JSON.stringify(boundary))
  }
  t.doesNotThrow(() => writeForm(form, 'a'.repeat(32)))
})
