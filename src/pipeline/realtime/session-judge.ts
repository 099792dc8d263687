import type { ServerMessage } from '../../endpoints/realtime/server-message.ts'
import type { Fault } from '../../model/fault.ts'
import type { Secret } from '../../model/secret.ts'
import type { OpeningUpdate } from '../../shape/session.ts'
import type { ServingUpstream } from '../snapshot.ts'
import type { Verdict } from '../verdict.ts'

/** A message that goes on, as it goes on; or why it does not. */
export type Judged =
  | { readonly outcome: 'passed'; readonly text: Buffer | string }
  | {
      readonly outcome: 'refused'
      readonly fault: Fault
      readonly type: string | null
      /** By which the client knows what is said about its message. */
      readonly eventId: string | null
      readonly verdict: Verdict | null
    }
  /** Nothing more may be said. */
  | { readonly outcome: 'ends'; readonly fault: Fault }
  /** It may be judged otherwise once something is known: what the upstream answers, or that its event is written. */
  | { readonly outcome: 'waits' }

export type Refusal = Extract<Judged, { outcome: 'refused' }>

/** What has to be known of a session before its client may say anything. */
export interface Gate {
  readonly isTaken: boolean
  /** False while the client may not be told what the upstream says, either. */
  readonly isHeard: boolean
  /** The upstream says something. Why the session is none; null while that is open. */
  told(message: ServerMessage): Fault | null
  tick(now: number): Fault | null
}

/** Judges the messages of one session, both ways. */
export interface SessionJudge {
  readonly opened: {
    readonly upstream: ServingUpstream
    readonly providerSecret?: Secret | null
    /** It is a call, whose usage is counted where that was made. */
    readonly joins?: boolean
  }
  readonly gate: Gate
  /** What the proxy itself says first; null where there is nothing to ask for. */
  readonly opening: OpeningUpdate | null
  /** Called when a message that waits is to be judged again, beside what the upstream says. */
  onSettled: (() => void) | null
  /** `mayWait`: false where nothing more is to be expected of the upstream. */
  judge(bytes: Buffer, isBinary: boolean, mayWait: boolean): Judged
  /** What the upstream says, as the client hears it. `settles`: what waits is to be judged again. */
  hear(bytes: Buffer): {
    readonly told: ServerMessage | null
    readonly text: Buffer | string
    readonly settles: boolean
  }
  /** The upstream says goodbye, in order. */
  upstreamLeft?(): void
  /** A fault in the words of the API, about the message that its client knows by this; null for none. */
  errorText(fault: Fault, about: string | null): string
}
