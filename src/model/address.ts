/** An address as 16-bit groups: two for IPv4, eight for IPv6. */
export type Address = readonly number[]

export interface Network {
  readonly groups: Address
  readonly bits: number
}

/**
 * Reads an address in plain notation; an IPv4-mapped IPv6 address is its IPv4 address, and a zone (`%eth0`) is not part
 * of it. Null for every other text: no octal, hexadecimal or short IPv4 forms.
 */
export function readAddress(written: string): Address | null {
  const zone = written.indexOf('%')
  const plain = zone > 0 ? written.slice(0, zone) : written
  if (!plain.includes(':')) return readIpv4(plain)
  const groups = readIpv6(plain)
  return groups && isMapped(groups) ? groups.slice(6) : groups
}

/** `readAddress` that remembers the last address, for many questions about one. */
export function addressReader(): typeof readAddress {
  let lastWritten = ''
  let last: Address | null = null
  return (written) => {
    if (written !== lastWritten) {
      last = readAddress(written)
      lastWritten = written
    }
    return last
  }
}

/** Reads an address or a CIDR range. A mapped range is its IPv4 range; one that is wider than all of IPv4 is null. */
export function readNetwork(written: string): Network | null {
  const parts = /^([0-9A-Fa-f:.]{2,45})(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(written)
  const address = parts?.[1] ?? ''
  const wide = address.includes(':') ? readIpv6(address) : readIpv4(address)
  if (!parts || !wide) return null
  const size = wide.length * 16
  const bits = parts[2] === undefined ? size : Number(parts[2])
  if (bits > size) return null
  if (wide.length !== 8 || !isMapped(wide)) return { groups: wide, bits }
  return bits < 96 ? null : { groups: wide.slice(6), bits: bits - 96 }
}

export function contains({ groups, bits }: Network, address: Address): boolean {
  if (groups.length !== address.length) return false
  for (let index = 0, left = bits; left > 0; index++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff
    if ((((groups[index] ?? 0) ^ (address[index] ?? 0)) & mask) !== 0) return false
  }
  return true
}

function readIpv4(written: string): number[] | null {
  const parts = /^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$/.exec(written)
  if (!parts) return null
  const octets: number[] = []
  for (const digits of parts.slice(1)) {
    const octet = Number(digits)
    if (octet > 255 || (digits.length > 1 && digits.startsWith('0'))) return null
    octets.push(octet)
  }
  const [a = 0, b = 0, c = 0, d = 0] = octets
  return [(a << 8) | b, (c << 8) | d]
}

function readIpv6(written: string): number[] | null {
  const [left = '', right, ...more] = written.split('::')
  if (more.length > 0) return null
  const head = readGroups(left, right === undefined)
  const tail = right === undefined ? [] : readGroups(right, true)
  if (!head || !tail) return null
  const missing = 8 - head.length - tail.length
  if (right === undefined ? missing !== 0 : missing < 1) return null
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

/** Groups between colons; the last ones may be written as an IPv4 address where the address ends with them. */
function readGroups(written: string, atEnd: boolean): number[] | null {
  if (written === '') return []
  const pieces = written.split(':')
  const groups: number[] = []
  for (const [index, piece] of pieces.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(piece)) {
      groups.push(Number.parseInt(piece, 16))
      continue
    }
    const embedded = atEnd && index === pieces.length - 1 ? readIpv4(piece) : null
    if (!embedded) return null
    groups.push(...embedded)
  }
  return groups
}

function isMapped(groups: Address): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
}
