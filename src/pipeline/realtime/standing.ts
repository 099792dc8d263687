import { type Fault, fault } from '../../model/fault.ts'
import type { Credential, Principal, Verification } from '../../model/identity.ts'
import type { Clock } from '../../model/ports.ts'
import { credentialFault } from '../refusals.ts'
import type { Snapshot } from '../snapshot.ts'

/** How often a credential is checked again: a revoked one is forgotten by its store within 10 s. Milliseconds. */
const CHECK_EVERY_MS = 5000
/** How long a session goes on while nobody can check its credential: with the time between checks, less than 30 s. */
const UNCHECKED_MS = 20_000

export interface StandingPorts {
  readonly clock: Clock
  /** The snapshot in force. */
  readonly current: () => Snapshot
}

/** What a session is decided by. */
export interface Admission {
  snapshot: Snapshot
  principal: Principal
  /** The session as it stands, decided again, by a snapshot that is its own from then on. Null: it may go on. */
  adopt(snapshot: Snapshot): Fault | null
}

/** Whether the caller of a session may still have it: the credential is good, and the policy in force allows it. */
export class Standing {
  readonly #credential: Credential
  /** The client's address in its one form, where it is known. */
  readonly #client: string | undefined
  readonly #admission: Admission
  readonly #ports: StandingPorts
  #snapshot: Snapshot
  #checkedAt = performance.now()
  #verifiedAt = performance.now()
  #isChecking = false
  #lost: Fault | null = null
  /** What a check met that was nobody's to catch: it is the session's at the next look. */
  #bug: { readonly cause: unknown } | null = null

  constructor(credential: Credential, admission: Admission, ports: StandingPorts, client?: string) {
    this.#credential = credential
    this.#client = client
    this.#admission = admission
    this.#ports = ports
    this.#snapshot = admission.snapshot
  }

  /** Before each message: another snapshot is adopted at once. Why the session ends; null while it does not. Throws bugs. */
  fault(): Fault | null {
    if (this.#bug !== null) throw this.#bug.cause
    const snapshot = this.#ports.current()
    if (this.#lost === null && snapshot !== this.#snapshot) {
      this.#snapshot = snapshot
      this.#lost = this.#admission.adopt(snapshot)
      this.#check()
    }
    return this.#lost
  }

  /** The same every second, with a look at the credential when it is time. */
  tick(now: number): Fault | null {
    const { expiresAt } = this.#admission.principal
    if (expiresAt !== null && this.#ports.clock() >= expiresAt * 1000) this.#lost ??= expired
    if (now - this.#checkedAt >= CHECK_EVERY_MS) this.#check()
    if (this.#isChecking && now - this.#verifiedAt > UNCHECKED_MS) this.#lost ??= unchecked
    return this.fault()
  }

  /** The session has been set up otherwise, perhaps by somebody else: as it stands now. */
  again(): Fault | null {
    this.#lost ??= this.#admission.adopt(this.#snapshot)
    return this.fault()
  }

  #check(): void {
    this.#checkedAt = performance.now()
    if (this.#isChecking) {
      // It takes long: what needs no credential is decided without it.
      this.#lost ??= this.#admission.adopt(this.#snapshot)
      return
    }
    const verification = this.#snapshot.authenticate(this.#credential, this.#client)
    if (!(verification instanceof Promise)) {
      this.#checked(verification)
      return
    }
    this.#isChecking = true
    void verification
      .then((outcome) => {
        this.#isChecking = false
        this.#checked(outcome)
      })
      .catch((cause: unknown) => {
        this.#bug = { cause }
      })
  }

  #checked(verification: Verification): void {
    const now = performance.now()
    if (verification.outcome === 'verified') {
      this.#verifiedAt = now
      this.#admission.principal = verification.principal
    } else if (verification.outcome === 'rejected' || now - this.#verifiedAt > UNCHECKED_MS) {
      this.#lost ??= credentialFault(verification)
    }
    // The same policy answers otherwise when an hour is over, a sign-in is too old, or somebody's groups have changed; an
    // hour is over for who cannot be checked, too.
    this.#lost ??= this.#admission.adopt(this.#snapshot)
  }
}

/** A check that comes to no end is none. */
const unchecked: Fault = fault('identity_unavailable', 'the credential cannot be checked right now: try again later', {
  reason: 'busy',
})
const expired: Fault = fault('invalid_api_key', 'the credential has expired: open a session with a new one', {
  reason: 'expired',
})
