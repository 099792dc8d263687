import type { Clock } from '../../model/ports.ts'
import { readKeySet, type VerificationKey } from './jwk.ts'
import type { KeySource, SourceFailure } from './key-source.ts'

/** What the proxy's operator is told of an issuer's keys: a `reason` of a failure, the key ids after a change. */
export interface IdentityReport {
  readonly kind: 'jwks-refreshed' | 'jwks-failed'
  /** The configured name. */
  readonly issuer: string
  readonly reason?: string
  readonly keys?: readonly string[]
}

/** Calls `run` once after a delay; the answer cancels it. Must not keep the process alive. */
export type Schedule = (delayMs: number, run: () => void) => () => void

export interface KeySetPorts {
  readonly clock: Clock
  readonly report: (report: IdentityReport) => void
  readonly schedule?: Schedule | undefined
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined
  /** How long one fetch may take, its body included. Milliseconds. */
  readonly fetchLimitMs?: number | undefined
}

export interface KeySetAges {
  readonly refreshMs: number
  readonly maxStaleMs: number
}

const FETCH_LIMIT_MS = 10_000
/** How long requests wait for the very first answer of an issuer before they are told to come again. */
const FIRST_WAIT_MS = 2000
const UNKNOWN_KID_COOLDOWN_MS = 30_000
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 15_000
const REPORT_EVERY_MS = 60_000

export const unrefTimer: Schedule = (delayMs, run) => {
  const timer = setTimeout(run, delayMs)
  timer.unref()
  return () => clearTimeout(timer)
}

/**
 * The verification keys of one issuer, kept fresh by itself: one fetch at a time, again after `refreshMs`, and after a
 * failure at growing distances of at most 15 s. A failed fetch, or an answer without a usable key, changes nothing until
 * the keys are older than `maxStaleMs`; a key that is missing from a good answer is void at once.
 */
export class KeySet {
  readonly #issuer: string
  readonly #source: KeySource
  readonly #ages: KeySetAges
  readonly #ports: KeySetPorts
  readonly #end = new AbortController()
  #keys: readonly VerificationKey[] = []
  #held: ReadonlySet<VerificationKey> = new Set()
  #confirmedAt: number | null = null
  #failures = 0
  #failureReportedAt: number | null = null
  #kidFetchAt: number | null = null
  #inFlight: Promise<void> | null = null
  #firstFetch: Promise<void> | null
  #cancelTimer: (() => void) | null = null

  constructor(issuer: string, source: KeySource, ages: KeySetAges, ports: KeySetPorts) {
    this.#issuer = issuer
    this.#source = source
    this.#ages = ages
    this.#ports = ports
    const first = this.#fetch()
    this.#firstFetch = new Promise((resolve) => {
      const over = () => {
        this.#firstFetch = null
        cancel()
        resolve()
      }
      const cancel = (ports.schedule ?? unrefTimer)(FIRST_WAIT_MS, over)
      void first.finally(over)
    })
  }

  /** The keys to verify with; null while there are none, or none fresh enough. */
  usable(): readonly VerificationKey[] | null {
    return this.#isFresh() ? this.#keys : null
  }

  /** False once the key is gone from the set, or the set is too old. */
  holds(key: VerificationKey): boolean {
    return this.#held.has(key) && this.#isFresh()
  }

  /** The last attempt failed: what is not in the set may yet be with the issuer. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** Good keys have grown too old without an attempt since: the clock has jumped, or the machine has slept. */
  get isOverdue(): boolean {
    return this.#confirmedAt !== null && this.#failures === 0 && !this.#isFresh()
  }

  /** The first attempt ever, while it is young enough to be waited for; null afterwards. */
  get firstFetch(): Promise<void> | null {
    return this.#firstFetch
  }

  /** Fetches because of a key that is not in the set: at most once in 30 s, whoever asks; null in between. */
  refreshForUnknownKey(): Promise<void> | null {
    if (this.#inFlight !== null) return this.#inFlight
    const now = this.#ports.clock()
    const isCooling = this.#kidFetchAt !== null && Math.abs(now - this.#kidFetchAt) < UNKNOWN_KID_COOLDOWN_MS
    if (isCooling || this.#end.signal.aborted) return null
    this.#kidFetchAt = now
    return this.#fetch()
  }

  close(): void {
    this.#end.abort()
    this.#cancelTimer?.()
    this.#source.close()
  }

  #isFresh(): boolean {
    return this.#confirmedAt !== null && this.#ports.clock() - this.#confirmedAt <= this.#ages.maxStaleMs
  }

  #fetch(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#inFlight ??= this.#load().finally(() => {
      this.#inFlight = null
      this.#plan()
    })
    return this.#inFlight
  }

  async #load(): Promise<void> {
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(this.#ports.fetchLimitMs ?? FETCH_LIMIT_MS)])
    const isSound = this.#confirmedAt !== null && this.#failures === 0
    const document = await this.#source.load(signal, isSound)
    if (this.#end.signal.aborted) return
    if (!document.ok) return this.#failed(document.fault)
    if (document.value === 'unchanged') return this.#confirmed(this.#keys)
    const keys = await readKeySet(document.value, this.#keys)
    if (keys === null) return this.#failed('malformed')
    return keys.length === 0 ? this.#failed('no_usable_keys') : this.#confirmed(keys)
  }

  #confirmed(keys: readonly VerificationKey[]): void {
    const recovered = this.#failureReportedAt !== null
    const changed = keys.length !== this.#keys.length || keys.some((key) => !this.#held.has(key))
    this.#keys = keys
    this.#held = new Set(keys)
    this.#confirmedAt = this.#ports.clock()
    this.#failures = 0
    this.#failureReportedAt = null
    if (!changed && !recovered) return
    this.#ports.report({ kind: 'jwks-refreshed', issuer: this.#issuer, keys: keys.map(({ kid }) => kid ?? '') })
  }

  #failed(reason: SourceFailure | 'no_usable_keys'): void {
    this.#failures++
    const now = this.#ports.clock()
    if (this.#failureReportedAt !== null && Math.abs(now - this.#failureReportedAt) < REPORT_EVERY_MS) return
    this.#failureReportedAt = now
    this.#ports.report({ kind: 'jwks-failed', issuer: this.#issuer, reason })
  }

  #plan(): void {
    if (this.#end.signal.aborted) return
    const { schedule = unrefTimer, random = Math.random } = this.#ports
    const retryMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1)) * (0.5 + random() / 2)
    const restMs = Math.min(this.#ages.refreshMs, this.#source.lookEveryMs)
    const delayMs = this.#failures > 0 ? retryMs : restMs
    this.#cancelTimer = schedule(Math.min(delayMs, 2 ** 31 - 1), () => void this.#fetch())
  }
}
