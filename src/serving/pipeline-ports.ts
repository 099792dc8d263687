import { faultRow } from '../http/errors.ts'
import type { AuditLog } from '../model/audit.ts'
import type { FaultCode } from '../model/fault.ts'
import type { BodyAllowance } from '../model/ports.ts'
import type { BodyBudget } from '../pipeline/body-budget.ts'
import type { Meter } from '../pipeline/meter.ts'
import type { SessionPlaces } from '../pipeline/realtime/session-places.ts'
import { Spool } from '../stores/spool.ts'
import { openInFolder } from '../stores/spool-file.ts'
import type { Current } from './current.ts'
import type { Diagnostics } from './diagnostics.ts'

interface Parts {
  readonly audit: AuditLog
  readonly meter: Meter
  readonly diagnostics: Diagnostics
  readonly bodies: BodyBudget
  readonly spooled: BodyBudget
  readonly sessions: SessionPlaces
  readonly current: Current
}

/** What one request is handled with, beside the snapshot that it is decided by. */
export function pipelinePorts({ audit, meter, diagnostics, bodies, spooled, sessions, current }: Parts) {
  return {
    audit,
    meter,
    clock: Date.now,
    statusOf: (code: FaultCode) => faultRow(code).status,
    bug: (err: unknown, requestId: string) => diagnostics.error('a bug met a request', { requestId, err }),
    bodies,
    sessions,
    calls: current.calls,
    current: () => current.snapshot,
    spooled,
    openSpool: (folder: string, allowance: BodyAllowance) => new Spool({ folder, allowance, openFile: openInFolder }),
  }
}
