/** Public keys that are well-formed and protect nothing: anybody could sign for them, or find the private key. */

/**
 * Ed25519 points of small order, the sign bit cleared, with the spellings that stand for the same points: signatures of
 * any message can be made for them without a private key. Source: RFC 8032 section 5.1.7, RFC 7748 section 7.
 */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

export function hasSmallOrder(point: Buffer): boolean {
  const unsigned = Buffer.from(point)
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f
  return SMALL_ORDER.has(unsigned.toString('hex'))
}

const MIN_MODULUS_BITS = 2048
/** Verification gets slower with the square of it. */
const MAX_MODULUS_BITS = 8192
const MAX_EXPONENT = 2n ** 33n

/** True for an RSA key that is too short, has an exponent that protects nothing, or shows the ROCA fingerprint. */
export function isWeakRsa(modulus: Buffer, exponent: Buffer): boolean {
  const n = toBigInt(modulus)
  const e = toBigInt(exponent)
  const bits = n.toString(2).length
  if (bits < MIN_MODULUS_BITS || bits > MAX_MODULUS_BITS || n % 2n === 0n) return true
  return e < 3n || e % 2n === 0n || e > MAX_EXPONENT || isRoca(n)
}

function toBigInt(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`)
}

/** The primes in which the residues of a ROCA modulus lie in the group that 65537 generates (CVE-2017-15361). */
const ROCA_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const
const ROCA_GROUPS = ROCA_PRIMES.map((prime) => ({ prime: BigInt(prime), residues: powersOf65537(prime) }))

function powersOf65537(prime: number): ReadonlySet<number> {
  const residues = new Set<number>()
  for (let power = 1; !residues.has(power); power = (power * (65537 % prime)) % prime) residues.add(power)
  return residues
}

/** A modulus of another generator shows this by chance once in 2^27. */
function isRoca(modulus: bigint): boolean {
  return ROCA_GROUPS.every(({ prime, residues }) => residues.has(Number(modulus % prime)))
}
