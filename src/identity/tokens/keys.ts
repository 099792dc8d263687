import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, hkdfSync, type KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { Secret } from '../../model/secret.ts'
import { type ReadyKey, readyKey, signedBy } from '../jwt/jose.ts'
import type { VerificationKey } from '../jwt/jwk.ts'

/** The only algorithm of the proxy's own tokens, by the only name that they may have for it. */
export const OWN_ALGORITHM = 'EdDSA'
/** The only type that they may have (RFC 9068 section 2.1). */
export const OWN_TYPE = 'at+jwt'
const STATE_KEY_BYTES = 32
/** Keeps what is derived apart from signatures, and from whatever else may be derived one day. */
const STATE_PURPOSE = 'sallyport sign-in state'

/** What a key set tells of a key (RFC 8037 section 2): its public part alone. */
interface PublicKey {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}

/** A key that signs the proxy's own tokens. Nothing prints its private part. */
export class TokenKey {
  readonly publicKey: PublicKey
  /** Its thumbprint (RFC 7638): the same name in every process, for as long as it is the same key. */
  readonly kid: string
  readonly verification: VerificationKey
  readonly #key: KeyObject
  #stateKey: Buffer | null = null

  /** Throws for every other kind of key. */
  constructor(key: KeyObject) {
    if (key.type !== 'private' || key.asymmetricKeyType !== 'ed25519') throw new Error('no private Ed25519 key')
    const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
    this.#key = key
    this.publicKey = { kty: 'OKP', crv: 'Ed25519', x }
    this.kid = thumbprint(this.publicKey)
    this.verification = verificationKey(this.publicKey, this.kid)
  }

  /** A compact JWS of the claims. */
  sign(claims: string): Promise<string> {
    return signedBy(this.#key, claims, { typ: OWN_TYPE, kid: this.kid })
  }

  /** Another key, for AES-256, of which nothing can be told from signatures (HKDF-SHA256 of the seed). */
  stateKey(): Buffer {
    if (this.#stateKey !== null) return this.#stateKey
    const { d = '' } = this.#key.export({ format: 'jwk' })
    const seed = Buffer.from(d, 'base64url')
    this.#stateKey = Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), STATE_PURPOSE, STATE_KEY_BYTES))
    return this.#stateKey
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** RFC 7638 section 3.2: the required members in this order, and nothing else. */
function thumbprint({ kty, crv, x }: PublicKey): string {
  return hash('sha256', JSON.stringify({ crv, kty, x }), 'base64url')
}

function verificationKey(publicKey: PublicKey, kid: string): VerificationKey {
  let ready: Promise<ReadyKey | null> | null = null
  return {
    kid,
    algorithms: [OWN_ALGORITHM],
    fingerprint: kid,
    ready: (alg) => {
      if (alg !== OWN_ALGORITHM) return Promise.resolve(null)
      ready ??= readyKey({ ...publicKey }, alg)
      return ready
    },
  }
}

/** The keys of one moment: one signs, all verify. */
export interface TokenKeyRing {
  readonly signing: TokenKey
  readonly byKid: ReadonlyMap<string, TokenKey>
}

/** Null where no key can be had, or none that is known to be in force still. */
export type TokenKeys = () => TokenKeyRing | null

/** A key as a store keeps it. */
export interface KeptTokenKey {
  /** PKCS#8 in base64url. */
  readonly secret: Secret
  readonly kid: string
  /** Epoch milliseconds. */
  readonly signsFrom: number
}

/** Throws for what is no key, or is none of the name that it is kept by: then the store is damaged. */
function openTokenKey({ secret, kid }: Pick<KeptTokenKey, 'secret' | 'kid'>): TokenKey {
  const der = Buffer.from(secret.reveal(), 'base64url')
  const key = new TokenKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  if (key.kid !== kid) throw new Error('a key does not have the name that it is kept by')
  return key
}

export function mintTokenKey(): Pick<KeptTokenKey, 'secret' | 'kid'> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { kid } = new TokenKey(privateKey)
  // One in 64: on a command line its name would be an option.
  if (kid.startsWith('-')) return mintTokenKey()
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  return { kid, secret: new Secret(der.toString('base64url')) }
}

/** The keys of files, the one that signs first. Throws for what is none. */
export function ringOfTexts(pems: readonly Secret[]): TokenKeyRing {
  const keys = pems.map((pem) => new TokenKey(createPrivateKey(pem.reveal())))
  const [signing] = keys
  if (signing === undefined) throw new Error('no key signs')
  return { signing, byKid: new Map(keys.map((key) => [key.kid, key])) }
}

/**
 * The keys of a store, oldest first, as they stand at `now`: the newest one whose time has come signs; where none has come,
 * the first one that was made. `known` are those of before, for what they have derived. Null where there are none.
 */
export function ringOfKept(
  kept: readonly KeptTokenKey[],
  now: number,
  known: ReadonlyMap<string, TokenKey> = new Map(),
): TokenKeyRing | null {
  const byKid = new Map(kept.map((one) => [one.kid, known.get(one.kid) ?? openTokenKey(one)]))
  const chosen = kept.findLast(({ signsFrom }) => signsFrom <= now) ?? kept[0]
  const signing = chosen && byKid.get(chosen.kid)
  return signing === undefined ? null : { signing, byKid }
}
