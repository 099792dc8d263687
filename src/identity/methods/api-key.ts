import type { Credential, Principal, Verification } from '../../model/identity.ts'
import type { Clock, KeyReader, StoredKey } from '../../model/ports.ts'
import type { RejectReason, UnavailableReason } from '../../model/reasons.ts'
import { isKeyLike, isSameTag, type KeyParts, readKey } from '../api-keys/key-format.ts'
import { isInside, type KeyNetworks, keyNetworks } from '../api-keys/key-networks.ts'
import { matchesHash } from '../argon2.ts'
import { digestOf } from '../jwt/token.ts'
import { Limiter } from '../limiter.ts'
import type { MethodKind, OpenMethod } from '../method.ts'
import { Recent } from '../recent.ts'

/** How long a record is believed before it is read again: this is how fast a revocation takes effect. Milliseconds. */
const RECORD_MEMORY_MS = 10_000
/** How long the verdict of the slow hash is kept. It says that key and hash belong together, not that the key is valid. */
const PROOF_MEMORY_MS = 600_000
const MAX_REMEMBERED = 10_000
const TOUCH_EVERY_MS = 60_000
const HASHES_AT_ONCE = 2
const MAX_WAITING = 64
const NO_TAG = '00000000'

/** What is true of a key wherever it comes from, and where it may come from. */
interface Judged {
  readonly verification: Verification
  readonly networks: KeyNetworks
}

interface Remembered extends Judged {
  readonly readAtMs: number
  readonly expiresAtMs: number
}

/** Key and stored hash have been found to belong together. */
interface Proof {
  readonly hash: string
  readonly atMs: number
}

export const apiKey: MethodKind = {
  name: 'api_key',
  plans: ({ apiKeys }) =>
    apiKeys.enabled
      ? [{ fingerprint: 'api_keys', open: ({ clock, keys }) => new ApiKeys(clock, keys ?? absentStore) }]
      : [],
}

/**
 * Checks API keys of the proxy's own store. The record is found by the id in the key, the tag is compared in constant
 * time, and only a key whose tag is right is worth the slow hash: at most two are computed at once and each key waits at
 * most once, so that a flood of wrong keys, for whatever id, keeps no right one waiting.
 *
 * Where a key may come from is asked for each request by itself: what was found of a key is shared by all who present it.
 *
 * Faults: `rejected` for a key that is unknown, revoked, expired or not for the client's network; `unavailable` when the store cannot be read or was
 * replaced, or too many hashes wait. A revocation in the store, by whatever process, takes effect within 10 s.
 */
class ApiKeys implements OpenMethod {
  readonly name = 'api_key'
  readonly issuer = 'api_keys'
  readonly #clock: Clock
  readonly #store: KeyReader
  readonly #limiter = new Limiter(HASHES_AT_ONCE, MAX_WAITING)
  readonly #verified = new Recent<Remembered>(MAX_REMEMBERED)
  readonly #proofs = new Recent<Proof>(MAX_REMEMBERED)
  readonly #touched = new Recent<number>(MAX_REMEMBERED)
  readonly #reading = new Map<string, Promise<Judged>>()
  readonly #pending = new Map<string, Promise<Judged>>()
  readonly #admitting = new WeakMap<Promise<Judged>, Map<string | undefined, Promise<Verification>>>()

  constructor(clock: Clock, store: KeyReader) {
    this.#clock = clock
    this.#store = store
  }

  owns(credential: Credential): boolean {
    return credential.kind === 'token' && isKeyLike(credential.token.reveal())
  }

  recall(digest: string, nowMs: number, client?: string): Verification | undefined {
    const known = this.#verified.get(digest)
    if (known === undefined) return undefined
    const age = nowMs - known.readAtMs
    if (age < 0 || age >= RECORD_MEMORY_MS || nowMs >= known.expiresAtMs) {
      this.#verified.delete(digest)
      return undefined
    }
    return this.#admit(known, client, nowMs)
  }

  verify(credential: Credential, client?: string): Verification | Promise<Verification> {
    const key = credential.kind === 'token' ? credential.token.reveal() : ''
    const parts = readKey(key)
    if (parts === null) return refusal('malformed')
    const digest = digestOf(key)
    const nowMs = this.#clock()
    const known = this.recall(digest, nowMs, client)
    if (known !== undefined) return known
    const judged = this.#judge(key, parts, digest, nowMs)
    return judged instanceof Promise ? this.#admitLater(judged, client, nowMs) : this.#admit(judged, client, nowMs)
  }

  close(): void {
    this.#reading.clear()
    this.#pending.clear()
  }

  /** Once for an address, however many requests of it wait. */
  #admitLater(judged: Promise<Judged>, client: string | undefined, nowMs: number): Promise<Verification> {
    const waiting = this.#admitting.get(judged) ?? new Map<string | undefined, Promise<Verification>>()
    this.#admitting.set(judged, waiting)
    const admitted = waiting.get(client) ?? judged.then((outcome) => this.#admit(outcome, client, nowMs))
    waiting.set(client, admitted)
    return admitted
  }

  /** Who comes from elsewhere has not used the key. */
  #admit({ verification, networks }: Judged, client: string | undefined, nowMs: number): Verification {
    if (verification.outcome !== 'verified') return verification
    const { key } = verification.principal
    if (!isInside(networks, client)) return { ...refusal('network_not_allowed'), ...(key === null ? {} : { key }) }
    if (key !== null) this.#touch(key, nowMs)
    return verification
  }

  /** Where the store answers later, it is asked once for a key, however many wait for that. */
  #judge(key: string, parts: KeyParts, digest: string, nowMs: number): Judged | Promise<Judged> {
    const reading = this.#reading.get(digest)
    if (reading !== undefined) return reading
    const judged = (record: StoredKey | undefined) => this.#weigh(key, parts, record, digest, nowMs)
    try {
      const found = this.#store.find(parts.id)
      if (!(found instanceof Promise)) return judged(found)
      const verification = found.then(judged, unreadable).finally(() => this.#reading.delete(digest))
      this.#reading.set(digest, verification)
      return verification
    } catch {
      return unreadable()
    }
  }

  #weigh(key: string, { id, tag }: KeyParts, record: StoredKey | undefined, digest: string, nowMs: number) {
    const isRight = isSameTag(record?.tag ?? NO_TAG, tag)
    if (record === undefined || record.id !== id || !isRight) return rejected('unknown_key')
    const reason = invalidity(record, this.#clock())
    if (reason !== null) return rejected(reason)
    const proof = this.#proofs.get(digest)
    if (proof?.hash === record.hash && Math.abs(nowMs - proof.atMs) < PROOF_MEMORY_MS) {
      return this.#accept(record, digest, nowMs)
    }
    return this.#prove(key, record, digest, nowMs)
  }

  #prove(key: string, record: StoredKey, digest: string, nowMs: number): Judged | Promise<Judged> {
    const pending = this.#pending.get(digest)
    if (pending !== undefined) return pending
    const matching = this.#limiter.run(() => matchesHash(record.hash, key))
    if (matching === null) return unavailable('busy', 2)
    const verification = matching
      .then(
        (matches) => {
          if (!matches) return rejected('unknown_key')
          this.#proofs.set(digest, { hash: record.hash, atMs: nowMs })
          // It may have expired while it waited; how long ago it was read still counts from the reading.
          const reason = invalidity(record, this.#clock())
          return reason === null ? this.#accept(record, digest, nowMs) : rejected(reason)
        },
        () => unavailable('store_corrupt', 30),
      )
      .finally(() => this.#pending.delete(digest))
    this.#pending.set(digest, verification)
    return verification
  }

  #accept(record: StoredKey, digest: string, readAtMs: number): Judged {
    const principal = principalOf(record)
    const networks = keyNetworks(record.networks)
    this.#verified.set(digest, {
      verification: Object.freeze({ outcome: 'verified', principal, cache: 'hit' }),
      networks,
      readAtMs,
      expiresAtMs: record.expiresAt ?? Number.POSITIVE_INFINITY,
    })
    return { verification: { outcome: 'verified', principal, cache: 'miss' }, networks }
  }

  #touch(id: string, nowMs: number): void {
    const before = this.#touched.get(id)
    if (before !== undefined && Math.abs(nowMs - before) < TOUCH_EVERY_MS) return
    this.#touched.set(id, nowMs)
    this.#store.touch(id, nowMs)
  }
}

function invalidity({ revokedAt, expiresAt }: StoredKey, nowMs: number): 'revoked' | 'expired' | null {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && nowMs >= expiresAt ? 'expired' : null
}

/** A key shows no `amr` and no `acr`: whether several factors stand behind it cannot be told. */
function principalOf(record: StoredKey): Principal {
  return {
    id: record.owner,
    issuer: 'api_keys',
    method: 'api_key',
    name: null,
    email: null,
    groups: record.groups,
    roles: record.roles,
    workspaces: record.workspace === null ? [] : [record.workspace],
    claims: {},
    mfa: 'unknown',
    acr: undefined,
    authTime: undefined,
    key: record.id,
    ...(record.models.length === 0 ? {} : { models: record.models }),
    tokenId: null,
    expiresAt: record.expiresAt === null ? null : Math.floor(record.expiresAt / 1000),
  }
}

const absentStore: KeyReader = {
  find: () => {
    throw new Error('no key store is open')
  },
  touch: () => undefined,
}

const unreadable = () => unavailable('store_unavailable', 5)

function refusal(reason: RejectReason): Verification {
  return { outcome: 'rejected', reason, method: 'api_key', issuer: 'api_keys' }
}

/** Wherever it comes from. */
function rejected(reason: RejectReason): Judged {
  return { verification: refusal(reason), networks: null }
}

function unavailable(reason: UnavailableReason, retryAfterSeconds: number): Judged {
  const method = { method: 'api_key', issuer: 'api_keys' } as const
  return { verification: { outcome: 'unavailable', reason, ...method, retryAfterSeconds }, networks: null }
}
