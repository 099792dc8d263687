import t from 'tap'
import { boundaryOf } from '../../../../src/endpoints/multipart/boundary.ts'

const read = (contentType: string | undefined) => {
  const boundary = boundaryOf(contentType)
  return boundary.ok ? boundary.value : boundary.fault.code
}

const form = 'multipart/form-data; boundary='
const refused = 'unsupported_media_type'

const rows: readonly (readonly [string, string | undefined, string])[] = [
  ['what curl writes', `${form}------------------------d74496d66958873e`, '------------------------d74496d66958873e'],
  ['what fetch writes', `${form}----formdata-undici-012345678901`, '----formdata-undici-012345678901'],
  ['a quoted boundary, as .NET writes it', `${form}"0c2b1e4a-77"`, '0c2b1e4a-77'],
  ['signs that need quotes, in them', `${form}"=_a/b:c?(d),e"`, '=_a/b:c?(d),e'],
  ['the same signs without quotes', `${form}=_a/b:c?(d),e`, refused],
  ['70 characters', form + 'a'.repeat(70), 'a'.repeat(70)],
  ['71 characters', form + 'a'.repeat(71), refused],
  ['one character', `${form}a`, 'a'],
  ['none', form, refused],
  ['none in quotes', `${form}""`, refused],
  ['the type in capitals', 'Multipart/Form-Data; boundary=a', 'a'],
  ['the parameter in capitals', 'multipart/form-data; Boundary=a', refused],
  ['no space before the parameter', 'multipart/form-data;boundary=a', 'a'],
  ['many of them', `multipart/form-data;${' '.repeat(200)}boundary=a`, 'a'],
  ['a space before the semicolon', 'multipart/form-data ; boundary=a', refused],
  ['a space around the sign', 'multipart/form-data; boundary = a', refused],
  ['a tab', 'multipart/form-data;\tboundary=a', refused],
  ['a boundary in another charset', `${form}"b\u00e9"`, refused],
  ['a space in the boundary', `${form}"a b"`, refused],
  ['a space at its end', `${form}"a "`, refused],
  ['a space behind it', `${form}a `, refused],
  ['an escape in it', `${form}"a\\b"`, refused],
  ['an open quote', `${form}"a`, refused],
  ['something behind the quotes', `${form}"a"b`, refused],
  ['two boundaries', `${form}a; boundary=b`, refused],
  ['the same boundary twice', `${form}a; boundary=a`, refused],
  ['a boundary that is continued', 'multipart/form-data; boundary*0=a', refused],
  ['a boundary that is encoded', "multipart/form-data; boundary*=utf-8''a", refused],
  ['a semicolon at the end', `${form}a;`, refused],
  ['two types', `${form}a, multipart/form-data; boundary=b`, refused],
  ['the charset that is meant anyway', `${form}a; charset=UTF-8`, 'a'],
  ['the same before the boundary', 'multipart/form-data; charset=utf-8; boundary=a', 'a'],
  ['another charset', `${form}a; charset=utf-16`, refused],
  ['a charset twice', `${form}a; charset=utf-8; charset=utf-8`, refused],
  ['another parameter', `${form}a; type=x`, refused],
  ['no boundary', 'multipart/form-data', refused],
  ['a boundary in the type', 'multipart/form-data-boundary=a', refused],
  ['another kind of multipart', 'multipart/mixed; boundary=a', refused],
  ['another type', 'application/json', refused],
  ['no type', undefined, refused],
  ['a type longer than any', `multipart/form-data;${' '.repeat(300)}boundary=a`, refused],
]

t.test('the boundary that a content type names', async (t) => {
  for (const [name, contentType, expected] of rows) t.equal(read(contentType), expected, name)
})
