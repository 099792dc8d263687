import type { Fault } from '../model/fault.ts'
import { timedOut } from './faults.ts'

/** What can be ended from outside: for a reason, or because nobody is there to hear its answer. */
interface Endable {
  abort(reason: Fault): void
  leave(): void
}

// Not arrows in its constructor: for those V8 carried each tenth request, with all it holds, into the old generation.
export function lateIn(transfer: Endable, totalMs: number): () => void {
  return () => transfer.abort(timedOut(`the answer was not complete within ${totalMs} ms`))
}

export function goneIn(transfer: Endable): (stopped: Fault | null) => void {
  return (stopped) => (stopped ? transfer.abort(stopped) : transfer.leave())
}
