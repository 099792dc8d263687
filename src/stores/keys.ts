import { failed, ok, type Result } from '../model/result.ts'
import { type KeyQueries, keyQueries } from './key-queries.ts'
import { type OpenSqlite, openReplacement, openSqlite, type SqliteOptions } from './sqlite.ts'

export type { ClaimedEvent, Operator } from './key-events.ts'

export interface KeyStore extends KeyQueries {
  /**
   * Goes over to the file that stands under the store's name now, if it is another one than before. The failure is for
   * people; what is in the way may be gone when it is asked again. Not while a change is being written.
   */
  followFile(): Result<'same' | 'replaced', string>
  close(): void
}

/** Opens the key store of the file. The failure says what to do, for people. */
export function openKeyStore(file: string, options?: SqliteOptions): Result<KeyStore, string> {
  const opened = openSqlite(file, options)
  if (!opened.ok) return opened
  const queries = prepare(file, opened.value)
  return queries.ok ? ok(keyStore(file, opened.value, queries.value, options)) : queries
}

/** Closes a file that says it is a store and has not its tables. */
function prepare(file: string, { database }: OpenSqlite): Result<KeyQueries, string> {
  try {
    return ok(keyQueries(database))
  } catch {
    database.close()
    return failed(`the store \`${file}\` lacks a table: restore it from a backup, or name another file under \`store\``)
  }
}

function keyStore(file: string, opened: OpenSqlite, first: KeyQueries, options: SqliteOptions | undefined): KeyStore {
  let open = opened
  let queries = first
  return {
    // Once the file is closed, everything throws.
    outbox: {
      claim: (now) => queries.outbox.claim(now),
      settle: (event, auditedAt) => queries.outbox.settle(event, auditedAt),
      giveBack: (event) => queries.outbox.giveBack(event),
    },
    find: (id) => queries.find(id),
    touch: (id, usedAt) => queries.touch(id, usedAt),
    create: (key, by) => queries.create(key, by),
    list: () => queries.list(),
    revoke: (id, at, by) => queries.revoke(id, at, by),
    replace: (id, next, endsAt, now, by) => queries.replace(id, next, endsAt, now, by),
    followFile: () => {
      const next = openReplacement(open, file, options)
      if (!next.ok) return next
      if (next.value === null) return ok('same')
      open = next.value
      const prepared = prepare(file, open)
      if (!prepared.ok) return prepared
      queries = prepared.value
      return ok('replaced')
    },
    close: () => open.database.close(),
  }
}
