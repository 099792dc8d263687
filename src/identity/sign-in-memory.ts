import { hash, randomBytes } from 'node:crypto'
import type { Verification } from '../model/identity.ts'
import { Recent } from './recent.ts'

/** How long a refusal is given again without another look. Milliseconds. */
const REFUSAL_MEMORY_MS = 1000
/** How long a password that was right is no guess, whoever else guesses at its account. Milliseconds. */
const KNOWN_MEMORY_MS = 86_400_000
const MAX_REMEMBERED = 10_000

/** A password that was right, and the account as it was read. */
interface Remembered {
  readonly verification: Verification
  /** The one name of the account. */
  readonly account: string
  /** Of the password that the account had. */
  readonly mark: string
  /** When the password was tried, and when the account was read. */
  readonly provenAtMs: number
  readonly readAtMs: number
}

/** What is known of sign-ins, by a digest of name and password with a key that no other process has. */
export class SignInMemory {
  readonly #cacheMs: number
  readonly #recordMs: number
  readonly #key = randomBytes(32).toString('hex')
  readonly #verified = new Recent<Remembered>(MAX_REMEMBERED)
  readonly #refused = new Recent<{ readonly verification: Verification; readonly atMs: number }>(MAX_REMEMBERED)
  readonly #known = new Recent<number>(MAX_REMEMBERED)
  readonly #wrong = new Recent<true>(MAX_REMEMBERED)

  /**
   * `cacheMs`: how long a password that was right is believed. `recordMs`: how long an account is believed to be as it was
   * read, which is how fast disabling one takes effect.
   */
  constructor(cacheMs: number, recordMs: number) {
    this.#cacheMs = cacheMs
    this.#recordMs = recordMs
  }

  digest(username: string, password: string): string {
    // In one call: it is made for every request, and never leaves this object.
    return hash('sha256', this.#key + JSON.stringify([username, password]), 'base64')
  }

  /** The answer that can be given at once; undefined where there is none. */
  answer(digest: string, nowMs: number): Verification | undefined {
    const known = this.#verified.get(digest)
    if (known !== undefined && isWithin(nowMs, known.readAtMs, this.#recordMs) && this.#isProven(known, nowMs)) {
      return known.verification
    }
    const refused = this.#refused.get(digest)
    return refused !== undefined && isWithin(nowMs, refused.atMs, REFUSAL_MEMORY_MS) ? refused.verification : undefined
  }

  /** When the password of this account was tried, if that still counts; null where it has to be tried (again). */
  provenAt(digest: string, account: string, mark: string, nowMs: number): number | null {
    const known = this.#verified.get(digest)
    if (known === undefined || known.account !== account || known.mark !== mark || !this.#isProven(known, nowMs))
      return null
    return known.provenAtMs
  }

  /** True for what was right lately. */
  isKnown(digest: string, nowMs: number): boolean {
    const since = this.#known.get(digest)
    return since !== undefined && isWithin(nowMs, since, KNOWN_MEMORY_MS)
  }

  accept(digest: string, remembered: Remembered): void {
    this.#verified.set(digest, remembered)
    this.#known.set(digest, remembered.provenAtMs)
    this.#wrong.delete(digest)
  }

  /** Forgets that it was right. True where the very same was wrong before. */
  refuse(digest: string): boolean {
    this.#verified.delete(digest)
    this.#known.delete(digest)
    const isRepeat = this.#wrong.get(digest) === true
    this.#wrong.set(digest, true)
    return isRepeat
  }

  repeatRefusal(digest: string, verification: Verification, atMs: number): void {
    this.#refused.set(digest, { verification, atMs })
  }

  #isProven({ provenAtMs }: Remembered, nowMs: number): boolean {
    return isWithin(nowMs, provenAtMs, this.#cacheMs)
  }
}

function isWithin(nowMs: number, atMs: number, memoryMs: number): boolean {
  const age = nowMs - atMs
  return age >= 0 && age < memoryMs
}
