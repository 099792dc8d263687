import type { Credential, Verification } from '../model/identity.ts'
import { ownValue } from '../model/json.ts'
import { isKeyLike } from './api-keys/key-format.ts'
import { DpopProofs } from './bound/dpop.ts'
import { Possession } from './bound/possession.ts'
import { digestOf, tokenOf } from './jwt/token.ts'
import type { IdentityPorts, IdentitySettings, OpenMethod } from './method.ts'
import { METHOD_KINDS } from './methods/index.ts'
import { Provisioned } from './provisioned.ts'
import { unlessRevoked } from './revocable.ts'
import { Throttle } from './throttle.ts'

export type { IdentityReport } from './method.ts'

/** Who may call, by one set of settings. */
export interface Identity {
  /**
   * Answers at once, without a promise, where the credential was verified a moment ago. Never throws, never rejects.
   * `client`: the caller's address in its one form, where it is known.
   */
  authenticate(credential: Credential, client?: string): Verification | Promise<Verification>
  /** Ends its timers and fetches. */
  close(): void
}

/** An open method, and what it was opened with. */
interface Opened {
  readonly method: OpenMethod
  readonly fingerprint: string
  readonly ports: IdentityPorts
}

/** What an `Identity` has to close; empty once another one has taken over. */
const openedBy = new WeakMap<Identity, readonly Opened[]>()
/** Wrong passwords, of all sources together. They are not forgotten in a reload. */
const throttles = new WeakMap<Identity, Throttle>()
/** The proofs that were used, neither. */
const proofsOf = new WeakMap<Identity, DpopProofs>()

/**
 * Opens every identity method that the settings ask for, taking over from `previous`: methods whose settings are the same
 * go on with their keys and what they remember, the others are closed and all that they remember is never asked again.
 * Requests that `previous` is still answering come to their end; closing it afterwards does nothing.
 */
export function openIdentity(settings: IdentitySettings, ports: IdentityPorts, previous?: Identity): Identity {
  const before = (previous && openedBy.get(previous)) ?? []
  const throttle = (previous && throttles.get(previous)) ?? new Throttle(ports.clock)
  const opened = METHOD_KINDS.flatMap((kind) => kind.plans(settings)).map((plan): Opened => {
    const same = before.find((one) => one.fingerprint === plan.fingerprint && one.ports.keys === ports.keys)
    return same ?? { method: plan.open({ throttle, ...ports }), fingerprint: plan.fingerprint, ports }
  })
  if (previous !== undefined) openedBy.delete(previous)
  for (const one of before) if (!opened.includes(one)) one.method.close()
  const methods = opened.map(({ method }) => method)
  const revocations = ports.revocations ?? null
  const provisioned = settings.scim ? new Provisioned(settings.scim, ports.standing ?? untold, ports.clock) : null
  const proofs = (previous && proofsOf.get(previous)) ?? new DpopProofs(ports.clock)
  const possession = new Possession(settings, ports.clock, proofs)
  const identity: Identity = {
    authenticate: (credential, client) => {
      const found = authenticate(methods, credential, client, ports.clock())
      // Who is disabled is told of as that, though their tokens are revoked as well.
      const standing = provisioned === null ? found : provisioned.admit(found)
      // A password is asked for each time: what was issued before is over, and it is not.
      const isAsked = revocations !== null && credential.kind === 'token'
      const verification = isAsked ? unlessRevoked(standing, revocations) : standing
      // INVARIANT: no token leaves here as verified that is bound to a key which its caller has not shown.
      return verification instanceof Promise
        ? possession.weighLater(verification, credential)
        : possession.weigh(verification, credential)
    },
    close: () => {
      for (const { method } of openedBy.get(identity) ?? []) method.close()
      openedBy.delete(identity)
    },
  }
  openedBy.set(identity, opened)
  throttles.set(identity, throttle)
  proofsOf.set(identity, proofs)
  return identity
}

const untold = () => {
  throw new Error('nobody tells of users')
}

function authenticate(
  methods: readonly OpenMethod[],
  credential: Credential,
  client: string | undefined,
  nowMs: number,
): Verification | Promise<Verification> {
  if (credential.kind === 'token') {
    const digest = digestOf(credential.token.reveal())
    for (const method of methods) {
      const known = method.recall(digest, nowMs, client)
      if (known !== undefined) return known
    }
  }
  const owners = methods.filter((method) => method.owns(credential))
  const [owner] = owners
  // INVARIANT: forms exclude each other and no two issuers share their `iss`; should they ever, nobody is believed.
  return owner === undefined || owners.length > 1 ? ownerless(credential) : owner.verify(credential, client)
}

/** A credential that nobody here can verify is wrong; it is never tried on somebody who does not own it. */
function ownerless(credential: Credential): Verification {
  if (credential.kind !== 'token') return { outcome: 'rejected', reason: 'unsupported_scheme', method: null }
  if (isKeyLike(credential.token.reveal())) {
    return { outcome: 'rejected', reason: 'unsupported_scheme', method: 'api_key' }
  }
  const token = tokenOf(credential)
  if (!token.ok) return { outcome: 'rejected', reason: token.fault, method: 'jwt' }
  const named = ownValue(token.value.payload, 'iss')
  return { outcome: 'rejected', reason: named === undefined ? 'claim_missing' : 'wrong_iss', method: 'jwt' }
}
