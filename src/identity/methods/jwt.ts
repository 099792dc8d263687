import type { Credential, Verification } from '../../model/identity.ts'
import type { IntrospectionSettings, IssuerSettings } from '../../model/identity-settings.ts'
import { ownValue } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import type { RejectReason, UnavailableReason } from '../../model/reasons.ts'
import { acceptClaims } from '../claims.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { IntrospectedTokens } from '../introspection/tokens.ts'
import type { VerificationKey } from '../jwt/jwk.ts'
import { keyFor } from '../jwt/key-choice.ts'
import { KeySet } from '../jwt/key-sets.ts'
import { openKeySource } from '../jwt/key-source.ts'
import { Signatures } from '../jwt/signatures.ts'
import { digestOf, tokenOf, type UnverifiedToken } from '../jwt/token.ts'
import type { IdentityPorts, MethodKind, MethodPlan, OpenMethod } from '../method.ts'
import { Recent } from '../recent.ts'

/** How long a verified token is believed without another look at it, at most. Milliseconds. */
const MAX_MEMORY_MS = 60_000
const MAX_REMEMBERED = 10_000

interface Remembered {
  readonly verification: Verification
  readonly fromMs: number
  readonly untilMs: number
  readonly key: VerificationKey
}

export const jwt: MethodKind = {
  name: 'jwt',
  plans: ({ issuers }) =>
    issuers.flatMap((issuer) => {
      const { introspection, ...settings } = issuer
      const verified = {
        fingerprint: fingerprintOf('jwt', settings),
        open: (ports: IdentityPorts) => new JwtIssuer(settings, ports),
      }
      return introspection === undefined ? [verified] : [verified, introspected(issuer, introspection, issuers)]
    }),
}

/** The same issuer's opaque tokens. Whose they are depends on all issuers. */
function introspected(
  settings: IssuerSettings,
  introspection: IntrospectionSettings,
  issuers: readonly IssuerSettings[],
): MethodPlan {
  const prefixes = issuers.map(({ name, introspection }) => [name, introspection?.prefix])
  return {
    fingerprint: fingerprintOf('introspection', settings, prefixes),
    open: (ports) => new IntrospectedTokens(settings, introspection, issuers, ports),
  }
}

/**
 * Checks JWT access tokens against one issuer. Signature first, then claims. What is remembered belongs to this object,
 * which lives exactly as long as its settings do, and is found by the SHA-256 of the whole token.
 *
 * Does not check: scopes, revocation. Faults: `rejected` for any defect of the token, `unavailable` when the issuer's keys
 * cannot be had. Source: RFC 9068 section 4, RFC 8725 section 3. The clock skew applies to `exp`, `nbf` and `iat`.
 */
class JwtIssuer implements OpenMethod {
  readonly name = 'jwt'
  readonly issuer: string
  readonly #settings: IssuerSettings
  readonly #clock: Clock
  readonly #keySet: KeySet
  readonly #signatures: Signatures
  readonly #verified = new Recent<Remembered>(MAX_REMEMBERED)
  readonly #pending = new Map<string, Promise<Verification>>()

  constructor(settings: IssuerSettings, ports: IdentityPorts) {
    this.issuer = settings.name
    this.#settings = settings
    this.#clock = ports.clock
    this.#signatures = new Signatures(ports.clock)
    this.#keySet = new KeySet(settings.name, openKeySource(settings), settings.jwks, ports)
  }

  /** By the `iss` that the token names for itself: that says only who is to verify it. */
  owns(credential: Credential): boolean {
    const token = tokenOf(credential)
    return token.ok && ownValue(token.value.payload, 'iss') === this.#settings.issuer
  }

  recall(digest: string, nowMs: number): Verification | undefined {
    const known = this.#verified.get(digest)
    if (known === undefined) return undefined
    if (nowMs >= known.fromMs && nowMs < known.untilMs && this.#keySet.holds(known.key)) return known.verification
    this.#verified.delete(digest)
    return undefined
  }

  verify(credential: Credential): Verification | Promise<Verification> {
    const token = tokenOf(credential)
    if (!token.ok) return this.#rejected(token.fault)
    const digest = digestOf(token.value.text)
    const known = this.recall(digest, this.#clock()) ?? this.#pending.get(digest)
    if (known !== undefined) return known
    const verification = this.#check(token.value, digest).finally(() => this.#pending.delete(digest))
    this.#pending.set(digest, verification)
    return verification
  }

  close(): void {
    this.#keySet.close()
  }

  async #check(token: UnverifiedToken, digest: string): Promise<Verification> {
    if (!this.#settings.algorithms.includes(token.alg)) return this.#rejected('alg_not_allowed')
    const key = await keyFor(this.#keySet, token)
    if (key === 'jwks_unavailable') return this.#unavailable(key, 5)
    if (typeof key === 'string') return this.#rejected(key)
    const genuine = await this.#signatures.isGenuine(token, digest, key)
    if (genuine === null) return this.#unavailable('busy', 1)
    return genuine ? this.#accept(token, digest, key) : this.#rejected('bad_signature')
  }

  #accept(token: UnverifiedToken, digest: string, key: VerificationKey): Verification {
    const nowMs = this.#clock()
    const accepted = acceptClaims(token, this.#settings, nowMs)
    if (!accepted.ok) return this.#rejected(accepted.fault)
    // The key may have gone while its signature was being verified.
    if (!this.#keySet.holds(key)) return this.#rejected('unknown_kid')
    const { principal, validity } = accepted.value
    this.#verified.set(digest, {
      verification: Object.freeze({ outcome: 'verified', principal, cache: 'hit' }),
      fromMs: validity.fromMs,
      untilMs: Math.min(validity.untilMs, nowMs + MAX_MEMORY_MS),
      key,
    })
    return { outcome: 'verified', principal, cache: 'miss' }
  }

  #rejected(reason: RejectReason): Verification {
    return { outcome: 'rejected', reason, method: 'jwt', issuer: this.issuer }
  }

  #unavailable(reason: UnavailableReason, retryAfterSeconds: number): Verification {
    return { outcome: 'unavailable', reason, method: 'jwt', issuer: this.issuer, retryAfterSeconds }
  }
}
