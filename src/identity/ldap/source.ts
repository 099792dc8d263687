import type { Credential, Principal, Verification } from '../../model/identity.ts'
import type { LdapSettings } from '../../model/identity-settings.ts'
import { folded } from '../../model/ldap-name.ts'
import type { Clock } from '../../model/ports.ts'
import type { RejectReason } from '../../model/reasons.ts'
import { addressed } from '../basic.ts'
import { type Schedule, unrefTimer } from '../jwt/key-sets.ts'
import type { IdentityPorts, OpenMethod } from '../method.ts'
import { SignInMemory } from '../sign-in-memory.ts'
import { type Admission, type Attempt, Throttle, type ThrottleStep } from '../throttle.ts'
import { passwordMark } from './account.ts'
import { Directory, type Person } from './directory.ts'
import type { DirectoryFault, SearchFailure } from './fault.ts'
import { principalOf } from './principal.ts'
import { FailureReports } from './reports.ts'

/** No refusal by the directory comes sooner: whether it knew the user would show in how long it took. Milliseconds. */
const REFUSAL_MS = 250
/** How long an account is believed to be as it was read. Milliseconds. */
const RECORD_MEMORY_MS = 15_000
const MAX_USERNAME = 256
const MAX_PASSWORD = 1024

/** A sign-in that is under way. */
interface SignIn {
  readonly username: string
  readonly password: string
  readonly digest: string
  readonly client: string
}

/**
 * Users of one directory, by name and password. The user is searched for, the account looked at, and the password tried at
 * the directory itself; what it answered is believed for `cache`, and the account read again after 15 s, without the
 * password: one that was disabled, or has another password, is out then. No password is kept, only a keyed digest of it.
 *
 * Faults: `rejected` for whatever is wrong with the user, `unavailable` where the directory cannot be asked.
 */
export class LdapSource implements OpenMethod {
  readonly name = 'ldap'
  readonly issuer: string
  readonly #settings: LdapSettings
  readonly #directories: readonly string[]
  readonly #clock: Clock
  readonly #schedule: Schedule
  readonly #report: IdentityPorts['report']
  readonly #throttle: Throttle
  readonly #directory: Directory
  readonly #failures: FailureReports
  readonly #memory: SignInMemory
  readonly #pending = new Map<string, Promise<Verification>>()

  constructor(settings: LdapSettings, directories: readonly string[], ports: IdentityPorts) {
    this.issuer = settings.name
    this.#settings = settings
    this.#directories = directories
    this.#clock = ports.clock
    this.#schedule = ports.schedule ?? unrefTimer
    this.#report = ports.report
    this.#throttle = ports.throttle ?? new Throttle(ports.clock)
    this.#directory = new Directory(settings, ports.clock, this.#schedule)
    this.#failures = new FailureReports(settings.name, ports)
    this.#memory = new SignInMemory(settings.cacheMs, RECORD_MEMORY_MS)
  }

  owns(credential: Credential): boolean {
    return credential.kind === 'basic' && addressed(credential.username, this.#directories).source === this.issuer
  }

  /** Of tokens nothing is known here. */
  recall(): undefined {
    return undefined
  }

  /** A sign-in page asks the same way: with `NAME\user` as the name and the address of its client. */
  verify(credential: Credential, client = ''): Verification | Promise<Verification> {
    if (credential.kind !== 'basic') return this.#rejected('malformed')
    // Directories do not agree on whether spaces around a name are a part of it: here they are none.
    const username = addressed(credential.username, this.#directories).username.trim()
    const password = credential.password.reveal()
    if (!isUsername(username) || !isPassword(password)) return this.#rejected('malformed')
    const digest = this.#memory.digest(username, password)
    const known = this.#memory.answer(digest, this.#clock()) ?? this.#pending.get(digest)
    const isStale = credential.isFresh && (known instanceof Promise || known?.outcome === 'verified')
    if (known !== undefined && !isStale) return known
    const signIn = { username, password, digest, client }
    const verification = this.#limited(this.#admitted(signIn)).finally(() => this.#pending.delete(digest))
    this.#pending.set(digest, verification)
    return verification
  }

  close(): void {
    this.#directory.close()
  }

  /** A password that was right lately is no guess: nobody can lock its owner out by guessing. */
  async #admitted(signIn: SignIn): Promise<Verification> {
    if (this.#memory.isKnown(signIn.digest, this.#clock())) return this.#checked(signIn, null)
    const account = `${this.issuer}\n${folded(signIn.username)}`
    const admission = this.#throttle.begin(account, signIn.client)
    if (!isAttempt(admission)) return this.#held(admission)
    try {
      return await this.#checked(signIn, admission.attempt)
    } finally {
      admission.attempt.ended()
    }
  }

  async #checked(signIn: SignIn, attempt: Attempt | null): Promise<Verification> {
    const startedAt = performance.now()
    const readAtMs = this.#clock()
    const found = await this.#directory.find(signIn.username)
    if (!found.ok) return this.#faulted(signIn, found.fault, startedAt, [attempt], null)
    const person = found.value
    const provenAtMs = this.#memory.provenAt(signIn.digest, person.dn, passwordMark(person.entry), readAtMs)
    if (provenAtMs !== null) return this.#accepted(signIn, person, readAtMs, provenAtMs)
    if (attempt === null) return this.#proven(signIn, person, readAtMs, startedAt, [])
    // However the name was written, it is one account; what was written has no line in it.
    const admission = this.#throttle.begin(`${this.issuer}\n\n${person.dn}`, signIn.client, false)
    if (!isAttempt(admission)) return this.#held(admission)
    try {
      return await this.#proven(signIn, person, readAtMs, startedAt, [attempt, admission.attempt])
    } finally {
      admission.attempt.ended()
    }
  }

  async #proven(
    signIn: SignIn,
    person: Person,
    readAtMs: number,
    startedAt: number,
    attempts: readonly Attempt[],
  ): Promise<Verification> {
    const provenAtMs = this.#clock()
    const proven = await this.#directory.prove(person, signIn.password)
    if (!proven.ok) return this.#faulted(signIn, proven.fault, startedAt, attempts, person)
    for (const attempt of attempts) attempt.succeeded()
    return this.#accepted(signIn, person, readAtMs, provenAtMs)
  }

  async #accepted(signIn: SignIn, person: Person, readAtMs: number, provenAtMs: number): Promise<Verification> {
    const groups = await this.#directory.groupsOf(person)
    if (!groups.ok)
      return 'rejected' in groups.fault ? this.#unavailable('search_refused') : this.#unavailable(groups.fault.failure)
    this.#failures.recovered()
    const principal: Principal = principalOf(person, groups.value, this.#settings, provenAtMs)
    this.#memory.accept(signIn.digest, {
      verification: Object.freeze({ outcome: 'verified', principal, cache: 'hit' }),
      account: person.dn,
      mark: passwordMark(person.entry),
      provenAtMs,
      readAtMs,
    })
    return { outcome: 'verified', principal, cache: 'miss' }
  }

  async #faulted(
    signIn: SignIn,
    fault: DirectoryFault,
    startedAt: number,
    attempts: readonly (Attempt | null)[],
    person: Person | null,
  ): Promise<Verification> {
    const { digest, client } = signIn
    if ('failure' in fault) return this.#unavailable(fault.failure)
    this.#failures.recovered()
    const isRepeat = this.#memory.refuse(digest)
    const steps = attempts.flatMap((attempt, index) => {
      const taken = attempt?.failed(isRepeat) ?? []
      // The account is told of once: by its own name where that is known.
      return index === 0 && attempts.length > 1 ? taken.filter(({ scope }) => scope === 'address') : taken
    })
    for (const step of steps) this.#throttled(step, client, person)
    const verification = this.#rejected(fault.rejected)
    await this.#pause(REFUSAL_MS - (performance.now() - startedAt))
    this.#memory.repeatRefusal(digest, verification, this.#clock())
    return verification
  }

  #throttled(step: ThrottleStep, client: string, person: Person | null): void {
    this.#report({
      kind: 'authentication-throttled',
      issuer: this.issuer,
      method: 'ldap',
      ...step,
      ...(client === '' ? {} : { client }),
      // A name that nobody has may be a password in the wrong field.
      ...(person === null || step.scope === 'address' ? {} : { account: person.id }),
    })
  }

  #held(admission: Exclude<Admission, { attempt: Attempt }>): Verification {
    if (admission === 'busy') return this.#unavailable('busy')
    const retryAfterSeconds = Math.ceil(admission.waitMs / 1000)
    return { outcome: 'rejected', reason: 'throttled', method: 'ldap', issuer: this.issuer, retryAfterSeconds }
  }

  /** A server that takes its time for each of its answers must not make a request wait for all of them. */
  #limited(verification: Promise<Verification>): Promise<Verification> {
    return new Promise((resolve, reject) => {
      const cancel = this.#schedule(this.#settings.timeouts.totalMs, () => resolve(this.#unavailable('timeout')))
      verification.then(resolve, reject).finally(cancel)
    })
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#schedule(ms, resolve)
    })
  }

  #rejected(reason: RejectReason): Verification {
    return { outcome: 'rejected', reason, method: 'ldap', issuer: this.issuer }
  }

  #unavailable(failure: SearchFailure): Verification {
    if (failure !== 'busy') this.#failures.failed(failure)
    const reason = failure === 'busy' ? 'busy' : 'directory_unavailable'
    const retryAfterSeconds = failure === 'busy' ? 1 : 5
    return { outcome: 'unavailable', reason, method: 'ldap', issuer: this.issuer, retryAfterSeconds }
  }
}

function isAttempt(admission: Admission): admission is { readonly attempt: Attempt } {
  return admission !== 'busy' && 'attempt' in admission
}

function isUsername(username: string): boolean {
  return username !== '' && username.length <= MAX_USERNAME && username.isWellFormed() && !/\p{Cc}/u.test(username)
}

/** An empty one asks a directory for nothing but to be let in as nobody, and gets that (RFC 4513 section 5.1.2). */
function isPassword(password: string): boolean {
  return password !== '' && password.length <= MAX_PASSWORD && password.isWellFormed() && !password.includes('\0')
}
