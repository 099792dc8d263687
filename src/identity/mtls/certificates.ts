import { X509Certificate } from 'node:crypto'
import { type CertificateFacts, readCertificate } from '../../model/certificate.ts'
import type { ClientCertificate } from '../../model/identity.ts'
import type { MtlsSettings } from '../../model/identity-settings.ts'
import type { RejectReason, UnavailableReason } from '../../model/reasons.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { RevocationList } from '../../model/revocation-list.ts'

export type CertificateFault =
  | { readonly outcome: 'rejected'; readonly reason: RejectReason }
  | { readonly outcome: 'unavailable'; readonly reason: UnavailableReason }

interface Authority {
  readonly certificate: X509Certificate
  readonly facts: CertificateFacts
}

/** How far the clock of who signs revocation lists may be ahead of ours. Milliseconds. */
const SKEW_MS = 300_000

/**
 * Says of a client's certificate whether it is good now, which the handshake can only say of its own moment: a connection
 * may outlive the certificate, a revocation, or the authorities that vouched for it.
 *
 * INVARIANT: what is asked about was verified by a handshake; here nothing is verified that it did, but for certificates of
 * other authorities than the present ones.
 */
export class ClientCertificates {
  readonly #authorities: readonly Authority[]
  readonly #written: string | null
  readonly #lists: ReadonlyMap<string, RevocationList> | null
  readonly #facts = new WeakMap<ClientCertificate, CertificateFacts | null>()
  readonly #issuers = new WeakMap<ClientCertificate, Authority | null>()

  constructor(settings: MtlsSettings | undefined) {
    this.#written = settings?.authorities ?? null
    this.#authorities = authoritiesIn(settings?.authorities ?? '')
    const lists = settings?.revocations ?? null
    this.#lists = lists === null ? null : new Map(lists.map((list) => [list.issuer, list]))
  }

  check(certificate: ClientCertificate, nowMs: number): Result<CertificateFacts, CertificateFault> {
    const facts = this.#read(certificate)
    if (facts === null) return rejected('malformed')
    if (!facts.isForClients || facts.isAuthority) return rejected('wrong_type')
    if (nowMs < facts.fromMs) return rejected('not_yet_valid')
    if (nowMs >= Math.min(facts.untilMs, certificate.untilMs)) return rejected('expired')
    if (this.#written === null) return ok(facts)
    const isAsked = this.#lists !== null || certificate.authorities !== this.#written
    const authority = isAsked ? this.#issuer(certificate, facts) : undefined
    if (authority === null) return rejected('unknown_authority')
    if (authority !== undefined && nowMs >= authority.facts.untilMs) return rejected('expired')
    return this.#lists === null ? ok(facts) : this.#revocation(this.#lists.get(facts.issuer), facts, nowMs)
  }

  /** Who does not know what is revoked knows nothing of any certificate. */
  #revocation(
    list: RevocationList | undefined,
    facts: CertificateFacts,
    nowMs: number,
  ): Result<CertificateFacts, CertificateFault> {
    if (list === undefined) return rejected('unknown_authority')
    if (list.serials.has(facts.serial)) return rejected('revoked')
    if (nowMs < list.untilMs && nowMs >= list.fromMs - SKEW_MS) return ok(facts)
    return failed({ outcome: 'unavailable', reason: 'revocations_unavailable' })
  }

  #read(certificate: ClientCertificate): CertificateFacts | null {
    const known = this.#facts.get(certificate)
    if (known !== undefined) return known
    const facts = readCertificate(certificate.raw)
    this.#facts.set(certificate, facts)
    return facts
  }

  /** The one of our authorities that has signed the certificate itself; null where none has. */
  #issuer(certificate: ClientCertificate, { issuer }: CertificateFacts): Authority | null {
    const known = this.#issuers.get(certificate)
    if (known !== undefined) return known
    const found = this.#authorities.find(
      (one) => one.facts.subject === issuer && isSignedBy(certificate.raw, one.certificate),
    )
    this.#issuers.set(certificate, found ?? null)
    return found ?? null
  }
}

function isSignedBy(raw: Buffer, authority: X509Certificate): boolean {
  try {
    const certificate = new X509Certificate(raw)
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
  } catch {
    return false
  }
}

function authoritiesIn(pem: string): readonly Authority[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.flatMap((block) => {
    const certificate = new X509Certificate(block)
    const facts = readCertificate(certificate.raw)
    return facts === null ? [] : [{ certificate, facts }]
  })
}

function rejected(reason: RejectReason): { readonly ok: false; readonly fault: CertificateFault } {
  return failed({ outcome: 'rejected', reason })
}
