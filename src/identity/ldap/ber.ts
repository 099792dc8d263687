/** Where the content of one BER element begins and ends. */
export interface BerElement {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/**
 * Reads the head of the element at an offset: definite lengths of at most four bytes, as LDAP has them (RFC 4511 section
 * 5.1). Undefined while its head is not there; null for what is none. Its content may lie beyond what is there.
 */
export function berElement(bytes: Buffer, at: number): BerElement | null | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]]
  if (tag === undefined || first === undefined) return undefined
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first }
  const count = first & 0x7f
  if (count === 0 || count > 4) return null
  if (bytes.length < at + 2 + count) return undefined
  const start = at + 2 + count
  return { tag, start, end: start + bytes.readUIntBE(at + 2, count) }
}

const INTEGER = 0x02
const OCTETS = 0x04
const ENUMERATED = 0x0a
const SEQUENCE = 0x30
const SET = 0x31
const CONTROLS = 0xa0

/**
 * True for a message that a directory may send, whose parts are whole and fill it exactly: an entry, a reference, or a result
 * (of a bind, a search or an extended operation), with or without controls. Source: RFC 4511 section 4.1.1 and appendix B.
 */
export function isSoundMessage(bytes: Buffer, message: BerElement): boolean {
  const [id, operation, controls, more] = partsOf(bytes, message) ?? []
  if (id?.tag !== INTEGER || !isShort(id) || operation === undefined || more !== undefined) return false
  if (controls !== undefined && !(controls.tag === CONTROLS && areAll(bytes, controls, isControl))) return false
  switch (operation.tag) {
    case 0x64:
      return isEntry(bytes, operation)
    case 0x73:
      return areAll(bytes, operation, (_, { tag }) => tag === OCTETS)
    case 0x61:
    case 0x65:
    case 0x78:
      return isResult(bytes, operation)
    default:
      return false
  }
}

function isEntry(bytes: Buffer, entry: BerElement): boolean {
  const [name, attributes, more] = partsOf(bytes, entry) ?? []
  if (name?.tag !== OCTETS || attributes?.tag !== SEQUENCE || more !== undefined) return false
  return areAll(bytes, attributes, isAttribute)
}

function isAttribute(bytes: Buffer, attribute: BerElement): boolean {
  const [type, values, more] = partsOf(bytes, attribute) ?? []
  if (attribute.tag !== SEQUENCE || type?.tag !== OCTETS || values?.tag !== SET || more !== undefined) return false
  return areAll(bytes, values, (_, { tag }) => tag === OCTETS)
}

function isResult(bytes: Buffer, result: BerElement): boolean {
  const [code, matched, diagnostic] = partsOf(bytes, result) ?? []
  return code?.tag === ENUMERATED && isShort(code) && matched?.tag === OCTETS && diagnostic?.tag === OCTETS
}

function isControl(bytes: Buffer, control: BerElement): boolean {
  const [type] = partsOf(bytes, control) ?? []
  return control.tag === SEQUENCE && type?.tag === OCTETS
}

function isShort({ start, end }: BerElement): boolean {
  return end > start && end - start <= 4
}

function areAll(bytes: Buffer, list: BerElement, is: (bytes: Buffer, part: BerElement) => boolean): boolean {
  const parts = partsOf(bytes, list)
  return parts?.every((part) => is(bytes, part)) ?? false
}

/** The elements that an element is made of; null where they do not fill it exactly. */
function partsOf(bytes: Buffer, { start, end }: BerElement): BerElement[] | null {
  const parts: BerElement[] = []
  for (let at = start; at < end; ) {
    const part = berElement(bytes, at)
    if (!part || part.end > end) return null
    parts.push(part)
    at = part.end
  }
  return parts
}
