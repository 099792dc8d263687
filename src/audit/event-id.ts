import { randomFillSync } from 'node:crypto'

const POOL = Buffer.allocUnsafe(10 * 400)
const TAIL_BYTES = 10
const COUNTS = 0x1000
const TIMES = 2 ** 48
const RANDOM_START = 0x7ff
const COUNTERS = Array.from({ length: COUNTS }, (_, value) => hexOf(value, 3))

let used = POOL.length
let timeOf = Number.NaN
let prefix = ''
let tail = ''
let counter = COUNTS

/**
 * A UUIDv7 (RFC 9562 section 5.7) whose time is `at`, in epoch milliseconds. `rand_a` is a counter with a random start
 * (section 6.2, method 1); the 62 bits of `rand_b` are drawn anew in each millisecond and when the counter runs out, so
 * that most ids cost no more than joining three texts. Ids of one millisecond ascend, but the
 * order of events is told by `event.sequence`. (`crypto.randomUUIDv7` is not in every supported Node and takes no time.)
 */
export function eventId(at: number): string {
  if (at !== timeOf || counter >= COUNTS) begin(at)
  return `${prefix}${COUNTERS[counter++]}${tail}`
}

function begin(at: number): void {
  if (used >= POOL.length) {
    randomFillSync(POOL)
    used = 0
  }
  const random = POOL.toString('hex', used + 2, used + TAIL_BYTES)
  const variant = ((POOL[used + 2] ?? 0) >>> 6) | 0x8
  counter = POOL.readUInt16BE(used) & RANDOM_START
  used += TAIL_BYTES
  timeOf = at
  const time = hexOf(at >= 0 && at < TIMES ? Math.floor(at) : 0, 12)
  prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`
  tail = `-${variant.toString(16)}${random.slice(1, 4)}-${random.slice(4)}`
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
