import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import { type ReadyKey, readyKey } from './jose.ts'
import { hasSmallOrder, isWeakRsa } from './weak-keys.ts'

/** One public signature key of an issuer, pinned to the algorithms that it may verify. */
export interface VerificationKey {
  readonly kid: string | undefined
  readonly algorithms: readonly string[]
  /** Everything that makes it this key: equal texts are the same key. */
  readonly fingerprint: string
  /** Null when the key turns out not to be usable with `alg`. */
  ready(alg: string): Promise<ReadyKey | null>
}

const MAX_KEYS = 100
const MAX_KID_LENGTH = 512

const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
/** EdDSA and Ed25519 are two names of one thing (RFC 9864 section 2.2). */
const ED25519_NAMES = ['EdDSA', 'Ed25519']
const CURVES: { readonly [crv: string]: { readonly alg: string; readonly bytes: number } } = {
  'P-256': { alg: 'ES256', bytes: 32 },
  'P-384': { alg: 'ES384', bytes: 48 },
  'P-521': { alg: 'ES512', bytes: 66 },
}
/** Members that a private or symmetric key has: whoever publishes one has lost it. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

/**
 * The usable signature keys of a key set. A key that is not usable here (another use, an unknown type, private, weak) is
 * left out and the others stand (RFC 7517 section 5); null when the document is no key set or has too many keys.
 * `known` are keys of before: one that has not changed is the same object still.
 */
export async function readKeySet(
  document: JsonObject,
  known: readonly VerificationKey[],
): Promise<readonly VerificationKey[] | null> {
  const entries = ownValue(document, 'keys')
  if (!Array.isArray(entries) || entries.length > MAX_KEYS) return null
  const before = new Map(known.map((key) => [key.fingerprint, key]))
  const keys = new Map<string, VerificationKey>()
  for (const entry of entries as readonly JsonValue[]) {
    const key = isJsonObject(entry) ? readKey(entry) : null
    if (key === null || keys.has(key.fingerprint)) continue
    const same = before.get(key.fingerprint)
    if (same) keys.set(key.fingerprint, same)
    else if ((await key.ready(key.algorithms[0] ?? '')) !== null) keys.set(key.fingerprint, key)
  }
  return [...keys.values()]
}

/** Null for a key that must not verify a signature here. Source: RFC 7517 section 4, RFC 8725 sections 3.1 and 3.5. */
function readKey(entry: JsonObject): VerificationKey | null {
  const kid = ownValue(entry, 'kid')
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH)) return null
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(entry, name)) || !isForSignatures(entry)) return null
  const material = readMaterial(entry)
  if (material === null) return null
  const algorithms = pinned(material.algorithms, ownValue(entry, 'alg'))
  if (algorithms.length === 0) return null
  const ready = new Map<string, Promise<ReadyKey | null>>()
  return {
    kid,
    algorithms,
    fingerprint: JSON.stringify([kid ?? null, algorithms, material.jwk]),
    ready: (alg) => {
      if (!algorithms.includes(alg)) return Promise.resolve(null)
      const key = ready.get(alg) ?? readyKey(material.jwk, alg)
      ready.set(alg, key)
      return key
    },
  }
}

function isForSignatures(entry: JsonObject): boolean {
  const use = ownValue(entry, 'use')
  const operations = ownValue(entry, 'key_ops')
  if (use !== undefined && use !== 'sig') return false
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
}

/** The algorithms that the key's own `alg` leaves of those that its type can do. */
function pinned(possible: readonly string[], alg: JsonValue | undefined): readonly string[] {
  if (alg === undefined) return possible
  if (possible === ED25519_NAMES && (alg === 'EdDSA' || alg === 'Ed25519')) return possible
  return possible.filter((name) => name === alg)
}

interface Material {
  readonly jwk: { readonly kty: string; readonly [member: string]: string }
  readonly algorithms: readonly string[]
}

function readMaterial(entry: JsonObject): Material | null {
  switch (ownValue(entry, 'kty')) {
    case 'RSA':
      return readRsa(entry)
    case 'EC':
      return readEc(entry)
    case 'OKP':
      return readOkp(entry)
    default:
      return null
  }
}

function readRsa(entry: JsonObject): Material | null {
  const n = readBytes(entry, 'n')
  const e = readBytes(entry, 'e')
  if (n === null || e === null || isWeakRsa(n, e)) return null
  return {
    jwk: { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') },
    algorithms: RSA_ALGORITHMS,
  }
}

function readEc(entry: JsonObject): Material | null {
  const crv = ownValue(entry, 'crv')
  const curve = typeof crv === 'string' && Object.hasOwn(CURVES, crv) ? CURVES[crv] : undefined
  const x = readBytes(entry, 'x')
  const y = readBytes(entry, 'y')
  if (curve === undefined || typeof crv !== 'string' || x?.length !== curve.bytes || y?.length !== curve.bytes)
    return null
  return {
    jwk: { kty: 'EC', crv, x: x.toString('base64url'), y: y.toString('base64url') },
    algorithms: [curve.alg],
  }
}

function readOkp(entry: JsonObject): Material | null {
  const x = readBytes(entry, 'x')
  if (ownValue(entry, 'crv') !== 'Ed25519' || x?.length !== 32 || hasSmallOrder(x)) return null
  return { jwk: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, algorithms: ED25519_NAMES }
}

function readBytes(entry: JsonObject, name: string): Buffer | null {
  const written = ownValue(entry, name)
  if (typeof written !== 'string') return null
  const bytes = Buffer.from(written, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === written ? bytes : null
}
