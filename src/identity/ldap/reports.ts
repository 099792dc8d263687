import type { IdentityPorts } from '../method.ts'
import type { SearchFailure } from './fault.ts'

const REPORT_EVERY_MS = 60_000

/** Tells the operator that a directory cannot be asked, and why: at its beginning, once a minute, and when it is over. */
export class FailureReports {
  readonly #issuer: string
  readonly #ports: Pick<IdentityPorts, 'clock' | 'report'>
  #reportedAt: number | null = null

  constructor(issuer: string, ports: Pick<IdentityPorts, 'clock' | 'report'>) {
    this.#issuer = issuer
    this.#ports = ports
  }

  failed(reason: SearchFailure): void {
    const now = this.#ports.clock()
    if (this.#reportedAt !== null && Math.abs(now - this.#reportedAt) < REPORT_EVERY_MS) return
    this.#reportedAt = now
    this.#ports.report({ kind: 'directory-failed', issuer: this.#issuer, reason })
  }

  recovered(): void {
    if (this.#reportedAt === null) return
    this.#reportedAt = null
    this.#ports.report({ kind: 'directory-recovered', issuer: this.#issuer })
  }
}
