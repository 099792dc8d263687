import { DER, type DerElement, derElements, derHex, derParts, derTime } from './der.ts'

/** The certificates that one authority has taken back. */
export interface RevocationList {
  /** The name of the authority as it is encoded; in hexadecimal digits. */
  readonly issuer: string
  /** As they are encoded; in hexadecimal digits. */
  readonly serials: ReadonlySet<string>
  /** From when until when it says what is revoked. Epoch milliseconds. */
  readonly fromMs: number
  readonly untilMs: number
}

/** What its authority has signed, and how. */
export interface SignedList {
  readonly list: RevocationList
  readonly signed: Buffer
  /** The object identifier of the algorithm; in hexadecimal digits. */
  readonly algorithm: string
  readonly signature: Buffer
}

const EXTENSIONS = 0xa0
const MAX_ENTRIES = 1_000_000
/** `cRLNumber` and `authorityKeyIdentifier` change nothing of what the list says. */
const HARMLESS = new Set(['551d14', '551d23'])

/**
 * Reads a certificate revocation list; null for what is none, has no end, or is not the whole list of its authority (a delta,
 * a part by distribution point, an indirect one). Does not check: its signature. Source: RFC 5280 section 5.1.
 */
export function readRevocationList(bytes: Buffer): SignedList | null {
  const whole = derElements(bytes, 0, bytes.length)
  const [body, algorithm, signature, more] = (whole?.length === 1 && derParts(bytes, whole[0], DER.sequence)) || []
  const parts = [...(derParts(bytes, body, DER.sequence) ?? [])]
  if (body === undefined || signature?.tag !== DER.bits || bytes[signature.start] !== 0 || more !== undefined)
    return null
  const version = parts[0]?.tag === DER.integer ? parts.shift() : undefined
  if (version !== undefined && derHex(bytes, version) !== '01') return null
  const [inner, issuer, from, until, ...rest] = parts
  const fromMs = derTime(bytes, from)
  const untilMs = derTime(bytes, until)
  const name = algorithmOf(bytes, algorithm)
  if (fromMs === null || untilMs === null || issuer?.tag !== DER.sequence) return null
  if (name === null || name !== algorithmOf(bytes, inner)) return null
  const entries = rest[0]?.tag === DER.sequence ? rest.shift() : undefined
  const extensions = rest.shift()
  if (rest.length > 0 || !areHarmless(bytes, extensions)) return null
  const serials = entries === undefined ? new Set<string>() : serialsOf(bytes, entries)
  if (serials === null) return null
  return {
    list: { issuer: bytes.toString('hex', issuer.from, issuer.end), serials, fromMs, untilMs },
    signed: bytes.subarray(body.from, body.end),
    algorithm: name,
    signature: bytes.subarray(signature.start + 1, signature.end),
  }
}

function algorithmOf(bytes: Buffer, element: DerElement | undefined): string | null {
  const [id] = derParts(bytes, element, DER.sequence) ?? []
  return id?.tag === DER.oid ? derHex(bytes, id) : null
}

function serialsOf(bytes: Buffer, entries: DerElement): ReadonlySet<string> | null {
  const serials = new Set<string>()
  for (const entry of derParts(bytes, entries, DER.sequence, MAX_ENTRIES) ?? [undefined]) {
    const [serial, at, extensions] = derParts(bytes, entry, DER.sequence) ?? []
    if (serial?.tag !== DER.integer || derTime(bytes, at) === null) return null
    if (extensions !== undefined && hasCritical(bytes, derParts(bytes, extensions, DER.sequence))) return null
    serials.add(derHex(bytes, serial))
  }
  return serials
}

function areHarmless(bytes: Buffer, wrapped: DerElement | undefined): boolean {
  if (wrapped === undefined) return true
  const [list, more] = derParts(bytes, wrapped, EXTENSIONS) ?? []
  const extensions = more === undefined ? derParts(bytes, list, DER.sequence) : null
  if (extensions === null) return false
  return extensions.every((extension) => {
    const parts = derParts(bytes, extension, DER.sequence)
    const [id] = parts ?? []
    return id?.tag === DER.oid && (HARMLESS.has(derHex(bytes, id)) || parts?.length === 2)
  })
}

/** An extension that has to be understood, such as one that says that an entry is of another authority. */
function hasCritical(bytes: Buffer, extensions: readonly DerElement[] | null): boolean {
  if (extensions === null) return true
  return extensions.some((extension) => derParts(bytes, extension, DER.sequence)?.length !== 2)
}
