/** A body with the boundary that it is sent with. */
export interface FormBody {
  readonly says: string
  readonly boundary: string
  readonly body: Buffer
}

const B = 'XboundX'
const D = 'Content-Disposition: form-data'
const part = (headers: string, value = 'x', boundary = B) => `--${boundary}\r\n${headers}\r\n\r\n${value}\r\n`
const end = `--${B}--\r\n`
const model = part(`${D}; name="model"`, 'whisper-1')
const file = part(`${D}; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg`, 'ID3\0\r\n\r\n--')

/**
 * Bodies that readers of forms have been found to disagree on, beside what honest clients write. Mutations start from
 * them, and what a fuzzer finds is kept here.
 */
export const CORPUS: readonly FormBody[] = [
  ['a form of fetch', model + file + end],
  ['the file first', file + model + end],
  ['no line end at the end', `${model + file}--${B}--`],
  ['.NET: unquoted, the type first', part(`Content-Type: text/plain; charset=utf-8\r\n${D}; name=model`, 'm') + end],
  [
    'Apache: an encoding that is none',
    part(`${D}; name="a"\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit`) + end,
  ],
  ['OkHttp: lengths', part(`${D}; name="a"\r\nContent-Length: 1`) + end],
  [
    'the SDK: a field with a type',
    part(`${D}; name="session"; filename=""\r\nContent-Type: application/json`, '{}') + end,
  ],
  ['the model twice', model + part(`${D}; name="model"`, 'gpt-4o') + end],
  ['the model in an encoded name', part(`${D}; name="a"; name*=utf-8''model`) + end],
  ['the model in a filename', part(`${D}; filename="x; name=model"; name="a"`) + end],
  ['the model by a second name', part(`${D}; name="a"; name="model"`) + end],
  ['the model by an escape', part(`${D}; name="mo\\del"`) + end],
  ['the model by an escaped quote', part(`${D}; name="a\\"; name="model"`) + end],
  ['an escaped quote in a filename', part(`${D}; name="a"; filename="a\\"b"`) + end],
  ['an escape in a filename', part(`${D}; name="a"; filename="a\\\\b"`) + end],
  ['the model in a folded header', part(`${D};\r\n name="model"`) + end],
  ['the model in a second disposition', part(`${D}; name="a"\r\n${D}; name="model"`) + end],
  ['the model behind a line feed', part(`${D}; name="a"\nX: y`) + end],
  ['the model behind the end', model + end + part(`${D}; name="model"`, 'gpt-4o') + end],
  ['the model before the beginning', `${D}; name="model"\r\n\r\ngpt-4o\r\n${model}${end}`],
  ['the model behind a bare line feed', part(`${D}; name="a"`, `x\n${model.slice(0, -2)}`) + end],
  ['the model behind a bare carriage return', part(`${D}; name="a"`, `x\r${model.slice(0, -2)}`) + end],
  [
    'the model behind a longer boundary',
    part(`${D}; name="a"`, `x\r\n${model.replace(B, `${B}a`).slice(0, -2)}`) + end,
  ],
  ['the model behind space', part(`${D}; name="a"`, `x\r\n${model.replace(B, `${B} \t`).slice(0, -2)}`) + end],
  ['the model behind another case', part(`${D}; name="a"`, `x\r\n${model.replaceAll('X', 'x').slice(0, -2)}`) + end],
  [
    'the model in parts of parts',
    part(`${D}; name="a"; filename="f"\r\nContent-Type: multipart/mixed; boundary=c`, `${part(D, 'x', 'c')}--c--`) +
      end,
  ],
  ['the model in base64', part(`${D}; name="model"\r\nContent-Transfer-Encoding: base64`, 'Z3B0LTRv') + end],
  ['the model in UTF-16', part(`${D}; name="model"\r\nContent-Type: text/plain; charset=utf-16`) + end],
  ['the model in a charset of all', part(`${D}; name="_charset_"`, 'utf-16') + model + end],
  ['the model with a zero byte', part(`${D}; name="model"`, 'm\0n') + end],
  ['the model with a mark', part(`${D}; name="model"`, '\ufeffm') + end],
  ['the model as bytes', part(`${D}; name="model"\r\nContent-Type: application/octet-stream`) + end],
  ['the model as a file', part(`${D}; name="model"; filename="m"`, 'm') + end],
  ['no headers', `--${B}\r\n\r\nx\r\n${end}`],
  ['no content', `--${B}\r\n${D}; name="a"\r\n\r\n${end}`],
  ['no parts', end],
  ['nothing', ''],
]
  .map(([says, body]) => ({ says: String(says), boundary: B, body: Buffer.from(String(body)) }))
  .concat({
    says: 'a boundary of dashes',
    boundary: '--',
    body: Buffer.from(`${part(`${D}; name="a"; filename="b"`, '---\r\n--\r\n-', '--')}------\r\n`),
  })
