import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * The form of an API key, in Crockford's base 32 (upper case, without I, L, O and U):
 *
 *     sp_ + 26 characters of id (a ULID) + 40 of secret (200 bits) + 7 of checksum (CRC-32 of what stands before it)
 *
 * so that scanners find leaked keys with `sp_[0-9A-HJKMNP-TV-Z]{73}` and tell them from noise by the checksum. The id of
 * the key's record is `key_` and the same ULID: it is no secret and stands in audit events.
 */
const FORM = /^sp_[0-9A-HJKMNP-TV-Z]{73}$/
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const PREFIX = 'sp_'
const ID_LENGTH = 26
const CHECKSUM_LENGTH = 7
const SECRET_BYTES = 25
/** Of SHA-256, as hexadecimal digits. */
const TAG_LENGTH = 8

export interface KeyParts {
  readonly id: string
  readonly tag: string
}

export function isKeyLike(token: string): boolean {
  return token.startsWith(PREFIX)
}

/** Reads the parts of a key whose form and checksum are right; null otherwise. Computes no slow hash. */
export function readKey(key: string): KeyParts | null {
  if (!FORM.test(key)) return null
  const end = key.length - CHECKSUM_LENGTH
  if (key.slice(end) !== checksum(key.slice(0, end))) return null
  return { id: `key_${key.slice(PREFIX.length, PREFIX.length + ID_LENGTH)}`, tag: tagOf(key) }
}

/** Makes a key that has never been before. `random` gives as many random bytes as it is asked for. */
export function mintKey(nowMs: number, random: (size: number) => Buffer = randomBytes): KeyParts & { key: string } {
  const ulid = base32(BigInt(nowMs), 10) + base32(toBigInt(random(10)), 16)
  const body = `${PREFIX}${ulid}${base32(toBigInt(random(SECRET_BYTES)), 40)}`
  const key = body + checksum(body)
  return { id: `key_${ulid}`, tag: tagOf(key), key }
}

/**
 * 32 bits of a digest of the key, stored beside its hash. A presented key must have the right tag before the slow hash is
 * computed, so that wrong keys for a known id cost next to nothing. It is no credential: it is compared, never looked up,
 * says nothing usable about the other 168 bits of the secret, and the slow hash decides after it.
 */
function tagOf(key: string): string {
  return hash('sha256', `sallyport key tag\n${key}`, 'hex').slice(0, TAG_LENGTH)
}

/** In constant time. */
export function isSameTag(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function checksum(body: string): string {
  return base32(BigInt(crc32(body)), CHECKSUM_LENGTH)
}

function toBigInt(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}

function base32(value: bigint, length: number): string {
  let rest = value
  let text = ''
  while (text.length < length) {
    text = ALPHABET.charAt(Number(rest & 31n)) + text
    rest >>= 5n
  }
  return text
}
