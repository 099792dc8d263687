import type { Fault } from '../model/fault.ts'
import type { AnswerFacts } from '../model/request.ts'

/**
 * What became of a forwarded request. `failed`: nothing has been answered yet, the fault can still be. `broken`: the
 * answer had begun and is not complete. `client_gone`: the client left and the upstream was told to stop.
 */
export interface Delivery {
  readonly outcome: 'answered' | 'failed' | 'broken' | 'client_gone'
  readonly fault?: Fault
  /** The upstream's own status; 0 when it never answered. */
  readonly status: number
  readonly stream: boolean
  readonly midEvent: boolean
  readonly facts: AnswerFacts
  /** Epoch-free milliseconds (performance.now) of the first answer byte; 0 when there was none. */
  readonly firstByteAt: number
  /**
   * Where the request was over before there was a connection for it: the HTTP client cannot be told so and keeps it, with
   * its body, until the connection stands or fails. Settled then, never rejected.
   */
  readonly queued?: Promise<void>
}
