import type { HeldAllowance } from '../../model/ports.ts'
import type { Refusal } from './session-judge.ts'

/** What a session needs beside its two ends. */
export interface SessionPorts {
  /** What messages that wait for an answer of the upstream may take of memory. */
  readonly held: HeldAllowance
  readonly isAuditWritable: () => boolean
  /** Told of each message that is refused. */
  readonly refused: (refusal: Refusal) => void
  /** Told of a bug that met the session; must not throw. */
  readonly bug: (cause: unknown) => void
}
