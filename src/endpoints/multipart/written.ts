import type { Segment } from '../../model/segments.ts'
import type { Form, FormPart } from './form.ts'
import { textType } from './part-type.ts'

/** A form as it goes upstream; the segments that are no bytes stand for those of its files. */
export interface WrittenForm {
  readonly contentType: string
  readonly length: number
  readonly segments: readonly Segment[]
}

/** What a client cannot have put into a file: the boundary is ours, and made when the form was read. */
const BOUNDARY = /^[0-9A-Za-z]{32,70}$/

/**
 * Writes a form that was judged anew: every boundary, header and line end is ours, and of the client's own headers only
 * the name, the filename and the media type go on, as they were read. Files pass as they are.
 *
 * `changes` are fields to set: one that is there, once, has its value replaced, and one that is not stands before all.
 * `rename`: what files are called, by what they were called; it adds nothing that a quoted string does not hold.
 * `boundary` must be unpredictable to the client: 32 to 70 letters and digits. Throws on another one, for then what is
 * sent could be read as another form.
 */
export function writeForm(
  form: Form,
  boundary: string,
  changes: ReadonlyMap<string, string> = NO_CHANGES,
  rename: (filename: string) => string = unchanged,
): WrittenForm {
  if (!BOUNDARY.test(boundary)) throw new Error('a boundary must be 32 to 70 letters and digits')
  const segments: Segment[] = []
  let length = 0
  let text = ''
  const flush = () => {
    if (text === '') return
    const bytes = Buffer.from(text)
    segments.push(bytes)
    length += bytes.length
    text = ''
  }
  for (const [name, value] of added(form, changes)) text += `${headOf(boundary, name, null, null)}${value}\r\n`
  for (const part of form.parts) {
    const filename = part.kind === 'file' && part.head.filename !== null ? rename(part.head.filename) : null
    text += headOf(boundary, part.head.name, filename, typeOf(part))
    if (part.kind === 'field') text += changes.get(part.head.name) ?? part.text
    else if (part.to > part.from) {
      flush()
      segments.push({ from: part.from, to: part.to })
      length += part.to - part.from
    }
    text += '\r\n'
  }
  text += `--${boundary}--\r\n`
  flush()
  return { contentType: `multipart/form-data; boundary=${boundary}`, length, segments }
}

const NO_CHANGES: ReadonlyMap<string, string> = new Map()
const unchanged = (filename: string): string => filename

function added(form: Form, changes: ReadonlyMap<string, string>): (readonly [string, string])[] {
  const names = new Set(form.parts.map(({ head }) => head.name))
  return [...changes].filter(([name]) => !names.has(name))
}

/** Names, filenames and types hold nothing that would end a quoted string or a line. */
function headOf(boundary: string, name: string, filename: string | null, type: string | null): string {
  const named = filename === null ? '' : `; filename="${filename}"`
  const typed = type === null ? '' : `\r\nContent-Type: ${type}`
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${named}${typed}\r\n\r\n`
}

/** A file without a type is one of bytes (RFC 7578 section 4.4 would have it text); a field says its type if it did. */
function typeOf({ kind, head }: FormPart): string | null {
  if (kind === 'file') return head.type ?? 'application/octet-stream'
  return head.type === null ? null : textType(head.type)
}
