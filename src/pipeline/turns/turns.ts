import type { TurnEvent } from '../../endpoints/turns/turn-event.ts'
import type { AnswerFacts } from '../../model/request.ts'

/** More than the API has under way and in line on one connection. */
const MAX_OPEN = 64

/** A response that was asked for, until the upstream says that it is over. */
interface Open<Turn> {
  readonly turn: Turn
  readonly lane: string | null
  /** The upstream's name for it; null before it has begun. */
  id: string | null
}

/** A response that is over. `status`: of an error of the upstream, as HTTP would have it; null where it said none. */
export type Over<Turn> = { readonly turn: Turn } & (
  | { readonly facts: AnswerFacts }
  | { readonly facts: null; readonly status: number | null }
)

/**
 * Which response an event tells of. Those of one lane are made in the order in which they were asked for. Nothing is
 * decided by it: it says whose usage and end an event names.
 */
export class Turns<Turn> {
  #open: Open<Turn>[] = []

  get isFull(): boolean {
    return this.#open.length >= MAX_OPEN
  }

  /** Those that are not over. */
  get open(): readonly Turn[] {
    return this.#open.map(({ turn }) => turn)
  }

  begin(turn: Turn, lane: string | null): void {
    this.#open.push({ turn, lane, id: null })
  }

  /** The response that is over by this; null for none that is known. */
  hear(event: TurnEvent): Over<Turn> | null {
    if (event.kind === 'created') {
      const next = this.#next(event.lane)
      if (next !== undefined) next.id = event.id
      return null
    }
    const { lane } = event
    if (event.kind === 'ended') {
      const own = this.#open.find(({ id }) => id !== null && id === event.id) ?? this.#next(lane)
      return own === undefined ? null : { turn: this.#close(own), facts: event.facts }
    }
    const begun = this.#open.find((one) => one.lane === lane && one.id !== null)
    const own = event.isUnderWay ? (begun ?? this.#next(lane)) : (this.#next(lane) ?? begun)
    return own === undefined ? null : { turn: this.#close(own), facts: null, status: event.status }
  }

  /** The first of a lane that has not begun. */
  #next(lane: string | null): Open<Turn> | undefined {
    return this.#open.find((one) => one.lane === lane && one.id === null)
  }

  #close(own: Open<Turn>): Turn {
    this.#open = this.#open.filter((one) => one !== own)
    return own.turn
  }
}
