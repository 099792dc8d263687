import { type Address, readNetwork } from '../model/address.ts'

const BITS = { 2: 32n, 8: 128n } as const
/** IPv4 addresses in IPv6's clothes are IPv4 addresses: no IPv6 address lies there. */
const MAPPED = { from: 0xffffn << 32n, to: (0xffffn << 32n) + (1n << 32n) } as const

/** An address from every stretch between the borders of the ranges, IPv4 and IPv6. */
export function addressesBetween(ranges: readonly string[]): string[] {
  const borders = { 2: new Set([0n]), 8: new Set([0n, MAPPED.to]) }
  for (const range of ranges) {
    const network = readNetwork(range)
    if (!network) continue
    const size = network.groups.length === 2 ? 2 : 8
    const host = BITS[size] - BigInt(network.bits)
    const first = (numberOf(network.groups) >> host) << host
    borders[size].add(first).add(first + (1n << host))
  }
  const within = (size: 2 | 8) =>
    [...borders[size]].filter((at) => at < 1n << BITS[size]).map((at) => groupsOf(at, size))
  const isMapped = (groups: Address) => numberOf(groups) >= MAPPED.from && numberOf(groups) < MAPPED.to
  return [
    ...within(2).map(ipv4),
    ...within(8)
      .filter((groups) => !isMapped(groups))
      .map((groups) => groups.map((group) => group.toString(16)).join(':')),
  ]
}

function numberOf(groups: Address): bigint {
  return groups.reduce((number, group) => (number << 16n) | BigInt(group & 0xffff), 0n)
}

function groupsOf(number: bigint, size: 2 | 8): Address {
  return Array.from({ length: size }, (_, index) => Number((number >> BigInt(16 * (size - 1 - index))) & 0xffffn))
}

function ipv4([high = 0, low = 0]: Address): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}
