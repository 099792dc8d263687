import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'
import { KeysUnusable, type ObjectScope, PLAIN_VERDICT, type Sealer, type StoredSealingKey } from '../model/sealing.ts'

const SEAL = '.sp'
const SEAL_LENGTH = SEAL.length + 1
const VERDICT = /^[1a-z]$/
const KID = /^[A-Za-z0-9]{6}$/
export const KID_LENGTH = 6
const TAG_BYTES = 16
/** 16 bytes in base64url. The last letter has four bits that are always zero: a tag has one spelling. */
const TAG_LENGTH = 22
/** How much longer a sealed id is. */
export const SUFFIX_LENGTH = SEAL_LENGTH + KID_LENGTH + TAG_LENGTH

/** What the API takes for an id, sealed. */
const MAX_SEALED = 256
/** Longer ids are not sealed. */
export const MAX_ID = MAX_SEALED - SUFFIX_LENGTH

/** What can be sealed: it stands for itself in paths, queries and JSON, and is no step of a path. */
const ID = /^(?!\.{1,2}$)[A-Za-z0-9._:-]+$/

const KEY_BYTES = 32

const DAMAGED = 'one of them is damaged: restore the store from a backup'
const TWICE = 'two of them have one name: restore the store from a backup'
const NONE = 'the store has none: restore it from a backup, or restart to make a first one'

/** One key, whose bytes nothing prints. */
class SealingKey {
  readonly kid: string
  readonly #bytes: Buffer
  readonly #derived = new Map<string, Buffer>()

  constructor({ kid, secret }: StoredSealingKey) {
    const bytes = Buffer.from(secret.reveal(), 'base64url')
    if (!KID.test(kid) || bytes.length !== KEY_BYTES) throw new KeysUnusable(DAMAGED)
    this.kid = kid
    this.#bytes = bytes
  }

  tag(owner: Buffer, id: string): string {
    return createHmac('sha256', this.#bytes)
      .update(owner)
      .update(id, 'latin1')
      .digest()
      .toString('base64url', 0, TAG_BYTES)
  }

  /** Another key for one purpose alone, of which nothing can be told from this one's tags (HKDF-SHA256). */
  derived(purpose: string): Buffer {
    const known = this.#derived.get(purpose)
    if (known !== undefined) return known
    const key = Buffer.from(hkdfSync('sha256', this.#bytes, Buffer.alloc(0), purpose, KEY_BYTES))
    this.#derived.set(purpose, key)
    return key
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** The keys of one moment: one seals, all open. */
export interface KeyRing {
  readonly sealing: SealingKey
  readonly byKid: ReadonlyMap<string, SealingKey>
}

/**
 * The keys as they stand at `now`. The newest one whose time has come seals; where none has come, the first one that was
 * made. Throws on a damaged key, and where there is none: without a key nothing can be kept apart.
 */
export function openKeyRing(stored: readonly StoredSealingKey[], now: number): KeyRing {
  const byAge = [...stored].sort(
    (one, other) =>
      one.createdAt - other.createdAt || one.sealsFrom - other.sealsFrom || (one.kid < other.kid ? -1 : 1),
  )
  const byKid = new Map(byAge.map((key) => [key.kid, new SealingKey(key)]))
  if (byKid.size !== stored.length) throw new KeysUnusable(TWICE)
  const chosen = byAge.findLast(({ sealsFrom }) => sealsFrom <= now) ?? byAge[0]
  const sealing = chosen && byKid.get(chosen.kid)
  if (sealing === undefined) throw new KeysUnusable(NONE)
  return { sealing, byKid }
}

/** Whose ids are sealed, and where the objects are. */
export interface Ownership {
  readonly upstream: string
  readonly isolation: 'workspace' | 'user'
  readonly scope: ObjectScope
}

/** The verdict that a sealed id says: true only of an id that was opened. Empty where it is none. */
export function verdictOf(sealed: string): string {
  const at = sealed.length - SUFFIX_LENGTH
  return at > 0 && sealed.startsWith(SEAL, at) ? sealed.charAt(at + SEAL.length) : ''
}

/**
 * Opens the sealer of one scope on one upstream. A sealed id is the id itself and behind it `.sp`, its verdict, the name of
 * the key and 128 bits of an HMAC-SHA256 over the verdict, the key's name, the upstream, the isolation, the scope and the id.
 * The same object with the same verdict has the same id in every answer for as long as one key seals.
 *
 * Compares in constant time, and never says what is wrong with an id that it does not open.
 * Does not check: that the object exists; what kind of object it is; which verdict it says.
 */
export function openSealer(ring: KeyRing, ownership: Ownership): Sealer {
  const owners = new Map<string, Buffer>()
  const tagged = (key: SealingKey, verdict: string, id: string) => {
    const known = verdict + key.kid
    const owner = owners.get(known) ?? encodedOwner('sallyport object', SEAL + verdict, key.kid, ownership)
    owners.set(known, owner)
    return key.tag(owner, id)
  }
  return {
    upstream: ownership.upstream,
    suffix: (id, verdict = PLAIN_VERDICT) => {
      if (!VERDICT.test(verdict)) throw new Error('a verdict is one letter')
      return isSealable(id) ? SEAL + verdict + ring.sealing.kid + tagged(ring.sealing, verdict, id) : null
    },
    open: (sealed) => {
      const at = sealed.length - SUFFIX_LENGTH
      if (at < 1 || sealed.length > MAX_SEALED || !sealed.startsWith(SEAL, at)) return null
      const id = sealed.slice(0, at)
      const verdict = verdictOf(sealed)
      const tagAt = sealed.length - TAG_LENGTH
      const key = ring.byKid.get(sealed.slice(at + SEAL_LENGTH, tagAt))
      if (key === undefined || !VERDICT.test(verdict) || !isSealable(id)) return null
      return isSame(tagged(key, verdict, id), sealed.slice(tagAt)) ? id : null
    },
  }
}

function isSealable(id: string): boolean {
  return id.length <= MAX_ID && ID.test(id)
}

/** Each part behind its length, so that no two lists of parts are written alike; UTF-16, in which no two texts are. */
export function encodedOwner(
  purpose: 'sallyport object' | 'sallyport mark',
  version: string,
  kid: string,
  { upstream, isolation, scope }: Ownership,
): Buffer {
  const owner = scope.kind === 'workspace' ? [scope.workspace] : [scope.issuer, scope.user]
  const parts = [purpose, version, kid, upstream, isolation, scope.kind, ...owner].flatMap((part) => {
    const text = Buffer.from(part, 'utf16le')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    return [length, text]
  })
  return Buffer.concat(parts)
}

/** Texts of one length are compared in a time that tells nothing of them. */
function isSame(expected: string, written: string): boolean {
  const one = Buffer.from(expected, 'utf16le')
  const other = Buffer.from(written, 'utf16le')
  return one.length === other.length && timingSafeEqual(one, other)
}
