import { randomFillSync } from 'node:crypto'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const RANDOM_BYTES = 10
const POOL = Buffer.allocUnsafe(RANDOM_BYTES * 400)
let used = POOL.length

/**
 * A UUIDv7 (RFC 9562 section 5.7) whose time is `at`, in epoch milliseconds. 74 random bits; not ordered within one
 * millisecond, which `event.sequence` is for. (`crypto.randomUUIDv7` is not in every supported Node and takes no time.)
 */
export function eventId(at: number): string {
  if (used >= POOL.length) {
    randomFillSync(POOL)
    used = 0
  }
  const from = used
  used += RANDOM_BYTES
  const high = Math.floor(at / 0x1_0000)
  const low = at % 0x1_0000
  return (
    `${hex(high >>> 24)}${hex(high >>> 16)}${hex(high >>> 8)}${hex(high)}-${hex(low >>> 8)}${hex(low)}-` +
    `${hex((random(from) & 0x0f) | 0x70)}${hex(random(from + 1))}-` +
    `${hex((random(from + 2) & 0x3f) | 0x80)}${hex(random(from + 3))}-` +
    `${hex(random(from + 4))}${hex(random(from + 5))}${hex(random(from + 6))}` +
    `${hex(random(from + 7))}${hex(random(from + 8))}${hex(random(from + 9))}`
  )
}

function random(index: number): number {
  return POOL[index] ?? 0
}

function hex(value: number): string {
  return HEX[value & 0xff] ?? '00'
}
