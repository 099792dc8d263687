import type { Principal, Verification } from '../model/identity.ts'
import type { ScimSettings } from '../model/identity-settings.ts'
import type { Clock } from '../model/ports.ts'
import type { ScimStanding, ScimStandingReader } from '../model/scim.ts'
import { Recent } from './recent.ts'

/** How long a standing is believed before it is read again: this is how fast a change takes effect. Milliseconds. */
const MEMORY_MS = 10_000
/** How long the last one goes on counting while the store cannot be read. Milliseconds. */
const UNREAD_MS = 20_000
const MAX_REMEMBERED = 10_000

interface Known {
  readonly standing: ScimStanding
  readonly readAtMs: number
}

/**
 * Lets nobody go on whom their identity provider has disabled (SCIM): people of its source, by whatever credential, and API
 * keys whose owner they are. Asked after a credential was verified, remembered or not, so that it gives nobody anything.
 *
 * Faults: `account_disabled`; `unknown_user` where everybody has to be known; `store_unavailable` while nobody can tell.
 */
export class Provisioned {
  readonly #settings: Pick<ScimSettings, 'source' | 'match' | 'required'>
  readonly #read: ScimStandingReader
  readonly #clock: Clock
  readonly #known = new Recent<Known>(MAX_REMEMBERED)
  readonly #reading = new Map<string, Promise<ScimStanding | null>>()

  constructor(settings: Pick<ScimSettings, 'source' | 'match' | 'required'>, read: ScimStandingReader, clock: Clock) {
    this.#settings = settings
    this.#read = read
    this.#clock = clock
  }

  admit(verification: Verification | Promise<Verification>): Verification | Promise<Verification> {
    return verification instanceof Promise
      ? verification.then((outcome) => this.#admitted(outcome))
      : this.#admitted(verification)
  }

  #admitted(verification: Verification): Verification | Promise<Verification> {
    if (verification.outcome !== 'verified') return verification
    const { principal } = verification
    if (principal.issuer !== this.#settings.source && principal.method !== 'api_key') return verification
    const now = this.#clock()
    const known = this.#known.get(principal.id)
    if (known !== undefined && isWithin(now - known.readAtMs, MEMORY_MS))
      return this.#judged(verification, known.standing)
    const read = this.#reading.get(principal.id) ?? this.#readAgain(principal.id, now, known)
    return read instanceof Promise
      ? read.then((standing) => this.#judged(verification, standing))
      : this.#judged(verification, read)
  }

  /** Null where nobody can tell. Read once for somebody, however many wait for that. */
  #readAgain(id: string, now: number, known: Known | undefined): ScimStanding | null | Promise<ScimStanding | null> {
    const keep = (standing: ScimStanding) => {
      this.#known.set(id, { standing, readAtMs: now })
      return standing
    }
    const lost = () => (known !== undefined && isWithin(now - known.readAtMs, UNREAD_MS) ? known.standing : null)
    try {
      const standing = this.#read(this.#settings.match, id)
      if (!(standing instanceof Promise)) return keep(standing)
      const reading = standing.then(keep, lost).finally(() => this.#reading.delete(id))
      this.#reading.set(id, reading)
      return reading
    } catch {
      return lost()
    }
  }

  #judged(verification: Verification & { readonly outcome: 'verified' }, standing: ScimStanding | null): Verification {
    const { principal } = verification
    if (standing === null) return unavailable(principal)
    if (standing === 'inactive') return rejected(principal, 'account_disabled')
    // A key may be a service's, which no provider tells of.
    const mustBeKnown = this.#settings.required && principal.issuer === this.#settings.source
    return standing === 'unknown' && mustBeKnown ? rejected(principal, 'unknown_user') : verification
  }
}

/** A clock that was set back makes nothing younger. */
function isWithin(ageMs: number, limitMs: number): boolean {
  return ageMs >= 0 && ageMs < limitMs
}

function rejected({ method, issuer, key }: Principal, reason: 'account_disabled' | 'unknown_user'): Verification {
  return { outcome: 'rejected', reason, method, issuer, ...(key ? { key } : {}) }
}

function unavailable({ method, issuer }: Principal): Verification {
  return { outcome: 'unavailable', reason: 'store_unavailable', method, issuer, retryAfterSeconds: 5 }
}
