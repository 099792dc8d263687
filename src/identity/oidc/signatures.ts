import type { RejectReason } from '../../model/reasons.ts'
import { hasValidSignature } from '../jose.ts'
import type { VerificationKey } from '../jwk.ts'
import { KeySet } from '../key-sets.ts'
import { openKeySource } from '../key-source.ts'
import { Limiter } from '../limiter.ts'
import type { UnverifiedToken } from '../token.ts'
import type { LoginIssuer, OidcPorts } from './ports.ts'

/** Signatures verified at once, and waiting. Anybody may send logout tokens. */
const AT_ONCE = 2
const MAX_WAITING = 64

/**
 * Verifies signatures with the keys of one issuer, which are fetched from the first look on. Events about them are those of
 * the method that takes its access tokens.
 */
export class IssuerSignatures {
  readonly #settings: LoginIssuer
  readonly #ports: OidcPorts
  readonly #limiter = new Limiter(AT_ONCE, MAX_WAITING)
  #keys: KeySet | null = null

  constructor(settings: LoginIssuer, ports: OidcPorts) {
    this.#settings = settings
    this.#ports = ports
  }

  /** Null for a signature of the issuer's own. */
  async faultOf(token: UnverifiedToken): Promise<RejectReason | 'jwks_unavailable' | 'busy' | null> {
    if (!this.#settings.algorithms.includes(token.alg)) return 'alg_not_allowed'
    this.#keys ??= this.#open()
    const keys = this.#keys
    if (keys.firstFetch !== null) await keys.firstFetch
    let key = choose(keys, token)
    if (key === 'unknown_kid' || keys.isOverdue) {
      await keys.refreshForUnknownKey()
      key = choose(keys, token)
    }
    if (key === null || (key === 'unknown_kid' && keys.isFailing)) return 'jwks_unavailable'
    if (typeof key === 'string') return key
    const ready = await key.ready(token.alg)
    if (ready === null) return 'bad_signature'
    const genuine = await this.#limiter.run(() => hasValidSignature(token.text, ready, token.alg))
    if (genuine === null) return 'busy'
    if (!genuine) return 'bad_signature'
    // The key may have gone while its signature was being verified.
    return keys.holds(key) ? null : 'unknown_kid'
  }

  close(): void {
    this.#keys?.close()
  }

  #open(): KeySet {
    const { clock, random, schedule, fetchLimitMs } = this.#ports
    const ports = { clock, random, schedule, fetchLimitMs, report: () => undefined }
    return new KeySet(this.#settings.name, openKeySource(this.#settings), this.#settings.jwks, ports)
  }
}

/** The one key that the token can be verified with; null while no keys are at hand. */
function choose(
  set: KeySet,
  { kid, alg }: UnverifiedToken,
): VerificationKey | 'unknown_kid' | 'alg_not_allowed' | null {
  const keys = set.usable()
  if (keys === null) return null
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid)
  const [fitting, second] = named.filter(({ algorithms }) => algorithms.includes(alg))
  if (second !== undefined) return 'unknown_kid'
  return fitting ?? (kid !== undefined && named.length > 0 ? 'alg_not_allowed' : 'unknown_kid')
}
