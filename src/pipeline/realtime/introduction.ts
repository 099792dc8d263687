import type { ServerMessage } from '../../endpoints/realtime/server-message.ts'
import { type Fault, fault } from '../../model/fault.ts'
import type { JsonObject } from '../../model/json.ts'
import type { Gate } from './session-judge.ts'

/** How long the upstream may take to tell of a session. Milliseconds. */
const TOLD_MS = 5000

/**
 * A session that was set up before its client came, by a secret or as a call: until the upstream has told how it stands,
 * and that was judged, no message of the client may go on. Then it is opened like any other.
 */
export class Introduction implements Gate {
  readonly #opening: Gate
  readonly #judged: (session: JsonObject, isFirst: boolean) => Fault | null
  /** The session may be one that somebody else set up: its client hears nothing of it that it may not have. */
  readonly #isHidden: boolean
  readonly #since = performance.now()
  #isKnown = false

  /** `judged`: why a session that is told of may not go on. */
  constructor(opening: Gate, judged: (session: JsonObject, isFirst: boolean) => Fault | null, isHidden: boolean) {
    this.#opening = opening
    this.#judged = judged
    this.#isHidden = isHidden
  }

  get isTaken(): boolean {
    return this.#isKnown && this.#opening.isTaken
  }

  get isHeard(): boolean {
    return this.#isKnown || !this.#isHidden
  }

  /** The upstream says something. Why the session is none; null while that is open. */
  told(message: ServerMessage): Fault | null {
    if (message.kind === 'session') {
      const refused = this.#judged(message.session, !this.#isKnown)
      if (refused !== null) return refused
      this.#isKnown = true
    }
    return this.#opening.told(message)
  }

  tick(now: number): Fault | null {
    if (!this.#isKnown && now - this.#since >= TOLD_MS) return untold
    return this.#opening.tick(now)
  }
}

const untold: Fault = fault('upstream_unavailable', 'the upstream did not tell of the session that it opened', {
  reason: 'bad_stream',
})
