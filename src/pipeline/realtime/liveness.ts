import { type Fault, fault } from '../../model/fault.ts'
import type { MessageSocket } from '../../model/ports.ts'

/** Pings are this much more often than the limit by which a peer must have been heard. */
export const PINGS = 3
/** A peer is given at least so long, however short the configured limit is: pings go out once a second. */
export const MIN_SILENCE_MS = 3000

export interface SessionLimits {
  /** By when a peer must have shown that it is there, and by when it must have taken what waits for it. Milliseconds. */
  readonly clientMs: number
  readonly upstreamMs: number
  /** Of the whole session. */
  readonly totalMs: number
}

/** Whether both ends of a session are there, and whether it may last any longer. */
export class Liveness {
  readonly #client: MessageSocket
  readonly #upstream: MessageSocket
  readonly #limits: SessionLimits
  readonly #startedAt = performance.now()
  #pingedAt = performance.now()

  constructor(client: MessageSocket, upstream: MessageSocket, limits: SessionLimits) {
    this.#client = client
    this.#upstream = upstream
    this.#limits = limits
  }

  /** Once a second: why the session is over, or that the client is gone; null while it goes on. */
  check(now: number): Fault | 'client_gone' | null {
    const { clientMs, upstreamMs, totalMs } = this.#limits
    if (now - this.#startedAt >= totalMs) return tookTooLong
    if (isSilent(this.#upstream, now, upstreamMs)) return upstreamSilent
    if (isSilent(this.#client, now, clientMs)) return 'client_gone'
    if (now - this.#pingedAt >= Math.min(clientMs, upstreamMs) / PINGS) {
      this.#pingedAt = now
      this.#client.ping()
      this.#upstream.ping()
    }
    return null
  }
}

function isSilent({ heardAt, fullSince }: MessageSocket, now: number, limitMs: number): boolean {
  return now - Math.min(heardAt, fullSince) >= Math.max(limitMs, MIN_SILENCE_MS)
}

export const upstreamSilent = fault('upstream_timeout', 'the upstream is not there any more', {
  reason: 'upstream_timeout',
})
const tookTooLong = fault('upstream_timeout', 'the session has lasted as long as one may', {
  reason: 'session_too_long',
})
