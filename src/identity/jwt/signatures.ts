import type { Clock } from '../../model/ports.ts'
import { Limiter } from '../limiter.ts'
import { Recent } from '../recent.ts'
import { hasValidSignature } from './jose.ts'
import type { VerificationKey } from './jwk.ts'
import type { UnverifiedToken } from './token.ts'

/** How long a bad signature is remembered. Milliseconds. */
const FORGED_MEMORY_MS = 10_000
const MAX_FORGED = 4096
/** Signatures verified at once, and waiting, of one issuer, where nothing else is said. */
const SIGNATURES_AT_ONCE = 8
const MAX_WAITING = 1024

/** Verifies the signatures of one issuer's tokens, so many at once and each bad one once in a while. */
export class Signatures {
  readonly #clock: Clock
  readonly #limiter: Limiter
  readonly #forged = new Recent<{ readonly key: VerificationKey; readonly untilMs: number }>(MAX_FORGED)

  constructor(clock: Clock, atOnce = SIGNATURES_AT_ONCE, maxWaiting = MAX_WAITING) {
    this.#clock = clock
    this.#limiter = new Limiter(atOnce, maxWaiting)
  }

  /** `digest`: of the whole token. Null when too many signatures wait to be verified. */
  async isGenuine(token: UnverifiedToken, digest: string, key: VerificationKey): Promise<boolean | null> {
    const forged = this.#forged.get(digest)
    if (forged !== undefined && forged.key === key && this.#clock() < forged.untilMs) return false
    const ready = await key.ready(token.alg)
    if (ready === null) return false
    const genuine = await this.#limiter.run(() => hasValidSignature(token.text, ready, token.alg))
    if (genuine === false) this.#forged.set(digest, { key, untilMs: this.#clock() + FORGED_MEMORY_MS })
    return genuine
  }
}
