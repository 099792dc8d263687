import type { Answer, Mode } from './work.ts'

/** Who changed something, as their machine tells it; null where it does not. */
export interface Operator {
  readonly user: string | null
  readonly host: string | null
}

/** An event that only this caller may audit now, until the claim is settled, given back or too old. */
export type Claimed<Event> = Event & { readonly claimedAt: number }

/** What happened and is not audited yet. Everything throws, or rejects, when the store cannot be read or written. */
export interface Outbox<M extends Mode, Event> {
  /** The oldest event that is due; null when there is none, or another process has it. Nobody overtakes another. */
  claim(now: number): Answer<M, Claimed<Event> | null>
  settle(event: Claimed<Event>, auditedAt: number): Answer<M, void>
  giveBack(event: Claimed<Event>): Answer<M, void>
}

/** Whoever has claimed an event and not settled it for so long is gone. Milliseconds. */
const CLAIM_MS = 60_000

/** From when to when a claim holds. One from the future was made before the clock was set back. */
export function claimSpan(now: number): readonly [from: number, until: number] {
  return [now - CLAIM_MS, now + CLAIM_MS]
}
