import { DER, type DerElement, derElements, derHex, derParts } from './der.ts'

/** Lists of names, by the kinds that are known here; a kind that does not occur is absent. */
export type NameLists = { readonly [kind: string]: readonly string[] }

export interface CertificateNames {
  readonly subject: NameLists
  readonly issuer: NameLists
  readonly san: NameLists
}

/** Attributes of distinguished names (RFC 4514 section 3, RFC 5280 section 4.1.2.4). */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['550403', 'CN'],
  ['55040b', 'OU'],
  ['55040a', 'O'],
  ['550406', 'C'],
  ['550407', 'L'],
  ['550408', 'ST'],
  ['550405', 'serialNumber'],
  ['55040c', 'title'],
  ['55042a', 'GN'],
  ['550404', 'SN'],
  ['0992268993f22c640101', 'UID'],
  ['0992268993f22c640119', 'DC'],
  ['2a864886f70d010901', 'email'],
])

const EMAIL = 0x81
const HOST = 0x82
const URI = 0x86
const OTHER_NAME = 0xa0
const USER_PRINCIPAL_NAME = '2b060104018237140203'
/** Most names of one certificate. */
const MAX_NAMES = 256
const MAX_LENGTH = 1024

/** The attributes of a distinguished name, in their order; null where one of them cannot be read in one way only. */
export function readName(bytes: Buffer, name: DerElement): NameLists | null {
  const lists = new Lists()
  for (const set of derParts(bytes, name, DER.sequence, MAX_NAMES) ?? [undefined]) {
    const attributes = derParts(bytes, set, DER.set, MAX_NAMES)
    if (attributes === null || attributes.length === 0) return null
    for (const attribute of attributes) {
      const [type, value, more] = derParts(bytes, attribute, DER.sequence) ?? []
      if (type?.tag !== DER.oid || value === undefined || more !== undefined) return null
      const kind = ATTRIBUTES.get(derHex(bytes, type))
      if (kind === undefined) continue
      const text = stringOf(bytes, value)
      if (text === null || !lists.add(kind, text)) return null
    }
  }
  return lists.found
}

/**
 * The names of the extension `subjectAltName` that can be a caller's: addresses, hosts, URIs and user principal names, each
 * of its own kind. Other kinds are left out. Null for a list that is not in the form of DER, or a name that is not what its
 * kind may be: no control characters, no spaces, nothing beyond ASCII, and of SPIFFE ids one, alone among the URIs.
 */
export function readAlternativeNames(bytes: Buffer): NameLists | null {
  const whole = derElements(bytes, 0, bytes.length)
  const names = whole?.length === 1 ? derParts(bytes, whole[0], DER.sequence, MAX_NAMES) : null
  if (names === null) return null
  const lists = new Lists()
  for (const name of names) {
    const known = alternativeName(bytes, name)
    if (known === null || (known !== undefined && !lists.add(known.kind, known.text))) return null
  }
  const uris = lists.found.uri ?? []
  const spiffe = uris.filter((uri) => /^spiffe:/i.test(uri))
  return spiffe.length > 0 && (uris.length > 1 || !SPIFFE.test(uris[0] ?? '')) ? null : lists.found
}

/** SPIFFE-ID section 2, X509-SVID section 2. */
const SPIFFE = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/

const FORMS: { readonly [kind: string]: RegExp } = {
  email: /^[!-?A-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/,
  dns: /^(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/,
  uri: /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/,
}

function alternativeName(bytes: Buffer, name: DerElement): { kind: string; text: string } | null | undefined {
  const kind = name.tag === EMAIL ? 'email' : name.tag === HOST ? 'dns' : name.tag === URI ? 'uri' : undefined
  if (kind === undefined) return name.tag === OTHER_NAME ? principalName(bytes, name) : undefined
  const text = bytes.toString('latin1', name.start, name.end)
  return FORMS[kind]?.test(text) ? { kind, text } : null
}

/** Undefined for another name of another type. */
function principalName(bytes: Buffer, name: DerElement): { kind: string; text: string } | null | undefined {
  const [type, value, more] = derElements(bytes, name.start, name.end) ?? []
  if (type?.tag !== DER.oid || value?.tag !== 0xa0 || more !== undefined) return null
  if (derHex(bytes, type) !== USER_PRINCIPAL_NAME) return undefined
  const [string, another] = derElements(bytes, value.start, value.end) ?? []
  const text = string === undefined || another !== undefined ? null : stringOf(bytes, string)
  return text === null ? null : { kind: 'upn', text }
}

const UTF8 = 0x0c
const PRINTABLE = 0x13
const TELETEX = 0x14
const IA5 = 0x16
const BMP = 0x1e

/** Null for what may be read in several ways, and for what cannot stand in a line. */
function stringOf(bytes: Buffer, { tag, start, end }: DerElement): string | null {
  const text = decoded(bytes.subarray(start, end), tag)
  if (text === null || text === '' || text.length > MAX_LENGTH) return null
  return text.isWellFormed() && !/[\p{Cc}\ufffd]/u.test(text) ? text : null
}

function decoded(bytes: Buffer, tag: number): string | null {
  switch (tag) {
    case UTF8:
      return bytes.toString('utf8')
    case PRINTABLE:
    case IA5:
    case TELETEX: {
      const text = bytes.toString('latin1')
      return /^[ -~]*$/.test(text) ? text : null
    }
    case BMP:
      return bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : null
    default:
      return null
  }
}

class Lists {
  readonly #lists: { [kind: string]: string[] } = {}
  #count = 0

  get found(): NameLists {
    return this.#lists
  }

  /** False where there are too many. */
  add(kind: string, text: string): boolean {
    const list = this.#lists[kind]
    if (list === undefined) this.#lists[kind] = [text]
    else list.push(text)
    return ++this.#count <= MAX_NAMES
  }
}
