import type { AuditEvent } from '../model/audit.ts'
import { unreachable } from '../model/exhaustive.ts'
import type { Losses } from './writer.ts'

/** The event that an outage is told with. */
export function degradedEvent(at: number, code: string): AuditEvent {
  const reason = reasonOf(code)
  return {
    at,
    action: 'audit-degraded',
    reason,
    message: 'audit events cannot be written; requests are refused',
    error: { type: reason, code },
  }
}

/** What is told once events can be written again: the gap that served requests left, and the end of the outage. */
export function recoveryEvents(at: number, { refused, unwritten, refusedButWritten }: Losses): AuditEvent[] {
  const gap: AuditEvent = {
    at,
    action: 'audit-gap',
    message: `${unwritten} audit events of requests that were served are lost`,
    extra: { dropped: unwritten },
  }
  const recovered: AuditEvent = {
    at,
    action: 'audit-recovered',
    message: 'audit events are written again',
    extra: {
      dropped: refused + unwritten,
      refused,
      ...(refusedButWritten === null ? {} : { refused_request_id: refusedButWritten }),
    },
  }
  return unwritten > 0 ? [gap, recovered] : [recovered]
}

function reasonOf(code: string): string {
  switch (code) {
    case 'EAGAIN':
      return 'sink_stalled'
    case 'ENOBUFS':
      return 'queue_full'
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'sink_full'
    default:
      return 'sink_failed'
  }
}

/** What people are told of the sink. */
export function sentenceOf(state: 'degraded' | 'open' | 'gone', code: string): string {
  switch (state) {
    case 'degraded':
      return `audit events cannot be written to stdout (${code}: ${reasonOf(code)}); requests are refused until they can`
    case 'open':
      return 'audit events are written to stdout again; requests are served'
    case 'gone':
      return `stdout is closed (${code}); no audit event can be written any more and every request is refused: restart with stdout open (\`> /dev/null\` to discard events on purpose)`
    default:
      return unreachable(state)
  }
}
