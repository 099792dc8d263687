import type { AuditEvent } from '../../model/audit.ts'

/** Who writes the events: the same in every line of one process. */
export interface ServiceIdentity {
  /** `sallyport` unless said otherwise. */
  readonly name?: string
  readonly version: string
  readonly environment?: string
  /** What tells two instances apart: a host's or a pod's name. */
  readonly node?: string
}

/** What makes one event findable: a UUIDv7, and the count of all events of this process, starting with 1. */
export interface EventStamp {
  readonly id: string
  readonly sequence: number
}

/** Bytes that no line exceeds, its newline included: CRI-O splits longer ones. */
export const MAX_LINE_BYTES = 8192

/**
 * A schema that audit events can be written in. `open` prepares what never changes; the function that it gives renders
 * one event as one line of JSON with its newline, at most `MAX_LINE_BYTES` long, whatever the event holds. It never
 * throws and it prints members that it names one by one, so that nothing gets into an event by accident.
 */
export interface AuditFormat {
  readonly name: string
  readonly open: (service: ServiceIdentity) => (event: AuditEvent, stamp: EventStamp) => string
}
