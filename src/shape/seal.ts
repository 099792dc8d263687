import { createHmac, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'
import type { ObjectScope, Sealer, StoredSealingKey } from '../model/sealing.ts'

const MARK = '.sp1'
const KID = /^[A-Za-z0-9]{6}$/
export const KID_LENGTH = 6
const TAG_BYTES = 16
/** 16 bytes in base64url. The last letter has four bits that are always zero: a tag has one spelling. */
export const TAG_LENGTH = 22
/** How much longer a sealed id is. */
export const SUFFIX_LENGTH = MARK.length + KID_LENGTH + TAG_LENGTH

/** What the API takes for an id, sealed. */
const MAX_SEALED = 256
/** Longer ids are not sealed. */
export const MAX_ID = MAX_SEALED - SUFFIX_LENGTH

/** What can be sealed: it stands for itself in paths, queries and JSON, and is no step of a path. */
const ID = /^(?!\.{1,2}$)[A-Za-z0-9._:-]+$/

const KEY_BYTES = 32

/** One key, whose bytes nothing prints. */
class SealingKey {
  readonly kid: string
  readonly #bytes: Buffer

  constructor({ kid, secret }: StoredSealingKey) {
    const bytes = Buffer.from(secret.reveal(), 'base64url')
    if (!KID.test(kid) || bytes.length !== KEY_BYTES) throw new Error('a stored sealing key is damaged')
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
  if (byKid.size !== stored.length) throw new Error('two sealing keys have one name')
  const chosen = byAge.findLast(({ sealsFrom }) => sealsFrom <= now) ?? byAge[0]
  const sealing = chosen && byKid.get(chosen.kid)
  if (sealing === undefined) throw new Error('there is no sealing key')
  return { sealing, byKid }
}

/** Whose ids are sealed, and where the objects are. */
export interface Ownership {
  readonly upstream: string
  readonly isolation: 'workspace' | 'user'
  readonly scope: ObjectScope
}

/**
 * Opens the sealer of one scope on one upstream. A sealed id is the id itself and behind it `.sp1`, the name of the key and
 * 128 bits of an HMAC-SHA256 over the version, the key's name, the upstream, the isolation, the scope and the id. The same
 * object has the same id in every answer for as long as one key seals.
 *
 * Compares in constant time, and never says what is wrong with an id that it does not open.
 * Does not check: that the object exists; what kind of object it is.
 */
export function openSealer(ring: KeyRing, ownership: Ownership): Sealer {
  const owners = new Map<string, Buffer>()
  const ownerOf = (kid: string): Buffer => {
    const owner = owners.get(kid) ?? encodedOwner('sallyport object', MARK, kid, ownership)
    owners.set(kid, owner)
    return owner
  }
  const tagged = (key: SealingKey, id: string) => key.tag(ownerOf(key.kid), id)
  return {
    upstream: ownership.upstream,
    suffix: (id) => (isSealable(id) ? MARK + ring.sealing.kid + tagged(ring.sealing, id) : null),
    open: (sealed) => {
      const mark = sealed.length - SUFFIX_LENGTH
      if (mark < 1 || sealed.length > MAX_SEALED || !sealed.startsWith(MARK, mark)) return null
      const id = sealed.slice(0, mark)
      const tagAt = sealed.length - TAG_LENGTH
      const key = ring.byKid.get(sealed.slice(mark + MARK.length, tagAt))
      if (key === undefined || !isSealable(id)) return null
      return isSame(tagged(key, id), sealed.slice(tagAt)) ? id : null
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
export function isSame(expected: string, written: string): boolean {
  const one = Buffer.from(expected, 'utf16le')
  const other = Buffer.from(written, 'utf16le')
  return one.length === other.length && timingSafeEqual(one, other)
}
