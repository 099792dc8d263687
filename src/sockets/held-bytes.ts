import type { Fault } from '../model/fault.ts'
import type { HeldAllowance } from '../model/ports.ts'

/** Most messages come, and go, in one piece: what is less than this is never counted. */
const STEP_BYTES = 64 * 1024

/** Bytes that wait at one end of a connection, taken into account in steps as they become more. */
export class HeldBytes {
  readonly #allowance: HeldAllowance
  #counted = 0

  constructor(allowance: HeldAllowance) {
    this.#allowance = allowance
  }

  /** So many wait now. A fault where they may not. */
  hold(bytes: number): Fault | null {
    if (bytes - this.#counted < STEP_BYTES) return null
    const excess = this.#allowance.take(bytes - this.#counted)
    this.#counted = bytes
    return excess
  }

  release(): void {
    if (this.#counted > 0) this.#allowance.release()
    this.#counted = 0
  }
}
