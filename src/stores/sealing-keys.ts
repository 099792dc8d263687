import type { StoredSealingKey } from '../model/sealing.ts'
import { Secret } from '../model/secret.ts'
import { type Operator, sealingEventNotes } from './key-events.ts'
import type { SqliteFile } from './sqlite.ts'

/** What is told of a key to people: never its bytes. Times are epoch milliseconds. */
export interface SealingKeyRecord extends Omit<StoredSealingKey, 'secret'> {
  readonly retiredAt: number | null
}

export type RetireOutcome = 'retired' | 'already' | 'unknown' | 'last' | 'sealing'

/**
 * The keys that seal the ids of stored objects. What an operator does to one and its event for the audit are written in one
 * transaction; `by` is who asked for it. Synchronous; everything throws when the store cannot be read or written.
 */
export interface SealingKeyQueries {
  /** Those that are not retired. */
  usable(): StoredSealingKey[]
  /** The first key, where the store has none yet: of several processes that start at once one makes it. */
  ensure(key: StoredSealingKey): StoredSealingKey[]
  add(key: StoredSealingKey, by?: Operator): void
  /** All of them, oldest first. */
  records(): SealingKeyRecord[]
  /**
   * Takes a key out of use for good: its bytes are gone, and no id that it sealed opens any more. Not the last one that is
   * left: then nothing could be sealed. Nor the one that seals (`sealing`) while every other one waits for its time: other
   * processes may not know what would seal then.
   */
  retire(kid: string, now: number, by?: Operator): RetireOutcome
}

interface Row {
  readonly kid: string
  /** Empty once the key is retired. */
  readonly secret: string
  readonly created_at: number
  readonly seals_from: number
  readonly retired_at: number | null
}

/** The statements of one open file. */
export function sealingKeyQueries(database: SqliteFile): SealingKeyQueries {
  const usable = database.prepare<[], Row>(
    'SELECT * FROM sealing_keys WHERE retired_at IS NULL ORDER BY created_at, seals_from, kid',
  )
  const all = database.prepare<[], Row>('SELECT * FROM sealing_keys ORDER BY created_at, seals_from, kid')
  const columns = '(kid, secret, created_at, seals_from)'
  const values = ':kid, :secret, :created_at, :seals_from'
  const insert = database.prepare<[Omit<Row, 'retired_at'>]>(`INSERT INTO sealing_keys ${columns} VALUES (${values})`)
  const insertFirst = database.prepare<[Omit<Row, 'retired_at'>]>(
    `INSERT INTO sealing_keys ${columns} SELECT ${values} WHERE NOT EXISTS (SELECT 1 FROM sealing_keys)`,
  )
  const retire = database.prepare<[number, string]>(
    "UPDATE sealing_keys SET retired_at = ?, secret = '' WHERE kid = ? AND retired_at IS NULL",
  )
  const keys = () => usable.all().map(keyOf)
  const note = sealingEventNotes(database)
  const added = database.transaction((key: StoredSealingKey, by: Operator | undefined) => {
    insert.run(rowOf(key))
    note({ action: 'sealing-created', key: key.kid, at: key.createdAt }, by)
  })
  const retired = database.transaction((kid: string, now: number, by: Operator | undefined): RetireOutcome => {
    const row = all.all().find((one) => one.kid === kid)
    if (row === undefined) return 'unknown'
    if (row.retired_at !== null) return 'already'
    const left = usable.all()
    if (left.length === 1) return 'last'
    const others = left.filter((one) => one.kid !== kid)
    if (sealingOf(left, now)?.kid === kid && !others.some((one) => one.seals_from <= now)) return 'sealing'
    retire.run(now, kid)
    note({ action: 'sealing-retired', key: kid, at: now }, by)
    return 'retired'
  })
  return {
    usable: keys,
    ensure: (key) => {
      const present = keys()
      if (present.length > 0) return present
      insertFirst.run(rowOf(key))
      return keys()
    },
    add: (key, by) => added.immediate(key, by),
    records: () => all.all().map(recordOf),
    retire: (kid, now, by) => retired.immediate(kid, now, by),
  }
}

/** `rows`: the oldest one first. The newest one whose time has come, or the first where none has. */
function sealingOf(rows: readonly Row[], now: number): Row | undefined {
  return rows.findLast(({ seals_from }) => seals_from <= now) ?? rows[0]
}

function rowOf({ kid, secret, createdAt, sealsFrom }: StoredSealingKey): Omit<Row, 'retired_at'> {
  return { kid, secret: secret.reveal(), created_at: createdAt, seals_from: sealsFrom }
}

function keyOf({ kid, secret, created_at, seals_from }: Row): StoredSealingKey {
  return { kid, secret: new Secret(secret), createdAt: created_at, sealsFrom: seals_from }
}

function recordOf({ kid, created_at, seals_from, retired_at }: Row): SealingKeyRecord {
  return { kid, createdAt: created_at, sealsFrom: seals_from, retiredAt: retired_at }
}
