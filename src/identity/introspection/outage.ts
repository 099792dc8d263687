import type { IdentityPorts } from '../method.ts'
import type { AskFailure } from './endpoint.ts'

const REPORT_EVERY_MS = 60_000
/** After so many failures in a row of the line itself, nobody waits for it for a moment. */
const PATIENCE = 3
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000

/**
 * Whether an issuer answers. While it cannot be reached it is asked again after pauses of at most 5 s, and whoever comes in
 * between does not wait. What it answers about one token, however wrong, is no outage for the others.
 */
export class Outage {
  readonly #issuer: string
  readonly #ports: Pick<IdentityPorts, 'clock' | 'report'>
  #failures = 0
  #pauseUntil = 0
  #reportedAt: number | null = null

  constructor(issuer: string, ports: Pick<IdentityPorts, 'clock' | 'report'>) {
    this.#issuer = issuer
    this.#ports = ports
  }

  get isOn(): boolean {
    const left = this.#pauseUntil - this.#ports.clock()
    // A clock that was set back must not make it longer.
    return left > 0 && left <= LONGEST_PAUSE_MS
  }

  failed(reason: AskFailure): void {
    const now = this.#ports.clock()
    if (reason === 'unreachable' || reason === 'timeout') {
      this.#failures++
      const doubled = FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - PATIENCE, 20)
      if (this.#failures >= PATIENCE) this.#pauseUntil = now + Math.min(LONGEST_PAUSE_MS, doubled)
    }
    if (this.#reportedAt !== null && Math.abs(now - this.#reportedAt) < REPORT_EVERY_MS) return
    this.#reportedAt = now
    this.#ports.report({ kind: 'introspection-failed', issuer: this.#issuer, reason })
  }

  over(): void {
    this.#failures = 0
    this.#pauseUntil = 0
    if (this.#reportedAt === null) return
    this.#reportedAt = null
    this.#ports.report({ kind: 'introspection-recovered', issuer: this.#issuer })
  }
}
