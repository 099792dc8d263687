import type { MetricSources } from '../admin/metrics.ts'
import type { OpenAuditLog } from '../audit/log.ts'
import type { BodyBudget } from '../pipeline/body-budget.ts'
import type { Meter } from '../pipeline/meter.ts'
import type { SessionPlaces } from '../pipeline/realtime/session-places.ts'
import type { ServingStore } from './store.ts'

interface Measured {
  readonly meter: Meter
  readonly audit: OpenAuditLog
  readonly bodies: BodyBudget
  readonly spooled: BodyBudget
  readonly sessions: SessionPlaces
  readonly store: ServingStore
}

/** What the metrics read when they are asked for. */
export function metricSources({ meter, audit, bodies, spooled, sessions, store }: Measured): MetricSources {
  return {
    meter,
    auditWritable: () => audit.writable,
    auditQueuedBytes: () => audit.queuedBytes,
    auditDropped: () => audit.dropped,
    bufferedBytes: () => bodies.heldBytes,
    spooledBytes: () => spooled.heldBytes,
    sessions: () => sessions.size,
    sealingKeys: () => store.sealingKeys(),
  }
}
