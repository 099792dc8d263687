import type { Credential, Verification } from '../../model/identity.ts'
import type { IntrospectionSettings, IssuerSettings } from '../../model/identity-settings.ts'
import type { JsonObject } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import type { RejectReason, UnavailableReason } from '../../model/reasons.ts'
import type { Result } from '../../model/result.ts'
import type { Accepted } from '../claims.ts'
import { digestOf } from '../jwt/token.ts'
import { Limiter } from '../limiter.ts'
import type { IdentityPorts, OpenMethod } from '../method.ts'
import { Recent } from '../recent.ts'
import { networkOf } from '../throttle.ts'
import { acceptAnswer } from './answer.ts'
import { type AskFailure, IntrospectionEndpoint } from './endpoint.ts'
import { opaqueText, ownerOf } from './opaque.ts'
import { Outage } from './outage.ts'
import { Shares } from './shares.ts'

const MAX_REMEMBERED = 10_000
const MAX_REFUSED = 4096
/** How long a token that is not good is refused without being asked about again. Milliseconds. */
const REFUSED_MEMORY_MS = 5000
/** An answer about one token that is larger than this is not remembered. Characters. */
const MAX_KEPT = 64 * 1024
const ASKED_AT_ONCE = 16
const MAX_WAITING = 512
/** Of those under way, how many one client may have: an address, or the network that one has with IPv6. */
const MAX_OF_ONE = 64
const ASK_LIMIT_MS = 10_000

interface Remembered {
  readonly verification: Verification
  readonly askedAtMs: number
  readonly fromMs: number
  readonly untilMs: number
}

/**
 * Asks one issuer about opaque tokens. Its word is believed for `cacheMs` from when it was asked for, never past the token's
 * `exp`, and by nobody but this object: it is found by the SHA-256 of the whole token.
 *
 * Does not check: scopes. Faults: `rejected` for a token that the issuer does not vouch for, or not for us; `unavailable`
 * when its answer cannot be had or is none. Source: RFC 7662. The clock skew applies to `exp`, `nbf` and `iat`.
 */
export class IntrospectedTokens implements OpenMethod {
  readonly name = 'jwt'
  readonly issuer: string
  readonly #settings: IssuerSettings
  readonly #issuers: readonly IssuerSettings[]
  readonly #cacheMs: number
  readonly #clock: Clock
  readonly #endpoint: IntrospectionEndpoint
  readonly #outage: Outage
  readonly #limiter = new Limiter(ASKED_AT_ONCE, MAX_WAITING)
  readonly #shares = new Shares(MAX_OF_ONE)
  readonly #active = new Recent<Remembered>(MAX_REMEMBERED)
  readonly #refused = new Recent<{ readonly verification: Verification; readonly atMs: number }>(MAX_REFUSED)
  readonly #pending = new Map<string, Promise<Verification>>()

  constructor(
    settings: IssuerSettings,
    introspection: IntrospectionSettings,
    issuers: readonly IssuerSettings[],
    ports: IdentityPorts,
  ) {
    this.issuer = settings.name
    this.#settings = settings
    this.#issuers = issuers
    this.#cacheMs = introspection.cacheMs
    this.#clock = ports.clock
    const limits = { limitMs: ports.fetchLimitMs ?? ASK_LIMIT_MS, connections: ASKED_AT_ONCE }
    this.#endpoint = new IntrospectionEndpoint(settings, introspection, { clock: ports.clock, ...limits })
    this.#outage = new Outage(settings.name, ports)
  }

  owns(credential: Credential): boolean {
    const text = opaqueText(credential)
    return text !== null && ownerOf(text, this.#issuers)?.name === this.issuer
  }

  recall(digest: string, nowMs: number): Verification | undefined {
    const known = this.#active.get(digest)
    if (known === undefined) return undefined
    const age = nowMs - known.askedAtMs
    if (age >= 0 && age < this.#cacheMs && nowMs >= known.fromMs && nowMs < known.untilMs) return known.verification
    this.#active.delete(digest)
    return undefined
  }

  verify(credential: Credential, client = ''): Verification | Promise<Verification> {
    const text = opaqueText(credential)
    if (text === null) return this.#rejected('malformed')
    const digest = digestOf(text)
    const now = this.#clock()
    const known = this.recall(digest, now) ?? this.#pending.get(digest) ?? this.#refusal(digest, now)
    if (known !== undefined) return known
    if (this.#outage.isOn) return this.#unavailable('introspection_unavailable', 5)
    const sharer = networkOf(client)
    if (!this.#shares.take(sharer)) return this.#unavailable('busy', 1)
    const asking = this.#limiter.run(() => this.#ask(text, digest))
    if (asking === null) {
      this.#shares.give(sharer)
      return this.#unavailable('busy', 1)
    }
    const verification = asking.finally(() => {
      this.#shares.give(sharer)
      this.#pending.delete(digest)
    })
    this.#pending.set(digest, verification)
    return verification
  }

  close(): void {
    this.#endpoint.close()
  }

  async #ask(text: string, digest: string): Promise<Verification> {
    const askedAtMs = this.#clock()
    const answer: Result<JsonObject, AskFailure> = await this.#endpoint.ask(text)
    if (!answer.ok) {
      this.#outage.failed(answer.fault)
      return this.#unavailable('introspection_unavailable', 5)
    }
    this.#outage.over()
    const nowMs = this.#clock()
    const accepted = acceptAnswer(text, answer.value, this.#settings, nowMs)
    if (accepted.ok) return this.#accept(accepted.value, digest, askedAtMs)
    const verification = this.#rejected(accepted.fault)
    this.#refused.set(digest, { verification, atMs: nowMs })
    return verification
  }

  #accept({ principal, validity }: Accepted, digest: string, askedAtMs: number): Verification {
    const { expiresAt } = principal
    if (JSON.stringify(principal.claims).length <= MAX_KEPT) {
      this.#active.set(digest, {
        verification: Object.freeze({ outcome: 'verified', principal, cache: 'hit' }),
        askedAtMs,
        fromMs: validity.fromMs,
        untilMs: expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt * 1000,
      })
    }
    return { outcome: 'verified', principal, cache: 'miss' }
  }

  #refusal(digest: string, nowMs: number): Verification | undefined {
    const known = this.#refused.get(digest)
    return known !== undefined && Math.abs(nowMs - known.atMs) < REFUSED_MEMORY_MS ? known.verification : undefined
  }

  #rejected(reason: RejectReason): Verification {
    return { outcome: 'rejected', reason, method: 'jwt', issuer: this.issuer }
  }

  #unavailable(reason: UnavailableReason, retryAfterSeconds: number): Verification {
    return { outcome: 'unavailable', reason, method: 'jwt', issuer: this.issuer, retryAfterSeconds }
  }
}
