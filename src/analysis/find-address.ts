import { type Network, readNetwork } from '../model/address.ts'

/** Addresses of one family, from the first to the last. */
interface Span {
  readonly size: number
  readonly first: bigint
  readonly last: bigint
}

const IPV4: Span = { size: 2, first: 0n, last: (1n << 32n) - 1n }
/** An IPv4-mapped address is an IPv4 address: no client has one of these. */
const MAPPED: Span = { size: 8, first: 0xffffn << 32n, last: (0x10000n << 32n) - 1n }
const IPV6: Span = { size: 8, first: 0n, last: (1n << 128n) - 1n }

/** An address that is in a range of each of `within` and in none of `without`, or null. */
export function findAddress(
  within: readonly (readonly string[])[],
  without: readonly (readonly string[])[],
): string | null {
  let left: Span[] = [IPV4, ...minus([IPV6], MAPPED)]
  for (const ranges of within) {
    const spans = spansOf(ranges)
    left = left.flatMap((span) => spans.flatMap((other) => overlap(span, other)))
  }
  for (const span of without.flatMap(spansOf)) left = minus(left, span)
  const [span] = left
  return span === undefined ? null : written(span.size, span.first)
}

function spansOf(ranges: readonly string[]): Span[] {
  return ranges.map(readNetwork).flatMap((network) => (network ? [spanOf(network)] : []))
}

function spanOf({ groups, bits }: Network): Span {
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
  const free = BigInt(groups.length * 16 - bits)
  const first = (value >> free) << free
  return { size: groups.length, first, last: first | ((1n << free) - 1n) }
}

function overlap(one: Span, other: Span): Span[] {
  if (one.size !== other.size) return []
  const { first } = one.first > other.first ? one : other
  const { last } = one.last < other.last ? one : other
  return first > last ? [] : [{ size: one.size, first, last }]
}

function minus(spans: readonly Span[], taken: Span): Span[] {
  return spans.flatMap((span) => {
    if (overlap(span, taken).length === 0) return [span]
    const before = { ...span, last: taken.first - 1n }
    const after = { ...span, first: taken.last + 1n }
    return [before, after].filter(({ first, last }) => first <= last)
  })
}

function written(size: number, value: bigint): string {
  const groups = Array.from({ length: size }, (_, index) =>
    Number((value >> BigInt((size - 1 - index) * 16)) & 0xffffn),
  )
  if (size === 2) return groups.flatMap((group) => [group >> 8, group & 0xff]).join('.')
  return groups.map((group) => group.toString(16)).join(':')
}
