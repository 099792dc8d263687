import { randomBytes } from 'node:crypto'
import type { AccountStore, LockRule, StoredUser } from '../../model/accounts.ts'
import { foldedName } from '../../model/folded-name.ts'
import type { Credential, Verification } from '../../model/identity.ts'
import type { RejectReason, UnavailableReason } from '../../model/reasons.ts'
import { hashSecret, matchesHash } from '../argon2.ts'
import { addressed, LOCAL } from '../basic.ts'
import { type Schedule, unrefTimer } from '../jwt/key-sets.ts'
import { Limiter } from '../limiter.ts'
import type { IdentityPorts, OpenMethod } from '../method.ts'
import { asked } from '../patience.ts'
import { SignInMemory } from '../sign-in-memory.ts'
import { type Attempt, Throttle, type ThrottleStep } from '../throttle.ts'
import { userName } from './names.ts'
import { canonicalPassword, isPassword } from './password-form.ts'
import { principalOf } from './principal.ts'

/** How long a record is believed before it is read again: this is how fast disabling takes effect. Milliseconds. */
const RECORD_MEMORY_MS = 10_000
/** How long the verdict of the slow hash is kept. Milliseconds. */
const PROOF_MEMORY_MS = 600_000
/** Of guesses; and of passwords that were right here lately, which wait behind no stranger's. */
const GUESSES_AT_ONCE = 2
const KNOWN_AT_ONCE = 1
const MAX_WAITING = 64
/** No refusal comes sooner: what the store does for a user that there is would show in it. Milliseconds. */
const REFUSAL_MS = 250
/** Counted in the store, for the whole fleet. */
const LOCK: LockRule = { most: 20, windowMs: 3_600_000, lockMs: 900_000 }

/** A sign-in that is under way. */
interface SignIn {
  readonly name: string
  readonly password: string
  readonly digest: string
  readonly client: string
  readonly startedAt: number
  readonly readAtMs: number
}

type Proof = 'right' | 'wrong' | 'locked' | 'unreadable' | 'corrupt'

/**
 * Users of the proxy's own store, by name and password (argon2id). A name that nobody has costs what any other does and is
 * refused alike. What was right is remembered, by a keyed digest, for 10 min, and the record is read again after 10 s: who is
 * disabled, removed or has another password is out then, whatever process did it.
 *
 * Each guess at a user is counted in the store before its hash is computed, so that none of those that come at once is one
 * too many; the 20th in an hour locks the account for 15 min and is not looked at. A right one takes back itself alone. A
 * password that was right here lately is no guess: nobody locks its owner out of where they work.
 *
 * Faults: `rejected` for whatever is wrong with the user, `unavailable` where the store cannot be used or too many wait.
 */
export class LocalUsers implements OpenMethod {
  readonly name = 'local'
  readonly issuer = LOCAL
  readonly #directories: readonly string[]
  readonly #ports: IdentityPorts
  readonly #schedule: Schedule
  readonly #throttle: Throttle
  readonly #guesses = new Limiter(GUESSES_AT_ONCE, MAX_WAITING)
  readonly #known = new Limiter(KNOWN_AT_ONCE, MAX_WAITING)
  readonly #memory = new SignInMemory(PROOF_MEMORY_MS, RECORD_MEMORY_MS)
  readonly #pending = new Map<string, Promise<Verification>>()
  /** Of no password: what a user is compared with that there is not. */
  readonly #nobody = hashSecret(randomBytes(32).toString('base64'))

  constructor(directories: readonly string[], ports: IdentityPorts) {
    this.#directories = directories
    this.#ports = ports
    this.#schedule = ports.schedule ?? unrefTimer
    this.#throttle = ports.throttle ?? new Throttle(ports.clock)
  }

  owns(credential: Credential): boolean {
    return credential.kind === 'basic' && addressed(credential.username, this.#directories).source === LOCAL
  }

  /** Of tokens nothing is known here. */
  recall(): undefined {
    return undefined
  }

  /** A sign-in page asks the same way: with `local\user` as the name and the address of its client. */
  verify(credential: Credential, client = ''): Verification | Promise<Verification> {
    if (credential.kind !== 'basic') return rejected('malformed')
    const name = userName(addressed(credential.username, this.#directories).username)
    const written = credential.password.reveal()
    if (name === null || !isPassword(written)) return rejected('malformed')
    const password = canonicalPassword(written)
    const digest = this.#memory.digest(name, password)
    const readAtMs = this.#ports.clock()
    const known = this.#memory.answer(digest, readAtMs) ?? this.#pending.get(digest)
    // A refusal holds for a second; that of a right password would outlast its account.
    const isStale = credential.isFresh && (known instanceof Promise || known?.outcome === 'verified')
    if (known !== undefined && !isStale) return known
    const signIn = { name, password, digest, client, startedAt: performance.now(), readAtMs }
    const verification = this.#admitted(signIn).finally(() => this.#pending.delete(digest))
    this.#pending.set(digest, verification)
    return verification
  }

  close(): void {
    this.#pending.clear()
  }

  async #admitted(signIn: SignIn): Promise<Verification> {
    if (this.#memory.isKnown(signIn.digest, signIn.readAtMs)) return this.#checked(signIn, null)
    // However it is written, it is one name: aliases share what is counted.
    const admission = this.#throttle.begin(`${LOCAL}\n${foldedName(signIn.name)}`, signIn.client)
    if (admission === 'busy') return unavailable('busy', 1)
    if ('waitMs' in admission) return rejected('throttled', Math.ceil(admission.waitMs / 1000))
    try {
      return await this.#checked(signIn, admission.attempt)
    } finally {
      admission.attempt.ended()
    }
  }

  async #checked(signIn: SignIn, attempt: Attempt | null): Promise<Verification> {
    const store = this.#ports.accounts ?? null
    const user = store === null ? null : await asked(() => store.users.find(signIn.name)).catch(() => null)
    if (store === null || user === null) return unavailable('store_unavailable', 5)
    const provenAtMs = this.#provenAt(signIn, user)
    if (user !== undefined && provenAtMs !== null) return this.#accepted(signIn, user, provenAtMs)
    const limiter = attempt === null ? this.#known : this.#guesses
    const proving = limiter.run(() => this.#proven(store, signIn, user, attempt !== null))
    if (proving === null) return unavailable('busy', 2)
    const proof = await proving
    if (proof === 'unreadable') return unavailable('store_unavailable', 5)
    if (proof === 'corrupt') return unavailable('store_corrupt', 30)
    const reason = refusalOf(user, proof)
    if (user === undefined || reason !== null) return this.#refused(signIn, user, reason ?? 'unknown_user', attempt)
    attempt?.succeeded()
    return this.#accepted(signIn, user, this.#ports.clock())
  }

  /** When the password was proven, where that counts still; null where it has to be proven (again). */
  #provenAt({ digest, readAtMs }: SignIn, user: StoredUser | undefined): number | null {
    if (user === undefined || user.hash === null || user.disabledAt !== null) return null
    return this.#memory.provenAt(digest, user.name, user.hash, readAtMs)
  }

  async #proven(
    { accountFailures }: Pick<AccountStore, 'accountFailures'>,
    { name, password }: SignIn,
    user: StoredUser | undefined,
    isGuess: boolean,
  ): Promise<Proof> {
    const of = { source: LOCAL, account: name }
    let isLocked = false
    try {
      if (isGuess && user !== undefined) {
        const counted = await asked(() => accountFailures.failed(of, this.#ports.clock(), LOCK))
        isLocked = counted.lockedUntil !== null
      }
      // Writes nothing, and cannot be done where nothing can be written: that does not tell one from the other either.
      if (isGuess && user === undefined) await asked(() => accountFailures.forgive(of))
    } catch {
      return 'unreadable'
    }
    // One that is locked costs the same.
    const stored = (isLocked ? null : user?.hash) ?? (await this.#nobody)
    const matches = await matchesHash(stored, password).catch(() => null)
    if (isLocked) return 'locked'
    if (matches === null) return 'corrupt'
    if (!matches) return 'wrong'
    // Where that cannot be written it counts against the account, and nobody is refused for it.
    if (isGuess) await asked(() => accountFailures.forgive(of)).catch(() => undefined)
    return 'right'
  }

  #accepted({ digest, readAtMs }: SignIn, user: StoredUser, provenAtMs: number): Verification {
    const principal = principalOf(user, provenAtMs)
    this.#memory.accept(digest, {
      verification: Object.freeze({ outcome: 'verified', principal, cache: 'hit' }),
      account: user.name,
      mark: user.hash ?? '',
      provenAtMs,
      readAtMs,
    })
    return { outcome: 'verified', principal, cache: 'miss' }
  }

  async #refused(
    { digest, client, startedAt }: SignIn,
    user: StoredUser | undefined,
    reason: RejectReason,
    attempt: Attempt | null,
  ): Promise<Verification> {
    const isRepeat = this.#memory.refuse(digest)
    for (const step of attempt?.failed(isRepeat) ?? []) this.#throttled(step, client, user)
    await this.#pause(REFUSAL_MS - (performance.now() - startedAt))
    const verification = rejected(reason)
    this.#memory.repeatRefusal(digest, verification, this.#ports.clock())
    return verification
  }

  #throttled(step: ThrottleStep, client: string, user: StoredUser | undefined): void {
    this.#ports.report({
      kind: 'authentication-throttled',
      issuer: LOCAL,
      method: 'local',
      ...step,
      ...(client === '' ? {} : { client }),
      // A name that nobody has may be a password in the wrong field.
      ...(user === undefined || step.scope === 'address' ? {} : { account: user.name }),
    })
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#schedule(ms, resolve)
    })
  }
}

/** Null where nothing is wrong. Only who has the password is told of the account, and that in the audit alone. */
function refusalOf(user: StoredUser | undefined, proof: 'right' | 'wrong' | 'locked'): RejectReason | null {
  if (user === undefined) return 'unknown_user'
  if (proof === 'locked') return 'account_locked'
  if (proof === 'wrong') return 'wrong_password'
  return user.disabledAt === null ? null : 'account_disabled'
}

function rejected(reason: RejectReason, retryAfterSeconds?: number): Verification {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  return { outcome: 'rejected', reason, method: 'local', issuer: LOCAL, ...wait }
}

function unavailable(reason: UnavailableReason, retryAfterSeconds: number): Verification {
  return { outcome: 'unavailable', reason, method: 'local', issuer: LOCAL, retryAfterSeconds }
}
