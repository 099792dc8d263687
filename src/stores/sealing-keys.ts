import type { StoredSealingKey } from '../model/sealing.ts'
import { Secret } from '../model/secret.ts'
import { noteSealingEvent } from './key-events.ts'
import type { Operator } from './outbox.ts'
import { tables } from './queries.ts'
import type { SealingKeyRow } from './tables.ts'
import { type Answer, changed, type Mode, type Runner, rows, type Work } from './work.ts'

/** What is told of a key to people: never its bytes. Times are epoch milliseconds. */
export interface SealingKeyRecord extends Omit<StoredSealingKey, 'secret'> {
  readonly retiredAt: number | null
}

export type RetireOutcome = 'retired' | 'already' | 'unknown' | 'last' | 'sealing'

/**
 * The keys that seal the ids of stored objects. What an operator does to one and its event for the audit are written in one
 * transaction; `by` is who asked for it. Everything throws, or rejects, when the store cannot be read or written.
 */
export interface SealingKeyQueries<M extends Mode = Mode> {
  /** Those that are not retired. */
  usable(): Answer<M, StoredSealingKey[]>
  /** The first key, where the store has none yet: of several processes that start at once one makes it. */
  ensure(key: StoredSealingKey): Answer<M, StoredSealingKey[]>
  add(key: StoredSealingKey, by?: Operator): Answer<M, void>
  /** All of them, oldest first. */
  records(): Answer<M, SealingKeyRecord[]>
  /**
   * Takes a key out of use for good: its bytes are gone, and no id that it sealed opens any more. Not the last one that is
   * left: then nothing could be sealed. Nor the one that seals (`sealing`) while every other one waits for its time: other
   * processes may not know what would seal then.
   */
  retire(kid: string, now: number, by?: Operator): Answer<M, RetireOutcome>
}

const all = tables.selectFrom('sealing_keys').selectAll().orderBy('created_at').orderBy('seals_from').orderBy('kid')

// Its events stand beside those of API keys, and in one order with them.
const TOPIC = 'keys'

export function sealingKeyQueries<M extends Mode>(runner: Runner<M>): SealingKeyQueries<M> {
  return {
    usable: () => runner.run(usable),
    ensure: (key) =>
      runner.findOrChange(
        TOPIC,
        function* () {
          const present = yield* usable()
          return present.length > 0 ? present : null
        },
        () => ensure(key),
      ),
    add: (key, by) =>
      runner.change(TOPIC, function* () {
        yield* insert(key)
        yield* noteSealingEvent({ action: 'sealing-created', key: key.kid, at: key.createdAt }, by)
      }),
    records: () =>
      runner.run(function* () {
        return (yield* rows(all)).map(recordOf)
      }),
    retire: (kid, now, by) => runner.change(TOPIC, () => retire(kid, now, by)),
  }
}

function* usable(): Work<StoredSealingKey[]> {
  return (yield* rows(all.where('retired_at', 'is', null))).map(keyOf)
}

function* ensure(key: StoredSealingKey): Work<StoredSealingKey[]> {
  // One that has only retired keys is damaged: it must not be taken for a new one.
  if ((yield* rows(all)).length === 0) yield* insert(key)
  return yield* usable()
}

function* insert({ kid, secret, createdAt, sealsFrom }: StoredSealingKey): Work<void> {
  const row = { kid, secret: secret.reveal(), created_at: createdAt, seals_from: sealsFrom, retired_at: null }
  yield* changed(tables.insertInto('sealing_keys').values(row))
}

function* retire(kid: string, now: number, by: Operator | undefined): Work<RetireOutcome> {
  const every = yield* rows(all)
  const row = every.find((one) => one.kid === kid)
  if (row === undefined) return 'unknown'
  if (row.retired_at !== null) return 'already'
  const left = every.filter(({ retired_at }) => retired_at === null)
  if (left.length === 1) return 'last'
  const others = left.filter((one) => one.kid !== kid)
  if (sealingOf(left, now)?.kid === kid && !others.some((one) => one.seals_from <= now)) return 'sealing'
  yield* changed(tables.updateTable('sealing_keys').set({ retired_at: now, secret: '' }).where('kid', '=', kid))
  yield* noteSealingEvent({ action: 'sealing-retired', key: kid, at: now }, by)
  return 'retired'
}

/** `rows`: the oldest one first. The newest one whose time has come, or the first where none has. */
function sealingOf(rows: readonly SealingKeyRow[], now: number): SealingKeyRow | undefined {
  return rows.findLast(({ seals_from }) => seals_from <= now) ?? rows[0]
}

function keyOf({ kid, secret, created_at, seals_from }: SealingKeyRow): StoredSealingKey {
  return { kid, secret: new Secret(secret), createdAt: created_at, sealsFrom: seals_from }
}

function recordOf({ kid, created_at, seals_from, retired_at }: SealingKeyRow): SealingKeyRecord {
  return { kid, createdAt: created_at, sealsFrom: seals_from, retiredAt: retired_at }
}
