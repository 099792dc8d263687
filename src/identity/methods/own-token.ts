import type { Credential, Verification } from '../../model/identity.ts'
import { ownValue } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import type { RejectReason, UnavailableReason } from '../../model/reasons.ts'
import { Signatures } from '../jwt/signatures.ts'
import { digestOf, tokenOf, type UnverifiedToken } from '../jwt/token.ts'
import type { IdentitySettings, MethodKind, OpenMethod, OwnTokens } from '../method.ts'
import { Recent } from '../recent.ts'
import { noteRevocable } from '../revocable.ts'
import { OWN_ALGORITHM, OWN_TYPE, type TokenKey } from '../tokens/keys.ts'
import { acceptOwn } from '../tokens/payload.ts'

/** How long a verified token is believed without another look at it, at most. Milliseconds. */
const MAX_MEMORY_MS = 60_000
const MAX_REMEMBERED = 10_000

interface Remembered {
  readonly verification: Verification
  readonly fromMs: number
  readonly untilMs: number
  readonly kid: string
}

/** The tokens that sign-in hands out. Events have the method, and the issuer, that the person has signed in by. */
export const ownToken: MethodKind = {
  name: 'own_token',
  plans: ({ tokens = null, ...settings }) => {
    if (tokens === null) return []
    const sources = sourcesOf(settings)
    // What is remembered was issued by this name; which keys there are is asked each time.
    const fingerprint = `own_tokens ${JSON.stringify([tokens.issuer, sources])}`
    return [{ fingerprint, open: (ports) => new OwnTokenMethod(ports.clock, ports.tokens ?? null, new Set(sources)) }]
  },
}

/** By whom people can sign in: what came of a sign-in by somebody who is not there any more is over with them. */
function sourcesOf({ issuers, saml = [], ldap = [], local }: IdentitySettings): readonly string[] {
  return [...[...issuers, ...saml, ...ldap].map(({ name }) => name), ...(local?.enabled === true ? ['local'] : [])]
}

/**
 * Checks tokens of the proxy itself: of exactly its algorithm and type, by the key that they name and no other one, made by
 * this fleet for itself, of exactly the form that it writes, and for people of whom somebody vouches who is configured still.
 *
 * Does not check: revocation, which is asked for whatever token it is. Faults: `rejected` for any defect, `unavailable` when
 * the keys cannot be had. Source: RFC 9068 section 4, RFC 8725 section 3.
 */
class OwnTokenMethod implements OpenMethod {
  readonly name = 'jwt'
  readonly issuer = 'tokens'
  readonly #clock: Clock
  readonly #own: OwnTokens | null
  readonly #sources: ReadonlySet<string>
  readonly #signatures: Signatures
  readonly #verified = new Recent<Remembered>(MAX_REMEMBERED)
  readonly #pending = new Map<string, Promise<Verification>>()

  constructor(clock: Clock, own: OwnTokens | null, sources: ReadonlySet<string>) {
    this.#clock = clock
    this.#own = own
    this.#sources = sources
    this.#signatures = new Signatures(clock)
  }

  owns(credential: Credential): boolean {
    const token = tokenOf(credential)
    return token.ok && this.#own !== null && ownValue(token.value.payload, 'iss') === this.#own.url()
  }

  recall(digest: string, nowMs: number): Verification | undefined {
    const known = this.#verified.get(digest)
    if (known === undefined) return undefined
    const isHeld = this.#own?.keys()?.byKid.has(known.kid) ?? false
    if (nowMs >= known.fromMs && nowMs < known.untilMs && isHeld) return known.verification
    this.#verified.delete(digest)
    return undefined
  }

  verify(credential: Credential): Verification | Promise<Verification> {
    const token = tokenOf(credential)
    if (!token.ok) return rejected(token.fault)
    const digest = digestOf(token.value.text)
    const known = this.recall(digest, this.#clock()) ?? this.#pending.get(digest)
    if (known !== undefined) return known
    const key = this.#keyOf(token.value)
    if (key === null || typeof key === 'string')
      return key === null ? unavailable('store_unavailable', 5) : rejected(key)
    const verification = this.#check(token.value, digest, key).finally(() => this.#pending.delete(digest))
    this.#pending.set(digest, verification)
    return verification
  }

  close(): void {
    this.#pending.clear()
  }

  /** Null while no keys are at hand. */
  #keyOf({ alg, typ, kid }: UnverifiedToken): TokenKey | RejectReason | null {
    if (alg !== OWN_ALGORITHM) return 'alg_not_allowed'
    if (typ !== OWN_TYPE) return 'wrong_type'
    const ring = this.#own?.keys() ?? null
    if (ring === null) return null
    return ring.byKid.get(kid ?? '') ?? 'unknown_kid'
  }

  async #check(token: UnverifiedToken, digest: string, key: TokenKey): Promise<Verification> {
    const genuine = await this.#signatures.isGenuine(token, digest, key.verification)
    if (genuine === null) return unavailable('busy', 1)
    return genuine ? this.#accept(token, digest, key) : rejected('bad_signature')
  }

  #accept({ payload }: UnverifiedToken, digest: string, { kid }: TokenKey): Verification {
    const nowMs = this.#clock()
    const accepted = acceptOwn(payload, this.#own?.url() ?? '', nowMs)
    if (!accepted.ok) return rejected(accepted.fault)
    // The key may have been retired while its signature was being verified.
    if (this.#own?.keys()?.byKid.has(kid) !== true) return rejected('unknown_kid')
    const { principal, validity, revocable } = accepted.value
    if (!this.#sources.has(principal.issuer)) return rejected('wrong_iss')
    noteRevocable(principal, revocable)
    this.#verified.set(digest, {
      verification: Object.freeze({ outcome: 'verified', principal, cache: 'hit' }),
      fromMs: validity.fromMs,
      untilMs: Math.min(validity.untilMs, nowMs + MAX_MEMORY_MS),
      kid,
    })
    return { outcome: 'verified', principal, cache: 'miss' }
  }
}

function rejected(reason: RejectReason): Verification {
  return { outcome: 'rejected', reason, method: 'jwt', issuer: 'tokens' }
}

function unavailable(reason: UnavailableReason, retryAfterSeconds: number): Verification {
  return { outcome: 'unavailable', reason, method: 'jwt', issuer: 'tokens', retryAfterSeconds }
}
