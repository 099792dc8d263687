import type { Credential, Principal, Verification } from '../../model/identity.ts'
import { isJsonObject, type JsonValue, ownValue } from '../../model/json.ts'
import type { Clock } from '../../model/ports.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { tokenOf } from '../jwt/token.ts'
import type { IdentitySettings } from '../method.ts'
import { type CertificateFault, ClientCertificates } from '../mtls/certificates.ts'
import type { DpopProofs, OwnUrls } from './dpop.ts'

type Token = Extract<Credential, { kind: 'token' }>
type Verified = Extract<Verification, { outcome: 'verified' }>

/** What a token is bound to: the keys that its caller has to show. */
interface Binding {
  readonly certificate: string | null
  readonly key: string | null
}

/**
 * The last word on every token: one that is bound to a key is good only for who shows that key at this request, and one that is
 * not bound must not come with what would prove nothing. Whatever verified the token, and however it is remembered.
 * Answers at once where no proof is asked for. Source: RFC 8705 section 3, RFC 9449 sections 6 and 7, RFC 7800 section 3.1.
 */
export class Possession {
  readonly #clock: Clock
  readonly #certificates: ClientCertificates
  readonly #proofs: DpopProofs
  readonly #own: OwnUrls | null
  readonly #unproven = new WeakMap<Promise<Verification>, Promise<Verification>>()

  constructor({ mtls, listen, dpop, tokens }: IdentitySettings, clock: Clock, proofs: DpopProofs) {
    this.#clock = clock
    this.#certificates = new ClientCertificates(mtls)
    this.#proofs = proofs
    // Where people sign in is where their programs call.
    const origins = [...(dpop?.origins ?? []), ...(tokens?.issuer ? [new URL(tokens.issuer).origin] : [])]
    this.#own = listen === undefined ? null : { proxy: listen.proxy, tls: listen.tls, origins }
  }

  weigh(verification: Verification, credential: Credential): Verification | Promise<Verification> {
    if (credential.kind !== 'token') return verification
    if (verification.outcome !== 'verified') return isSecond(verification, credential) ? AMBIGUOUS : verification
    const { claims } = verification.principal
    if (credential.proof === undefined && !Object.hasOwn(claims, 'cnf')) return verification
    return this.#bound(verification, credential, bindingOf(ownValue(claims, 'cnf')))
  }

  /** Those who wait for one verification and show nothing beside their token go on waiting for one. */
  weighLater(verification: Promise<Verification>, credential: Credential): Promise<Verification> {
    if (credential.kind !== 'token') return verification
    const weighed = () => verification.then((outcome) => this.weigh(outcome, credential))
    if (credential.proof !== undefined) return weighed()
    const known = this.#unproven.get(verification) ?? weighed()
    this.#unproven.set(verification, known)
    return known
  }

  #bound(verified: Verified, { token, proof }: Token, binding: Binding | null): Verification | Promise<Verification> {
    const { principal } = verified
    if (binding === null) return rejected(principal, 'wrong_type')
    const { certificate = null, isCounted = false, dpop = null } = proof ?? {}
    const wrong =
      binding.certificate === null
        ? certificate !== null && isCounted && 'ambiguous'
        : this.#certificateFault(certificate?.thumbprint, binding.certificate)
    if (wrong) return rejected(principal, wrong)
    if (binding.key === null && dpop !== null) return rejected(principal, 'wrong_type')
    if (binding.certificate !== null && certificate !== null) {
      const checked = this.#certificates.check(certificate, this.#clock())
      if (!checked.ok) return refused(principal, checked.fault)
    }
    if (binding.key === null) return verified
    if (dpop === null) return rejected(principal, 'proof_missing', 'DPoP')
    const person = `${principal.issuer} ${principal.id}`
    const bound = { text: token.reveal(), thumbprint: binding.key, person }
    return this.#proofs.check(dpop, bound, this.#own).then((outcome) => {
      if (outcome === 'good') return verified
      return outcome === 'busy'
        ? refused(principal, { outcome: 'unavailable', reason: 'busy' })
        : rejected(principal, outcome, 'DPoP')
    })
  }

  #certificateFault(shown: string | undefined, wanted: string): RejectReason | false {
    if (shown === undefined) return 'proof_missing'
    return shown !== wanted && 'proof_invalid'
  }
}

/** Beside a certificate that counts by itself, a wrong token is a second credential, unless it says that it is bound to one. */
function isSecond({ outcome }: Verification, credential: Token): boolean {
  const { certificate = null, isCounted = false } = credential.proof ?? {}
  if (outcome !== 'rejected' || certificate === null || !isCounted) return false
  const token = tokenOf(credential)
  return !token.ok || !Object.hasOwn(token.value.payload, 'cnf')
}

const AMBIGUOUS: Verification = Object.freeze({ outcome: 'rejected', reason: 'ambiguous', method: null })
const UNBOUND: Binding = { certificate: null, key: null }
/** Of SHA-256, base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/

/** Null where it is bound to something that nobody here can check, or to nothing that can be understood. */
function bindingOf(cnf: JsonValue | undefined): Binding | null {
  if (cnf === undefined) return UNBOUND
  if (!isJsonObject(cnf)) return null
  const names = Object.keys(cnf)
  if (names.length === 0 || names.some((name) => name !== 'x5t#S256' && name !== 'jkt')) return null
  const [certificate, key] = [ownValue(cnf, 'x5t#S256'), ownValue(cnf, 'jkt')]
  if (!isThumbprint(certificate) || !isThumbprint(key)) return null
  return { certificate: certificate ?? null, key: key ?? null }
}

function isThumbprint(value: JsonValue | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && THUMBPRINT.test(value))
}

function rejected({ method, issuer }: Principal, reason: RejectReason, scheme?: 'DPoP'): Verification {
  return { outcome: 'rejected', reason, method, issuer, ...(scheme === undefined ? {} : { scheme }) }
}

function refused({ method, issuer }: Principal, fault: CertificateFault): Verification {
  return fault.outcome === 'rejected'
    ? { ...fault, method, issuer }
    : { ...fault, method, issuer, retryAfterSeconds: 5 }
}
