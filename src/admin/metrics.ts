import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { DURATION_BOUNDS, type Meter } from '../pipeline/meter.ts'

/** What the process can say of itself beside the requests. */
export interface MetricSources {
  readonly meter: Meter
  readonly auditWritable: () => boolean
  readonly auditQueuedBytes: () => number
  readonly auditDropped: () => number
  readonly bufferedBytes: () => number
  readonly spooledBytes: () => number
  /** Realtime sessions that are open, and WebSockets of passthrough routes. */
  readonly sessions: () => number
  readonly sealingKeys: () => SealingKeysState | null
}

/** The keys that seal the ids of stored objects. `ageSeconds`: since they were last read. */
export interface SealingKeysState {
  readonly usable: boolean
  readonly ageSeconds: number
}

/** The Prometheus registry: every figure is read when `/metrics` is asked, so that a request pays for none of it. */
export function createMetrics(sources: MetricSources): Registry {
  const { meter } = sources
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Counter({
    name: 'sallyport_requests_total',
    help: 'Requests by operation and outcome: allowed, or the code of the error that answered',
    labelNames: ['operation', 'outcome'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { operation, outcome, count } of meter.answers()) this.inc({ operation, outcome }, count)
    },
  })
  new Counter({
    name: 'sallyport_tokens_total',
    help: 'Tokens that upstreams reported, by direction',
    labelNames: ['direction'],
    registers: [registry],
    collect() {
      this.reset()
      this.inc({ direction: 'input' }, meter.inputTokens)
      this.inc({ direction: 'output' }, meter.outputTokens)
    },
  })
  counter(
    registry,
    'sallyport_connections_rejected_total',
    'Connections that carried no HTTP request',
    () => meter.rejectedConnections,
  )
  counter(
    registry,
    'sallyport_audit_dropped_total',
    'Audit events of refused requests lost while the sink was down',
    sources.auditDropped,
  )
  gauge(registry, 'sallyport_buffered_bytes', 'Bytes of request bodies in memory', sources.bufferedBytes)
  gauge(registry, 'sallyport_spooled_bytes', 'Bytes of uploads on disk', sources.spooledBytes)
  gauge(
    registry,
    'sallyport_sessions_active',
    'Realtime sessions and passed WebSockets that are open',
    sources.sessions,
  )
  gauge(registry, 'sallyport_requests_active', 'Requests being handled', () => meter.active)
  gauge(registry, 'sallyport_audit_writable', '1 while audit events can be written', () =>
    sources.auditWritable() ? 1 : 0,
  )
  gauge(
    registry,
    'sallyport_audit_queued_bytes',
    'Audit bytes waiting for the reader of stdout',
    sources.auditQueuedBytes,
  )
  sealingKeys(registry, sources.sealingKeys)
  registry.registerMetric(durations(meter))
  return registry
}

function counter(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(read())
    },
  })
}

function sealingKeys(registry: Registry, read: MetricSources['sealingKeys']): void {
  gauge(registry, 'sallyport_sealing_keys_usable', '1 while ids of stored objects can be sealed and opened', () => {
    const state = read()
    return state === null ? null : Number(state.usable)
  })
  gauge(
    registry,
    'sallyport_sealing_keys_age_seconds',
    'Time since the keys that seal ids were last read',
    () => read()?.ageSeconds ?? null,
  )
}

/** Null: there is no such thing here, and so no figure, which an alarm would take for a bad one. */
function gauge(registry: Registry, name: string, help: string, read: () => number | null): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      const value = read()
      if (value === null) this.remove()
      else this.set(value)
    },
  })
}

/** The histogram in the form that the registry reads: prom-client's own cannot be set from counts kept elsewhere. */
function durations(meter: Meter): Metric {
  const name = 'sallyport_request_duration_seconds'
  const metric = {
    name,
    async get() {
      let below = 0
      const buckets = DURATION_BOUNDS.map((bound, index) => {
        below += meter.durationBuckets[index] ?? 0
        return { metricName: `${name}_bucket`, labels: { le: bound }, value: below }
      })
      return {
        name,
        help: 'Time from the request to the end of its answer',
        type: 'histogram',
        aggregator: 'sum',
        values: [
          ...buckets,
          { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: meter.durationCount },
          { metricName: `${name}_sum`, labels: {}, value: meter.durationSum },
          { metricName: `${name}_count`, labels: {}, value: meter.durationCount },
        ],
      }
    },
  }
  return metric as unknown as Metric
}
