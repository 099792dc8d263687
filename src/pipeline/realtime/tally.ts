import { type ServerMessage, SessionReading } from '../../endpoints/realtime/server-message.ts'
import type { Fault } from '../../model/fault.ts'
import type { Ending } from '../events.ts'

/** What went through one session, counted for its last event. */
export class Tally {
  readonly #reading = new SessionReading()
  #firstByteAt = 0
  #received = 0
  #sent = 0
  #sentBytes = 0
  receivedBytes = 0
  refused = 0
  /** False where somebody else counts it. */
  countsUsage = true

  /** A message of the client. */
  received({ length }: Buffer): void {
    this.#received++
    this.receivedBytes += length
  }

  /** A message that goes to the client. */
  sent(message: Buffer | string): void {
    if (this.#firstByteAt === 0) this.#firstByteAt = performance.now()
    this.#sent++
    this.#sentBytes += Buffer.byteLength(message)
  }

  told(message: ServerMessage): void {
    const isUsage = message.kind === 'usage' || message.kind === 'heard'
    if (this.countsUsage || !isUsage) this.#reading.add(message)
  }

  ending(outcome: Ending['outcome'], closeCode: number, reason?: Fault): Ending {
    const { heardSeconds } = this.#reading
    return {
      outcome,
      status: 101,
      facts: this.#reading.facts(),
      firstByteAt: this.#firstByteAt,
      ...(reason && { fault: reason }),
      session: {
        status: 101,
        bytesSent: this.#sentBytes,
        extra: {
          'session.messages_in': this.#received,
          'session.messages_out': this.#sent,
          'session.messages_refused': this.refused,
          'session.close_code': closeCode,
          ...(heardSeconds === undefined
            ? {}
            : { 'session.transcribed_seconds': Math.round(heardSeconds * 1000) / 1000 }),
        },
      },
    }
  }
}
