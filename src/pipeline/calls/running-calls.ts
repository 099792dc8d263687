import type { Fault } from '../../model/fault.ts'

/** A call that goes on. */
export interface RunningCall {
  end(reason: Fault): void
}

/** The calls of this process: nothing of their clients' connections tells of them any more once they are answered. */
export class RunningCalls {
  readonly #calls = new Set<RunningCall>()
  #stopped: Fault | null = null

  /** A call goes on from now on, until what comes back is called. */
  enter(call: RunningCall): () => void {
    this.#calls.add(call)
    if (this.#stopped !== null) call.end(this.#stopped)
    return () => this.#calls.delete(call)
  }

  /** Ends every call, those that begin later, too. */
  stop(reason: Fault): void {
    this.#stopped = reason
    for (const call of [...this.#calls]) call.end(reason)
  }
}
