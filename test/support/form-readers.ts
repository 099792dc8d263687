import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import busboy from 'busboy'
import { Response } from 'undici'
import { boundaryOf } from '../../src/endpoints/multipart/boundary.ts'
import { FormReader } from '../../src/endpoints/multipart/form.ts'

/** One part as some reader takes it; `text` has the bytes of a file, too, one character each. */
export interface ReadPart {
  readonly name: string
  readonly filename: string | null
  readonly text: string
}

/** What our reader takes a body for; null for a refusal. */
export function readOurs(contentType: string, body: Buffer): ReadPart[] | null {
  const boundary = boundaryOf(contentType)
  if (!boundary.ok) return null
  const reader = new FormReader(boundary.value)
  const kept = reader.push(body)
  const form = kept.ok ? reader.end() : null
  if (!kept.ok || !form?.ok) return null
  const files = Buffer.concat(kept.value)
  return form.value.parts.map((part) => ({
    name: part.head.name,
    filename: part.head.filename,
    text:
      part.kind === 'file' ? files.toString('latin1', part.from, part.to) : Buffer.from(part.text).toString('latin1'),
  }))
}

/** What busboy takes it for; null for an error. Its own limits are put out of the way. */
export function readBusboy(contentType: string, body: Buffer): Promise<ReadPart[] | null> {
  return new Promise((resolve) => {
    const parts: (ReadPart | Promise<ReadPart>)[] = []
    let reader: busboy.Busboy
    try {
      reader = busboy({
        headers: { 'content-type': contentType },
        defParamCharset: 'utf8',
        preservePath: true,
        limits: { fieldNameSize: 1e6, fieldSize: 1e9 },
      })
    } catch {
      return resolve(null)
    }
    reader.on('field', (name, text) => parts.push({ name, filename: null, text: Buffer.from(text).toString('latin1') }))
    reader.on('file', (name, file, { filename }) => {
      parts.push(buffer(file).then((bytes) => ({ name, filename, text: bytes.toString('latin1') })))
    })
    reader.on('error', () => resolve(null))
    reader.on('close', () => Promise.all(parts).then(resolve, () => resolve(null)))
    Readable.from([body]).pipe(reader)
  })
}

/** What fetch takes it for; null for an error. */
export async function readFetch(contentType: string, body: Buffer): Promise<ReadPart[] | null> {
  let form: Awaited<ReturnType<Response['formData']>>
  try {
    form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
  } catch {
    return null
  }
  const parts = [...form].map(async ([name, value]): Promise<ReadPart> => {
    if (typeof value === 'string') return { name, filename: null, text: Buffer.from(value).toString('latin1') }
    return { name, filename: value.name, text: Buffer.from(await value.arrayBuffer()).toString('latin1') }
  })
  return Promise.all(parts)
}
