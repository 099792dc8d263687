import { type CertificateNames, readAlternativeNames, readName } from './certificate-names.ts'
import { DER, type DerElement, derElements, derHex, derParts, derTime } from './der.ts'

/** What is asked of a certificate of a client, read from its own bytes and nothing else. */
export interface CertificateFacts {
  /** Of the serial number, as it is encoded; in hexadecimal digits. */
  readonly serial: string
  /** The name of its issuer as it is encoded; in hexadecimal digits. */
  readonly issuer: string
  /** Its own name as it is encoded; in hexadecimal digits. */
  readonly subject: string
  readonly fromMs: number
  readonly untilMs: number
  readonly names: CertificateNames
  /** It says that it is for clients of TLS. */
  readonly isForClients: boolean
  /** It is for signing other certificates. */
  readonly isAuthority: boolean
}

const VERSION = 0xa0
const EXTENSIONS = 0xa3
const ALTERNATIVE_NAMES = '551d11'
const BASIC_CONSTRAINTS = '551d13'
const EXTENDED_KEY_USAGE = '551d25'
const CLIENT_AUTH = '2b06010505070302'
const MAX_BYTES = 64 * 1024

/**
 * Reads a certificate strictly; null for one that is not in the form of DER, says something twice, or has a name that two
 * readers could take for different ones. Does not check: its signature, who issued it, whether it is valid now.
 * Source: RFC 5280 section 4.1.
 */
export function readCertificate(bytes: Buffer): CertificateFacts | null {
  if (bytes.length > MAX_BYTES) return null
  const whole = derElements(bytes, 0, bytes.length)
  const parts = whole?.length === 1 ? derParts(bytes, whole[0], DER.sequence) : null
  const body = parts?.length === 3 ? derParts(bytes, parts[0], DER.sequence) : null
  if (!body || body[0]?.tag !== VERSION) return null
  const [, serial, , issuer, validity, subject] = body
  if (serial?.tag !== DER.integer || issuer === undefined || subject === undefined) return null
  const [from, until, more] = derParts(bytes, validity, DER.sequence) ?? []
  const [fromMs, untilMs] = [derTime(bytes, from), derTime(bytes, until)]
  if (fromMs === null || untilMs === null || more !== undefined) return null
  const extensions = readExtensions(bytes, body)
  const subjectNames = readName(bytes, subject)
  const issuerNames = readName(bytes, issuer)
  if (extensions === null || subjectNames === null || issuerNames === null) return null
  const san = extensions.get(ALTERNATIVE_NAMES)
  const alternative = san === undefined ? {} : readAlternativeNames(san)
  const usages = usagesOf(extensions.get(EXTENDED_KEY_USAGE))
  const isAuthority = authorityOf(extensions.get(BASIC_CONSTRAINTS))
  if (alternative === null || usages === null || isAuthority === null) return null
  return {
    serial: derHex(bytes, serial),
    issuer: bytes.toString('hex', issuer.from, issuer.end),
    subject: bytes.toString('hex', subject.from, subject.end),
    fromMs,
    untilMs,
    names: { subject: subjectNames, issuer: issuerNames, san: alternative },
    isForClients: usages.includes(CLIENT_AUTH),
    isAuthority,
  }
}

/** By their identifiers; null where one stands twice. */
function readExtensions(bytes: Buffer, body: readonly DerElement[]): ReadonlyMap<string, Buffer> | null {
  const found = new Map<string, Buffer>()
  const behind = body.slice(7)
  const wrapped = behind.filter(({ tag }) => tag === EXTENSIONS)
  if (wrapped.length === 0) return found
  const lists = wrapped.length === 1 ? derParts(bytes, wrapped[0], EXTENSIONS) : null
  const entries = lists?.length === 1 ? derParts(bytes, lists[0], DER.sequence) : null
  for (const entry of entries ?? []) {
    const parts = derParts(bytes, entry, DER.sequence)
    const [id, value] = [parts?.[0], parts?.at(-1)]
    const isSound = parts?.length === 2 || (parts?.length === 3 && parts[1]?.tag === DER.boolean)
    if (!isSound || id?.tag !== DER.oid || value?.tag !== DER.octets) return null
    const name = derHex(bytes, id)
    if (found.has(name)) return null
    found.set(name, bytes.subarray(value.start, value.end))
  }
  return entries === null ? null : found
}

function onlyElement(bytes: Buffer): readonly DerElement[] | null {
  const whole = derElements(bytes, 0, bytes.length)
  return whole?.length === 1 ? derParts(bytes, whole[0], DER.sequence) : null
}

function usagesOf(bytes: Buffer | undefined): readonly string[] | null {
  if (bytes === undefined) return []
  const parts = onlyElement(bytes)
  if (parts === null || parts.some(({ tag }) => tag !== DER.oid)) return null
  return parts.map((part) => derHex(bytes, part))
}

function authorityOf(bytes: Buffer | undefined): boolean | null {
  if (bytes === undefined) return false
  const parts = onlyElement(bytes)
  if (parts === null) return null
  const [first] = parts
  return first?.tag === DER.boolean && bytes[first.start] !== 0
}
