/** How an answer ended, as far as its connection asks. */
export interface Ended {
  readonly gone: boolean
  /** Another request may follow it. */
  readonly keepsConnection: boolean
}

/** The connection that an exchange is on, as far as the exchange needs it. */
export interface Carrier {
  /** The moment, in milliseconds of `performance.now`, at which a limit that begins now is over. */
  deadline(limitMs: number): number
  /** How long a client may leave bytes of its answer unread. Milliseconds. */
  readonly unreadMs: number
  /** Called once when the answer is over, in whichever way. */
  over(ended: Ended): void
}
