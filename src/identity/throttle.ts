import type { Clock } from '../model/ports.ts'
import { Recent } from './recent.ts'

/** Failures that cost nothing: people mistype. */
const FREE = 5
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 900_000
/** How long without a failure until all of them are forgotten. Milliseconds. */
const FORGET_MS = 1_800_000
/** Attempts of one address that may be under way at once; of an account it is what it has left, and one. */
const MAX_FLYING = 16
/** Accounts, addresses and pairs of both that are remembered. */
const CAPACITY = 65_536

/** A failure that makes the next attempt wait. */
export interface ThrottleStep {
  readonly scope: 'account' | 'address'
  readonly failures: number
  readonly waitMs: number
}

/** An attempt that may go on. Who was given it says how it ended, and calls `ended` on every path. */
export interface Attempt {
  /** Steps that this failure leads to; `isRepeat`: the very same was wrong before, which is no further guess. */
  failed(isRepeat: boolean): readonly ThrottleStep[]
  succeeded(): void
  ended(): void
}

export type Admission = { readonly attempt: Attempt } | { readonly waitMs: number } | 'busy'

interface Tally {
  failures: number
  blockedUntil: number
  lastAt: number
  flying: number
}

/** What an account and an address have of each other's failures. */
interface Pair {
  ofAccount: number
  ofAddress: number
  lastAt: number
}

/**
 * Slows guessing of passwords down: after five failures of an account, or from an address, each further one makes the next
 * attempt wait twice as long, from 1 s up to 15 min. Attempts in that time are refused and count for nothing, so that
 * who keeps trying waits no longer. A success takes back the failures of that account from that address alone: neither can an
 * attacker wipe out a trail by signing in as somebody else, nor does the account's owner wipe out that of an attacker.
 *
 * Does not know whether an account exists: one that does not is counted alike. Memory is bounded; what failed longest ago is
 * forgotten first. Lives in this process: each instance of a fleet counts by itself.
 */
export class Throttle {
  readonly #clock: Clock
  readonly #accounts: Recent<Tally>
  readonly #addresses: Recent<Tally>
  readonly #pairs: Recent<Pair>

  constructor(clock: Clock, capacity = CAPACITY) {
    this.#clock = clock
    this.#accounts = new Recent(capacity)
    this.#addresses = new Recent(capacity)
    this.#pairs = new Recent(capacity)
  }

  /** Everything that is remembered, for tests of its bound. */
  get size(): number {
    return this.#accounts.size + this.#addresses.size + this.#pairs.size
  }

  /**
   * Asks for an attempt at an account, which is named with its source, by a client. `withAddress`: false where the same
   * sign-in has been taken into account at its address already.
   */
  begin(account: string, client: string, withAddress = true): Admission {
    const now = this.#clock()
    const address = networkOf(client)
    const known = this.#tally(this.#accounts, account, now)
    const from = withAddress ? this.#tally(this.#addresses, address, now) : null
    const waitMs = Math.max(waitOf(known, now), from === null ? 0 : waitOf(from, now))
    if (waitMs > 0) return { waitMs }
    const left = Math.max(1, FREE - known.failures)
    if (known.flying >= left || (from !== null && from.flying >= MAX_FLYING)) return 'busy'
    known.flying++
    this.#accounts.set(account, known)
    if (from !== null) {
      from.flying++
      this.#addresses.set(address, from)
    }
    return { attempt: this.#attempt(account, address, known, from) }
  }

  #attempt(account: string, address: string, known: Tally, from: Tally | null): Attempt {
    const pair = `${address}\n${account}`
    let isOver = false
    return {
      failed: (isRepeat) => {
        const now = this.#clock()
        const own = this.#pair(pair, now)
        this.#pairs.set(pair, own)
        own.ofAccount++
        const steps = [this.#count('account', this.#accounts, account, known, now)]
        if (!isRepeat && from !== null) {
          own.ofAddress++
          steps.push(this.#count('address', this.#addresses, address, from, now))
        }
        return steps.filter((step) => step !== null)
      },
      succeeded: () => {
        const own = this.#pair(pair, this.#clock())
        this.#pairs.delete(pair)
        forgive(known, own.ofAccount)
        if (from !== null) forgive(from, own.ofAddress)
      },
      ended: () => {
        if (isOver) return
        isOver = true
        known.flying--
        if (known.flying === 0 && known.failures === 0) this.#accounts.delete(account)
        if (from === null) return
        from.flying--
        if (from.flying === 0 && from.failures === 0) this.#addresses.delete(address)
      },
    }
  }

  #pair(key: string, now: number): Pair {
    const known = this.#pairs.get(key)
    // What the account has forgotten must not be taken back from what others did since.
    if (known === undefined || now - known.lastAt >= FORGET_MS) return { ofAccount: 0, ofAddress: 0, lastAt: now }
    known.lastAt = now
    return known
  }

  #tally(tallies: Recent<Tally>, key: string, now: number): Tally {
    const known = tallies.get(key)
    if (known === undefined) return { failures: 0, blockedUntil: 0, lastAt: now, flying: 0 }
    if (now - known.lastAt >= FORGET_MS) known.failures = 0
    return known
  }

  #count(
    scope: ThrottleStep['scope'],
    tallies: Recent<Tally>,
    key: string,
    tally: Tally,
    now: number,
  ): ThrottleStep | null {
    tally.failures++
    tally.lastAt = now
    tallies.set(key, tally)
    if (tally.failures < FREE) return null
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tally.failures - FREE, 20))
    tally.blockedUntil = now + waitMs
    return { scope, failures: tally.failures, waitMs }
  }
}

function forgive(tally: Tally, failures: number): void {
  tally.failures = Math.max(0, tally.failures - failures)
  if (tally.failures < FREE) tally.blockedUntil = 0
}

/** A clock that was set back must not make anybody wait longer than that. */
function waitOf({ blockedUntil, failures }: Tally, now: number): number {
  return failures < FREE ? 0 : Math.min(LONGEST_WAIT_MS, Math.max(0, blockedUntil - now))
}

/** Who has an IPv6 address has all of its /64. Takes addresses in their one form. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [before = '', behind] = address.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = behind === undefined || behind === '' ? [] : behind.split(':')
  const zeros = behind === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  return [...head, ...Array<string>(zeros).fill('0'), ...tail].slice(0, 4).join(':')
}

/**
 * What one site has of IPv6: a /48 (RFC 6177). For what there is only so much of: by networks alone a single site could take
 * all of it.
 */
export function siteOf(address: string): string {
  const network = networkOf(address)
  return network.includes(':') ? network.split(':').slice(0, 3).join(':') : network
}
