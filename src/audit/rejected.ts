import type { AuditLog } from '../model/audit.ts'
import type { Clock } from '../model/ports.ts'

/** A connection whose bytes never became a request. */
export interface Rejection {
  readonly status: number | null
  readonly reason: string
  readonly clientIp: string | undefined
  readonly clientPort: number | undefined
}

const PER_SECOND = 10

/**
 * Writes one `connection-rejected` event a connection, at most ten within any second: strangers must not fill the log.
 * What is left out is counted in the next event that is written, as `sallyport.suppressed`.
 */
export function rejectionReporter(log: Pick<AuditLog, 'append'>, clock: Clock): (rejection: Rejection) => void {
  const times = Array<number>(PER_SECOND).fill(Number.NEGATIVE_INFINITY)
  let oldest = 0
  let suppressed = 0
  return ({ status, reason, clientIp, clientPort }) => {
    const at = clock()
    const since = at - (times[oldest] ?? 0)
    // A clock that was set back must not silence the log until it has caught up.
    if (since >= 0 && since < 1000) {
      suppressed++
      return
    }
    times[oldest] = at
    oldest = (oldest + 1) % PER_SECOND
    log.append({
      at,
      action: 'connection-rejected',
      reason,
      message: `connection rejected: ${reason}`,
      ...(status === null ? {} : { status }),
      client: {
        ...(clientIp === undefined ? {} : { ip: clientIp }),
        ...(clientPort === undefined ? {} : { port: clientPort }),
      },
      ...(suppressed > 0 ? { extra: { suppressed } } : {}),
    })
    suppressed = 0
  }
}
