import { isUtf8 } from 'node:buffer'
import { failed, ok, type Result } from '../../model/result.ts'
import { isNameOfField } from './field-name.ts'
import { isFileType, textType } from './part-type.ts'

/** What the headers of one part say, each of them in one reading only. */
export interface PartHead {
  /** ASCII, in the form `name`, `name[]`, `name[member]`. */
  readonly name: string
  /**
   * As it is written: `%22` stands for a quote and goes on as that. Null when there is none; empty when one is there and
   * empty, as some write a field that has a media type.
   */
  readonly filename: string | null
  /** The media type as it is written; null when the part names none. */
  readonly type: string | null
  /** What the part says of its own length; null when it says nothing. Unit: bytes. */
  readonly length: number | null
}

const MAX_FILENAME = 512
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([^ ](?:.*[^ ])?)$/
/** A token without `%`, or a quoted string: some readers take a backslash for an escape and others for itself. */
const PARAMETER = /; *([a-z]+)=(?:([!#$&'*+.^_`|~0-9A-Za-z-]+)|"([^"\\]*)")/y
/** What ends a line to somebody, in the file's name or once it is decoded. */
const LINE_ENDS = /[\p{Cc}\p{Zl}\p{Zp}]|%0[0ADad]/u

/** True for a part whose value is held and read as text; any other one is a file. */
export function isText({ filename }: PartHead): boolean {
  return filename === null || filename === ''
}

/**
 * Reads the headers of a part, without the empty line that ends them: exactly one `Content-Disposition: form-data` with
 * one `name`, at most one `filename`, `Content-Type` and `Content-Length`, and a `Content-Transfer-Encoding` only if it
 * encodes nothing. The failure is the end of a sentence: `has no name`.
 *
 * Does not check: that the length is the true one. Source: RFC 7578 sections 4.2 to 4.8, RFC 2183 section 2.
 */
export function readPartHead(bytes: Buffer): Result<PartHead, string> {
  if (!isUtf8(bytes)) return failed('has headers that are not valid UTF-8')
  const headers = new Map<string, string>()
  for (const line of bytes.toString('utf8').split('\r\n')) {
    if (/\p{Cc}/u.test(line)) return failed('has a control character in its headers')
    const [, name, value] = HEADER.exec(line) ?? []
    if (name === undefined || value === undefined) return failed('has a header that is not `name: value` on one line')
    const key = name.toLowerCase()
    if (headers.has(key)) return failed('has a header twice')
    headers.set(key, value)
  }
  return readHeaders(headers)
}

function readHeaders(headers: ReadonlyMap<string, string>): Result<PartHead, string> {
  let type: string | null = null
  let length: number | null = null
  for (const [key, value] of headers) {
    if (key === 'content-type') type = value
    else if (key === 'content-length') {
      if (!/^(?:0|[1-9][0-9]{0,14})$/.test(value)) return failed('has a `Content-Length` that is no number')
      length = Number(value)
    } else if (key === 'content-transfer-encoding') {
      if (!/^(?:binary|7bit|8bit)$/i.test(value)) return failed('has a `Content-Transfer-Encoding`: send it as it is')
    } else if (key !== 'content-disposition') return failed('has a header that parts of a form do not have')
  }
  const disposition = readDisposition(headers.get('content-disposition'))
  if (!disposition.ok) return disposition
  const head: PartHead = { ...disposition.value, type, length }
  const problem = typeProblem(head)
  return problem === null ? ok(head) : failed(problem)
}

function readDisposition(value: string | undefined): Result<{ name: string; filename: string | null }, string> {
  if (value === undefined || !/^form-data(?:;|$)/i.test(value)) {
    return failed('must have one `Content-Disposition: form-data`')
  }
  let name: string | undefined
  let filename: string | null = null
  PARAMETER.lastIndex = 'form-data'.length
  while (PARAMETER.lastIndex < value.length) {
    const [, key, token, quoted] = PARAMETER.exec(value) ?? []
    const written = token ?? quoted ?? ''
    if (key === 'name' && name === undefined) name = written
    else if (key === 'filename' && filename === null) filename = written
    else return failed('must have one `name`, at most one `filename` and nothing else in its `Content-Disposition`')
  }
  if (name === undefined) return failed('has no `name`')
  // It would be the charset of all other fields (RFC 7578 section 4.6), to those who know it.
  if (name.toLowerCase() === '_charset_') return failed('names a charset: write the form in UTF-8')
  if (!isNameOfField(name))
    return failed('has a `name` that is not letters, digits, `_`, `-` and at most 4 pairs of brackets')
  if (filename !== null && filename.length > MAX_FILENAME) {
    return failed(`has a \`filename\` of more than ${MAX_FILENAME} characters`)
  }
  if (filename !== null && LINE_ENDS.test(filename)) return failed('has a line end or a control in its `filename`')
  return ok({ name, filename })
}

function typeProblem(head: PartHead): string | null {
  const { type } = head
  if (type === null) return null
  if (!isText(head)) return isFileType(type) ? null : 'has a `Content-Type` that is no media type of a single file'
  return textType(type) === null ? 'has a `Content-Type` that no text field has: leave it out, or name the file' : null
}
