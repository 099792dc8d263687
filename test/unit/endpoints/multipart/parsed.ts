import { FormParser } from '../../../../src/endpoints/multipart/parser.ts'

export const B = 'XboundX'
export const field = (name: string, value: string, more = '') =>
  `--${B}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
export const file = (name: string, value: string, more = '') => field(name, value, `; filename="f"${more}`)
export const end = `--${B}--\r\n`

/** Pieces of the given size; the whole where there is none. */
export function pieces(body: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(body.length / size) }, (_, nth) => body.subarray(nth * size, (nth + 1) * size))
}

/** Fields and files as `name=value`, or why there are none. */
export function read(body: Buffer | string, size: number, boundary = B): string[] | string {
  return readPieces(pieces(Buffer.from(body as string), size), boundary)
}

/** The same of pieces that are cut already. */
export function readPieces(pieces: readonly Buffer[], boundary: string): string[] | string {
  const parser = new FormParser(boundary)
  const told: string[] = []
  let bytes: Buffer[] = []
  let name = ''
  for (const piece of pieces) {
    const events = parser.push(piece)
    if (!events.ok) return events.fault.message
    for (const event of events.value) {
      if (event.kind === 'field') told.push(`${event.head.name}=${event.text}`)
      else if (event.kind === 'file') {
        name = event.head.name
        bytes = []
      } else if (event.kind === 'bytes') bytes.push(Buffer.from(event.bytes))
      else told.push(`${name}:${Buffer.concat(bytes).toString('latin1')}`)
    }
  }
  return parser.end()?.message ?? told
}
