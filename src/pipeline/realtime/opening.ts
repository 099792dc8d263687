import { SESSION_LIMITS } from '../../endpoints/realtime/limits.ts'
import type { ServerMessage } from '../../endpoints/realtime/server-message.ts'
import { type Fault, fault } from '../../model/fault.ts'
import { type JsonObject, ownValue } from '../../model/json.ts'
import type { OpeningUpdate } from '../../shape/session.ts'
import type { Gate } from './session-judge.ts'

/** How long the upstream may take to say that a session is as the policy asks. Milliseconds. */
const ANSWER_MS = 5000

/**
 * What the policy's transforms ask of a session, until the upstream has said that it is so: no message of the client may
 * go on before that, and a session that is not as it is asked for is none.
 */
export class Opening implements Gate {
  readonly isHeard = true
  readonly #update: OpeningUpdate | null
  readonly #since = performance.now()
  #isTaken: boolean

  constructor(update: OpeningUpdate | null) {
    this.#update = update
    this.#isTaken = update === null
  }

  get isTaken(): boolean {
    return this.#isTaken
  }

  /** The upstream says something. Why the session is none; null while that is open. */
  told(message: ServerMessage): Fault | null {
    const update = this.#update
    if (this.#isTaken || update === null) return null
    if (message.kind === 'error') return message.answers === update.eventId ? notTaken : null
    if (message.kind !== 'session' || !message.answers) return null
    if (!isAsAsked(message.session, update)) return notTaken
    this.#isTaken = true
    return null
  }

  tick(now: number): Fault | null {
    return this.#isTaken || now - this.#since < ANSWER_MS ? null : notTaken
  }
}

/** What the upstream tells of it. The limit has two names: one that is set by the name that nobody reads is not set. */
export function isAsAsked(session: JsonObject, { limit, instructions }: OpeningUpdate): boolean {
  const areLimited = SESSION_LIMITS.every((key) => {
    const told = ownValue(session, key)
    return limit === null || told === undefined || (typeof told === 'number' && told <= limit)
  })
  const text = ownValue(session, 'instructions')
  const isTold = instructions !== null && text !== undefined
  // A stored prompt brings instructions of its own.
  if (instructions !== null && (ownValue(session, 'prompt') ?? null) !== null) return false
  return areLimited && (!isTold || (typeof text === 'string' && text.trimStart().startsWith(instructions.trim())))
}

export const notTaken: Fault = fault(
  'policy_denied',
  'the upstream did not make the session what the transforms of the policy ask for',
  { reason: 'transform_not_applicable' },
)
