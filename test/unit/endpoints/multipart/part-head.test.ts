import t from 'tap'
import { fieldName } from '../../../../src/endpoints/multipart/field-name.ts'
import { readPartHead } from '../../../../src/endpoints/multipart/part-head.ts'

const read = (...lines: readonly string[]) => {
  const head = readPartHead(Buffer.from(lines.join('\r\n')))
  if (!head.ok) return head.fault
  const told = Object.entries(head.value).filter(([, value]) => value !== null)
  return Object.fromEntries(told)
}

const field = 'Content-Disposition: form-data; name="a"'
const file = `${field}; filename="f"`
const heads: (readonly [string, readonly string[], object])[] = [
  ['a field', [field], { name: 'a' }],
  ['a file', [file], { name: 'a', filename: 'f' }],
  ['a file with its type', [file, 'Content-Type: audio/mpeg'], { name: 'a', filename: 'f', type: 'audio/mpeg' }],
  ['headers in the other order', ['Content-Type: audio/mpeg', file], { name: 'a', filename: 'f', type: 'audio/mpeg' }],
  ['header names in any case', ['content-disposition: form-data; name="a"'], { name: 'a' }],
  ['the disposition in any case', ['Content-Disposition: Form-Data; name="a"'], { name: 'a' }],
  ['no space behind the colon', ['Content-Disposition:form-data;name="a"'], { name: 'a' }],
  [
    'tokens, as .NET writes them',
    ['Content-Disposition: form-data; name=a; filename=f.mp3'],
    { name: 'a', filename: 'f.mp3' },
  ],
  ['the filename first', ['Content-Disposition: form-data; filename="f"; name="a"'], { name: 'a', filename: 'f' }],
  ['a name in the filename', [`${field}; filename="x; name=model"`], { name: 'a', filename: 'x; name=model' }],
  ['a quote in the filename', [`${field}; filename="a%22b"`], { name: 'a', filename: 'a%22b' }],
  ['another percent sign', [`${field}; filename="100%25 %41.txt"`], { name: 'a', filename: '100%25 %41.txt' }],
  ['a filename beyond ASCII', [`${field}; filename="größe 日本.mp3"`], { name: 'a', filename: 'größe 日本.mp3' }],
  [
    'an empty filename',
    [`${field}; filename=""`, 'Content-Type: application/json'],
    { name: 'a', filename: '', type: 'application/json' },
  ],
  ['a list', ['Content-Disposition: form-data; name="a[]"'], { name: 'a[]' }],
  ['a member', ['Content-Disposition: form-data; name="a[b][c]"'], { name: 'a[b][c]' }],
  ['a length', [field, 'Content-Length: 5'], { name: 'a', length: 5 }],
  ['no encoding, said so', [field, 'Content-Transfer-Encoding: binary'], { name: 'a' }],
  ['the same in capitals', [field, 'Content-Transfer-Encoding: 8BIT'], { name: 'a' }],
  [
    'a field of text',
    [field, 'Content-Type: text/plain; charset=UTF-8'],
    { name: 'a', type: 'text/plain; charset=UTF-8' },
  ],
  ['a field of JSON', [field, 'Content-Type: application/json'], { name: 'a', type: 'application/json' }],
  [
    'a file of text in another charset',
    [file, 'Content-Type: text/csv; charset=utf-16'],
    { name: 'a', filename: 'f', type: 'text/csv; charset=utf-16' },
  ],
  [
    'a type with a quoted parameter',
    [file, 'Content-Type: audio/ogg; codecs="a, b"'],
    { name: 'a', filename: 'f', type: 'audio/ogg; codecs="a, b"' },
  ],
]

const longType = `a/${'b'.repeat(254)}`
heads.push(
  [
    'a filename of 512 characters',
    [`${field}; filename="${'f'.repeat(512)}"`],
    { name: 'a', filename: 'f'.repeat(512) },
  ],
  ['a type of 256', [file, `Content-Type: ${longType}`], { name: 'a', filename: 'f', type: longType }],
)

const disposition = 'must have one `name`, at most one `filename` and nothing else in its `Content-Disposition`'
const noDisposition = 'must have one `Content-Disposition: form-data`'
const badName = 'has a `name` that is not letters, digits, `_`, `-` and at most 4 pairs of brackets'
const noHeader = 'has a header that is not `name: value` on one line'
const noType = 'has a `Content-Type` that is no media type of a single file'
const noText = 'has a `Content-Type` that no text field has: leave it out, or name the file'
const lineEnd = 'has a line end or a control in its `filename`'
const control = 'has a control character in its headers'
const named = (name: string) => [`Content-Disposition: form-data; name="${name}"`]
const calledFile = (filename: string) => [`${field}; filename="${filename}"`]
const refusals: readonly (readonly [string, readonly string[], string])[] = [
  ['no headers', [''], noHeader],
  ['no disposition', ['Content-Type: text/plain'], noDisposition],
  ['another disposition', ['Content-Disposition: attachment; name="a"'], noDisposition],
  ['a disposition that begins like it', ['Content-Disposition: form-datax; name="a"'], noDisposition],
  ['a disposition twice', [field, field], 'has a header twice'],
  ['the same in another case', [field, field.toLowerCase()], 'has a header twice'],
  ['a type twice', [file, 'Content-Type: a/b', 'content-type: a/b'], 'has a header twice'],
  ['no name', ['Content-Disposition: form-data; filename="f"'], 'has no `name`'],
  ['a name twice', [`${field}; name="b"`], disposition],
  ['the same name twice', [`${field}; name="a"`], disposition],
  ['a filename twice', [`${file}; filename="g"`], disposition],
  ['an encoded filename', [`${file}; filename*=utf-8''g`], disposition],
  ['an encoded filename alone', [`${field}; filename*=utf-8''g`], disposition],
  ['an encoded name', ["Content-Disposition: form-data; name*=utf-8''model"], disposition],
  ['a name that is continued', ['Content-Disposition: form-data; name*0="mo"; name*1="del"'], disposition],
  ['the parameter in capitals', ['Content-Disposition: form-data; Name="a"'], disposition],
  ['another parameter', [`${field}; size=4`], disposition],
  ['a semicolon at the end', [`${field};`], disposition],
  ['something behind the quotes', ['Content-Disposition: form-data; name="a"b'], disposition],
  ['two parameters without a semicolon', ['Content-Disposition: form-data; name="a" filename="b"'], disposition],
  ['a space before the semicolon', ['Content-Disposition: form-data ; name="a"'], noDisposition],
  ['a space before the next one', [`${field} ; filename="f"`], disposition],
  ['a space around the sign', ['Content-Disposition: form-data; name = "a"'], disposition],
  ['single quotes', ["Content-Disposition: form-data; name='a b'"], disposition],
  ['an open quote', ['Content-Disposition: form-data; name="a'], disposition],
  ['an escaped quote', named('a\\"b'), disposition],
  ['a backslash in the filename', calledFile('a\\b'), disposition],
  ['an empty name', named(''), badName],
  ['a space before the name', named(' model'), badName],
  ['a space behind it', named('model '), badName],
  ['a wide letter', named('ｍodel'), badName],
  ['a letter of another script', named('mоdel'), badName],
  ['what is not seen', named('mod\u200bel'), badName],
  ['a dot, which is a member to some', named('model.name'), badName],
  ['a field that is the charset of all', named('_charset_'), 'names a charset: write the form in UTF-8'],
  ['the same in capitals', named('_CHARSET_'), 'names a charset: write the form in UTF-8'],
  ['a percent sign', named('%6dodel'), badName],
  ['an encoded quote', named('a%22'), badName],
  ['an encoded line end', named('a%0D%0Ab'), badName],
  ['an open bracket', named('a[b'), badName],
  ['a closing one alone', named('a]'), badName],
  ['one in another', named('a[b[c]]'), badName],
  ['something behind brackets', named('a[]b'), badName],
  ['nothing before brackets', named('[a]'), badName],
  ['five pairs of brackets', named('a[b][c][d][e][f]'), badName],
  ['five that are empty', named('a[][][][][]'), badName],
  ['129 characters', named('a'.repeat(129)), badName],
  ['an encoded line end in the filename', calledFile('a%0db'), lineEnd],
  ['an encoded zero', calledFile('a%00b'), lineEnd],
  ['a line separator', calledFile('a\u2028b'), noHeader],
  ['a control of two bytes', calledFile('a\u0085b'), control],
  ['513 characters', calledFile('f'.repeat(513)), 'has a `filename` of more than 512 characters'],
  ['a zero byte', named('a\0'), control],
  ['a tab', ['Content-Disposition:\tform-data; name="a"'], control],
  ['a bare line feed', [`${field}\nContent-Type: text/plain`], control],
  ['a bare carriage return', [`${field}\rContent-Type: text/plain`], control],
  ['a folded header', ['Content-Disposition: form-data;', ' name="a"'], noHeader],
  ['a space before the colon', ['Content-Disposition : form-data; name="a"'], noHeader],
  ['no colon', [field, 'x'], noHeader],
  ['a header without a value', [field, 'Content-Type:'], noHeader],
  ['a space at the end of a line', [`${field} `], noHeader],
  ['a header that is not of forms', [field, 'X-A: b'], 'has a header that parts of a form do not have'],
  ['a base64 part', [file, 'Content-Transfer-Encoding: base64'], 'has a `Content-Transfer-Encoding`: send it as it is'],
  ['a length that is no number', [field, 'Content-Length: +5'], 'has a `Content-Length` that is no number'],
  ['files in a file', [file, 'Content-Type: multipart/mixed; boundary=b'], noType],
  ['a message', [file, 'Content-Type: message/rfc822'], noType],
  ['no media type', [file, 'Content-Type: audio'], noType],
  ['a parameter twice', [file, 'Content-Type: a/b; c=d; C=e'], noType],
  ['a type beyond ASCII', [file, 'Content-Type: audio/é'], noType],
  ['a parameter beyond ASCII', [file, 'Content-Type: a/b; c="é"'], noType],
  ['a type of 257 characters', [file, `Content-Type: ${longType}b`], noType],
  ['a field in another charset', [field, 'Content-Type: text/plain; charset=utf-16'], noText],
  ['a field that readers take for a file', [field, 'Content-Type: application/octet-stream'], noText],
  ['an empty file, as browsers send none', [`${field}; filename=""`, 'Content-Type: application/octet-stream'], noText],
]

t.test('the headers of a part', async (t) => {
  for (const [name, lines, expected] of heads) t.same(read(...lines), expected, name)
  for (const [name, lines, expected] of refusals) t.equal(read(...lines), expected, name)
  const latin1 = readPartHead(Buffer.from(`${field}; filename="é"`, 'latin1'))
  t.same(latin1, { ok: false, fault: 'has headers that are not valid UTF-8' })
})

t.test('what a name is taken apart into', async (t) => {
  const rows = [
    ['a', { root: 'a', shape: 'one', members: [] }],
    ['a[]', { root: 'a', shape: 'list', members: [] }],
    ['a[b]', { root: 'a', shape: 'member', members: ['b'] }],
    ['a[0]', { root: 'a', shape: 'member', members: ['0'] }],
    ['a[b][c]', { root: 'a', shape: 'member', members: ['b', 'c'] }],
    ['a[][b]', { root: 'a', shape: 'list', members: ['b'] }],
  ] as const
  for (const [name, expected] of rows) t.same(fieldName(name), expected, name)
})
