import { type Fault, fault } from '../../model/fault.ts'
import { failed, ok, type Result } from '../../model/result.ts'

const MAX_SESSIONS = 2000
const MAX_OF_CALLER = 50

/** Bounds the sessions that are open at once: all of this process, and those of one caller. */
export class SessionPlaces {
  readonly #maxAll: number
  readonly #maxOfCaller: number
  readonly #held = new Map<string, number>()
  #all = 0

  constructor(maxAll = MAX_SESSIONS, maxOfCaller = MAX_OF_CALLER) {
    this.#maxAll = maxAll
    this.#maxOfCaller = maxOfCaller
  }

  get size(): number {
    return this.#all
  }

  /** Takes a place; the answer gives it back, once. */
  enter(caller: string): Result<() => void, Fault> {
    const held = this.#held.get(caller) ?? 0
    if (held >= this.#maxOfCaller) return failed(tooManyOfOneCaller)
    if (this.#all >= this.#maxAll) return failed(tooMany)
    this.#held.set(caller, held + 1)
    this.#all++
    let isLeft = false
    return ok(() => {
      if (isLeft) return
      isLeft = true
      this.#all--
      const left = (this.#held.get(caller) ?? 1) - 1
      if (left === 0) this.#held.delete(caller)
      else this.#held.set(caller, left)
    })
  }
}

const tooManyOfOneCaller: Fault = fault('rate_limit_exceeded', 'too many of your sessions are open: close one first', {
  reason: 'session_limit',
  headers: ['retry-after', '1'],
})

const tooMany: Fault = fault('overloaded', 'too many sessions are open: try again later', {
  reason: 'session_limit',
  headers: ['retry-after', '1'],
})
