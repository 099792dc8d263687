/** A type of an attribute: a name, or an object identifier. */
const TYPE = /^(?:[A-Za-z][A-Za-z0-9-]*|(?:oid\.)?[0-9]+(?:\.[0-9]+)*)$/i
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A distinguished name in its one form, by which names are compared: small letters, no insignificant spaces, each value
 * escaped where it must be and nowhere else, the parts of one step in order. Null for what is no name.
 *
 * Does not know which attributes a schema compares exactly: their values are compared without regard to case, too.
 * Source: RFC 4514 sections 2 and 3, RFC 4518.
 */
export function normalName(name: string): string | null {
  const steps = cut(name, ',;')
  if (steps === null) return null
  const normal: string[] = []
  for (const step of steps) {
    const parts = (cut(step, '+') ?? ['']).map(normalPart)
    if (parts.includes(null)) return null
    normal.push(parts.sort().join('+'))
  }
  return normal.join(',')
}

/** A text as a value within a name (RFC 4514 section 2.4). */
export function escapeDnValue(value: string): string {
  return value
    .replace(/["+,;<=>\\]/g, '\\$&')
    .replace(/\p{Cc}/gu, (found) => Buffer.from(found).toString('hex').replace(/../g, '\\$&'))
    .replace(/^[ #]|(?<=.) $/gs, '\\$&')
}

/** The same name for all its spellings in which a directory compares without regard to case and spaces. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\s+/g, ' ').trim()
}

function normalPart(part: string): string | null {
  const equals = part.indexOf('=')
  const type = part.slice(0, Math.max(equals, 0)).trim()
  const value = comparedValue(part.slice(equals + 1).trimStart())
  if (!TYPE.test(type) || value === null) return null
  return `${type.toLowerCase().replace(/^oid\./, '')}=${value}`
}

/** The value as it is compared, escaped again; null where it is not written as one. */
function comparedValue(written: string): string | null {
  if (/^#(?:[0-9A-Fa-f]{2})+\s*$/.test(written)) return written.trimEnd().toLowerCase()
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*$/s.exec(written)?.[1]
  const bytes: Buffer[] = []
  for (const [piece, hex, single] of (quoted ?? written).matchAll(/\\([0-9A-Fa-f]{2})|\\([ "#+,;<=>\\])|[^\\]+|\\/g)) {
    if (piece === '\\' || (quoted === undefined && hex === undefined && single === undefined && piece.includes('"')))
      return null
    bytes.push(hex === undefined ? Buffer.from(single ?? piece) : Buffer.from(hex, 'hex'))
  }
  try {
    return escapeDnValue(folded(decoder.decode(Buffer.concat(bytes))))
  } catch {
    return null
  }
}

/** Cuts at each separator that is neither escaped nor quoted; null where a quotation or an escape does not end. */
function cut(text: string, separators: string): string[] | null {
  const found: string[] = []
  let from = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '\\') at++
    else if (char === '"') isQuoted = !isQuoted
    else if (!isQuoted && separators.includes(char)) {
      found.push(text.slice(from, at))
      from = at + 1
    }
    if (at >= text.length) return null
  }
  return isQuoted ? null : [...found, text.slice(from)]
}
