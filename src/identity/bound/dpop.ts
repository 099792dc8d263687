import { hash, X509Certificate } from 'node:crypto'
import type { DpopProof } from '../../model/identity.ts'
import { isJsonObject, type JsonObject, ownValue } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import type { Settings } from '../../model/settings.ts'
import { hasValidSignature } from '../jwt/jose.ts'
import { readKeySet } from '../jwt/jwk.ts'
import { readSigned, type SignedParts } from '../jwt/token.ts'
import { Limiter } from '../limiter.ts'
import { ProofMemory } from './proof-memory.ts'

/** How old a proof may be, and how far ahead of ours the client's clock. Milliseconds. */
const MAX_AGE_MS = 60_000
const MAX_AHEAD_MS = 10_000
const MAX_LENGTH = 8 * 1024
const MAX_JTI_LENGTH = 256
const AT_ONCE = 8
const MAX_WAITING = 512

export type ProofOutcome = 'good' | 'proof_invalid' | 'proof_replayed' | 'busy'

export interface BoundToken {
  readonly text: string
  readonly thumbprint: string
  readonly person: string
}

/** Which URLs are this proxy's. */
export type OwnUrls = Pick<Settings['listen'], 'proxy' | 'tls'> & { readonly origins: readonly string[] }

/**
 * Checks proofs that a client has the private key that its token is bound to. Each is good for one request, of one method, to
 * one URL, with one token, and once; for that request it stays good. Never throws, never rejects.
 *
 * Does not ask for nonces. Source: RFC 9449 sections 4.2, 4.3 and 7, RFC 7638 (thumbprints).
 */
export class DpopProofs {
  readonly #clock: Clock
  readonly #memory: ProofMemory
  readonly #limiter = new Limiter(AT_ONCE, MAX_WAITING)
  readonly #shown = new WeakMap<DpopProof, string>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#memory = new ProofMemory(clock, MAX_AGE_MS + MAX_AHEAD_MS)
  }

  /** `token`: with the key that it is bound to, and whose it is. */
  async check(
    proof: DpopProof,
    { text: token, thumbprint, person }: BoundToken,
    own: OwnUrls | null,
  ): Promise<ProofOutcome> {
    const shown = `${hash('sha256', token, 'base64url')} ${thumbprint}`
    if (this.#shown.get(proof) === shown) return 'good'
    const parts = proof.text.length > MAX_LENGTH ? null : readSigned(proof.text, new Set(['jwk']))
    const jwk = parts === null ? undefined : ownValue(parts.header, 'jwk')
    if (parts === null || !isJsonObject(jwk) || typeOf(parts.header) !== 'dpop+jwt') return 'proof_invalid'
    if (thumbprintOf(jwk) !== thumbprint || !this.#fits(parts.payload, proof, token, own)) return 'proof_invalid'
    const genuine = await (this.#limiter.run(() => isSigned(proof.text, parts, jwk)) ?? 'busy')
    if (genuine === 'busy') return 'busy'
    if (!genuine) return 'proof_invalid'
    const remembered = this.#memory.take(thumbprint, String(ownValue(parts.payload, 'jti')), person)
    if (remembered !== 'new') return remembered === 'full' ? 'busy' : 'proof_replayed'
    this.#shown.set(proof, shown)
    return 'good'
  }

  #fits(payload: JsonObject, { method, path }: DpopProof, token: string, own: OwnUrls | null): boolean {
    const [jti, htm, htu, iat, ath] = ['jti', 'htm', 'htu', 'iat', 'ath'].map((name) => ownValue(payload, name))
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH || typeof iat !== 'number') return false
    const age = this.#clock() - iat * 1000
    if (!(age <= MAX_AGE_MS && age >= -MAX_AHEAD_MS)) return false
    if (htm !== method || typeof htu !== 'string' || own === null) return false
    return ath === hash('sha256', token, 'base64url') && isOwnUrl(htu, path, own)
  }
}

function typeOf(header: JsonObject): string | undefined {
  const type = ownValue(header, 'typ')
  return typeof type === 'string' ? type.toLowerCase().replace(/^application\//, '') : undefined
}

/** A key that is private, symmetric or weak is none of ours to verify with; so it is in an issuer's set. */
async function isSigned(text: string, { alg }: SignedParts, jwk: JsonObject): Promise<boolean> {
  const [key] = (await readKeySet({ keys: [jwk] }, [])) ?? []
  const ready = key === undefined ? null : await key.ready(alg)
  return ready !== null && (await hasValidSignature(text, ready, alg))
}

const MEMBERS: { readonly [kty: string]: readonly string[] } = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

/** RFC 7638 section 3; undefined for a key of a type that is not known. */
function thumbprintOf(jwk: JsonObject): string | undefined {
  const kty = ownValue(jwk, 'kty')
  const names = typeof kty === 'string' && Object.hasOwn(MEMBERS, kty) ? (MEMBERS[kty] ?? []) : []
  if (names.length === 0) return undefined
  return hash(
    'sha256',
    JSON.stringify(Object.fromEntries(names.map((name) => [name, ownValue(jwk, name)]))),
    'base64url',
  )
}

/**
 * True for the URL of this very request. What host it is comes from the config, or from what the listener itself can prove:
 * the request's own `Host` says nothing, as whoever replays a proof that was made for them writes it.
 */
function isOwnUrl(written: string, path: string, { origins, proxy, tls }: OwnUrls): boolean {
  const url = URL.parse(written)
  if (url === null || url.username !== '' || url.password !== '' || url.pathname !== path) return false
  if (origins.length > 0) return origins.includes(url.origin)
  if (url.protocol !== (tls === null ? 'http:' : 'https:')) return false
  const port = url.port === '' ? (tls === null ? 80 : 443) : Number(url.port)
  if (proxy.port !== 0 && port !== proxy.port) return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (tls === null) return host === proxy.host || (isLoopback(proxy.host) && isLoopback(host))
  const certificate = new X509Certificate(tls.cert)
  return certificate.checkHost(host) !== undefined || certificate.checkIP(host) !== undefined
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
