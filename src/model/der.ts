/** One element of DER: where its content begins and ends. */
export interface DerElement {
  readonly tag: number
  /** Of its tag. */
  readonly from: number
  readonly start: number
  readonly end: number
}

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const

/**
 * Reads the elements that fill `bytes` from `start` to `end` exactly; null where they do not, or are not in the one form that
 * DER has for them: tags of one byte, definite lengths in as few bytes as there can be. Source: X.690 sections 8.1 and 10.1.
 */
export function derElements(bytes: Buffer, start: number, end: number, most = 1024): readonly DerElement[] | null {
  const elements: DerElement[] = []
  let at = start
  while (at < end) {
    const element = elementAt(bytes, at, end)
    if (element === null || elements.length >= most) return null
    elements.push(element)
    at = element.end
  }
  return elements
}

/** The parts of an element of the given tag; null for every other one. */
export function derParts(
  bytes: Buffer,
  element: DerElement | undefined,
  tag: number,
  most?: number,
): readonly DerElement[] | null {
  return element?.tag === tag ? derElements(bytes, element.start, element.end, most) : null
}

function elementAt(bytes: Buffer, at: number, end: number): DerElement | null {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || at + 2 > end || (tag & 0x1f) === 0x1f) return null
  const count = first < 0x80 ? 0 : first & 0x7f
  if (count > 4 || (first >= 0x80 && count === 0) || at + 2 + count > end) return null
  const length = count === 0 ? first : bytes.readUIntBE(at + 2, count)
  if (count > 0 && (length < 0x80 || length < 2 ** (8 * (count - 1)))) return null
  const start = at + 2 + count
  return start + length > end ? null : { tag, from: at, start, end: start + length }
}

/** The content in hexadecimal digits: the one spelling of an object identifier or a serial number. */
export function derHex(bytes: Buffer, { start, end }: DerElement): string {
  return bytes.toString('hex', start, end)
}

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

/** Epoch milliseconds of a time as certificates have it (RFC 5280 section 4.1.2.5); null for every other one. */
export function derTime(bytes: Buffer, element: DerElement | undefined): number | null {
  if (element === undefined) return null
  const text = bytes.toString('latin1', element.start, element.end)
  const isShort = element.tag === UTC_TIME
  if (!isShort && element.tag !== GENERALIZED_TIME) return null
  const parts = (isShort ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  )
  if (parts === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number)
  const full = isShort ? (year < 50 ? 2000 + year : 1900 + year) : year
  const time = Date.UTC(full, month - 1, day, hour, minute, second)
  const back = new Date(time)
  const isDate =
    back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  return isDate ? time : null
}
