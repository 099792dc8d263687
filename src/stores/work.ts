import { whenFree } from './busy.ts'
import type { Queried } from './queries.ts'

/** Whether a store answers at once (SQLite) or later (PostgreSQL). */
export type Mode = 'sync' | 'async'

/** What a store answers, by its mode; where the mode is not known, either. */
export type Answer<M extends Mode, T> = M extends 'sync' ? T : Promise<T>

/** What came of one statement. */
export interface Answered {
  readonly rows: readonly unknown[]
  /** Rows that were inserted, updated or deleted. */
  readonly changes: number
}

/**
 * Work on the store, written once for every database: it yields statements and is handed what came of them. Nothing in it
 * waits, so that SQLite does all of it in one go and PostgreSQL from answer to answer.
 */
export type Work<T> = Generator<Queried<unknown>, T, Answered>

/** What is done one after the other in the whole fleet: what reads before it writes, and the events of it, whose order counts. */
export type Topic = 'keys' | 'users' | 'uses' | 'devices'

/** Does work on one database. Everything throws, or rejects, when the store cannot be read or written. */
export interface Runner<M extends Mode> {
  /** Reads, or changes by one statement. */
  run<T>(work: () => Work<T>): Answer<M, T>
  /** Changes all or nothing, while nobody else changes anything of the topic. */
  change<T>(topic: Topic, work: () => Work<T>): Answer<M, T>
  /** Reads, and changes only where that finds nothing: a change holds up others. */
  findOrChange<T>(topic: Topic, find: () => Work<T | null>, change: () => Work<T>): Answer<M, T>
}

/** The rows that a statement answers. */
export function* rows<Row>(query: Queried<Row>): Work<readonly Row[]> {
  const answered = yield query
  // INVARIANT: the builder that made the query knows the columns of its tables.
  return answered.rows as readonly Row[]
}

/** The first row that a statement answers. */
export function* first<Row>(query: Queried<Row>): Work<Row | undefined> {
  return (yield* rows(query))[0]
}

/** How many rows a statement has changed. */
export function* changed(query: Queried<unknown>): Work<number> {
  return (yield query).changes
}

/** What `run` answers, later in any case: for what no request waits for. */
export async function readLater<M extends Mode, T>(runner: Runner<M>, work: () => Work<T>): Promise<T> {
  // INVARIANT: an answer is the value, or a promise of it.
  return (await runner.run(work)) as T
}

/** What `change` answers, later in any case: tried again for a while where another process writes just now. */
export function changeLater<M extends Mode, T>(runner: Runner<M>, topic: Topic, work: () => Work<T>): Promise<T> {
  return whenFree(async () => (await runner.change(topic, work)) as T)
}

/** The same for a change by one statement. */
export function writeLater<M extends Mode, T>(runner: Runner<M>, work: () => Work<T>): Promise<T> {
  return whenFree(() => readLater(runner, work))
}
