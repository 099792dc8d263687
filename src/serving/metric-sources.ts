import type { MetricSources } from '../admin/metrics.ts'
import type { OpenAuditLog } from '../audit/log.ts'
import type { BodyBudget } from '../pipeline/body-budget.ts'
import type { Meter } from '../pipeline/meter.ts'
import type { SessionPlaces } from '../pipeline/realtime/session-places.ts'
import type { ServingStore } from './store.ts'

/** What is taken of the proxy by its requests. */
interface Taken {
  readonly memory: BodyBudget
  readonly disk: BodyBudget
  readonly sessions: SessionPlaces
}

/** What `/metrics` reads when it is asked. */
export function metricSources(
  meter: Meter,
  audit: OpenAuditLog,
  store: ServingStore,
  { memory, disk, sessions }: Taken,
): MetricSources {
  return {
    meter,
    auditWritable: () => audit.writable,
    auditQueuedBytes: () => audit.queuedBytes,
    auditDropped: () => audit.dropped,
    bufferedBytes: () => memory.heldBytes,
    spooledBytes: () => disk.heldBytes,
    sessions: () => sessions.size,
    sealingKeys: () => store.sealingKeys(),
  }
}
