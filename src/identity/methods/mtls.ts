import type { ClientCertificate, Credential, Verification } from '../../model/identity.ts'
import type { MtlsSettings } from '../../model/identity-settings.ts'
import type { Clock } from '../../model/ports.ts'
import type { MethodKind, OpenMethod } from '../method.ts'
import { ClientCertificates } from '../mtls/certificates.ts'
import { principalOf } from '../mtls/principal.ts'

export const mtls: MethodKind = {
  name: 'mtls',
  plans: ({ mtls: settings }) => {
    if (settings === undefined) return []
    const { revocations: _, ...rest } = settings
    return [{ fingerprint: `mtls ${JSON.stringify(rest)}`, open: ({ clock }) => new Certificates(settings, clock) }]
  },
}

/**
 * Takes the name in the certificate of a connection's client for the caller's. The handshake has shown that the client has its
 * key and that one of our authorities vouches for it; what is asked at each request is whether all that still holds.
 *
 * Faults: `rejected` for a certificate that is not for clients, is over, revoked, or names nobody; `unavailable` where the
 * revocation list is over. Source: RFC 5280.
 */
class Certificates implements OpenMethod {
  readonly name = 'mtls'
  readonly issuer = 'mtls'
  readonly #settings: MtlsSettings
  readonly #clock: Clock
  readonly #certificates: ClientCertificates
  readonly #known = new WeakMap<ClientCertificate, Verification>()

  constructor(settings: MtlsSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    this.#certificates = new ClientCertificates(settings)
  }

  owns(credential: Credential): boolean {
    return credential.kind === 'certificate'
  }

  /** A certificate belongs to its connection: nothing is known of it by a digest. */
  recall(): undefined {
    return undefined
  }

  verify(credential: Credential): Verification {
    const by = { method: 'mtls', issuer: 'mtls' } as const
    if (credential.kind !== 'certificate') return { outcome: 'rejected', reason: 'malformed', ...by }
    const { certificate } = credential
    const checked = this.#certificates.check(certificate, this.#clock())
    if (!checked.ok) {
      const { fault } = checked
      return fault.outcome === 'rejected' ? { ...fault, ...by } : { ...fault, ...by, retryAfterSeconds: 30 }
    }
    const known = this.#known.get(certificate)
    if (known !== undefined) return known
    const principal = principalOf(certificate, checked.value, this.#settings)
    if (!principal.ok) return { outcome: 'rejected', reason: principal.fault, ...by }
    const verified = { outcome: 'verified', principal: principal.value } as const
    this.#known.set(certificate, Object.freeze({ ...verified, cache: 'hit' }))
    return { ...verified, cache: 'miss' }
  }

  close(): void {}
}
