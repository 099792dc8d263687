import type { RejectReason } from '../../model/reasons.ts'
import { keyFor } from '../jwt/key-choice.ts'
import { KeySet } from '../jwt/key-sets.ts'
import { openKeySource } from '../jwt/key-source.ts'
import { Signatures } from '../jwt/signatures.ts'
import { digestOf, type UnverifiedToken } from '../jwt/token.ts'
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
  readonly #signatures: Signatures
  #keys: KeySet | null = null

  constructor(settings: LoginIssuer, ports: OidcPorts) {
    this.#settings = settings
    this.#ports = ports
    this.#signatures = new Signatures(ports.clock, AT_ONCE, MAX_WAITING)
  }

  /** Null for a signature of the issuer's own. */
  async faultOf(token: UnverifiedToken): Promise<RejectReason | 'jwks_unavailable' | 'busy' | null> {
    if (!this.#settings.algorithms.includes(token.alg)) return 'alg_not_allowed'
    this.#keys ??= this.#open()
    const keys = this.#keys
    const key = await keyFor(keys, token)
    if (typeof key === 'string') return key
    const genuine = await this.#signatures.isGenuine(token, digestOf(token.text), key)
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
