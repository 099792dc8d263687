import type { KeyReader } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { KeysUnusable } from '../model/sealing.ts'
import { type KeyQueries, keyQueries } from './key-queries.ts'
import { LastUses } from './last-uses.ts'
import { type SealingKeyQueries, sealingKeyQueries } from './sealing-keys.ts'
import { letGo, type OpenSqlite, openSqlite, type SqliteOptions, standing } from './sqlite.ts'

export type { ClaimedEvent, Operator } from './key-events.ts'

export interface KeyStore extends KeyQueries, KeyReader {
  /** Reading them throws, too, where the file is not the open one: ids would be sealed with keys that nobody else has. */
  readonly sealing: SealingKeyQueries
  /**
   * Null, or why the store is not to be used, for people: the file under its name is not the open one. What a command
   * does then would go into another file than this one, so that nothing is found here any more. A file that has been
   * replaced stays so until a restart: SQLite must not go on with the log of one file beside another.
   */
  fault(): string | null
  /** Writes the uses that were noted. Throws when the store is busy: then they stay noted. */
  writeUses(): void
  close(): void
}

/** Opens the key store of the file. The failure says what to do, for people. */
export function openKeyStore(file: string, options?: SqliteOptions): Result<KeyStore, string> {
  const opened = openSqlite(file, options)
  if (!opened.ok) return opened
  const queries = prepare(file, opened.value)
  return queries.ok ? ok(keyStore(file, opened.value, queries.value)) : queries
}

type Queries = KeyQueries & Pick<KeyStore, 'sealing'>

/** Closes a file that says it is a store and has not its tables. */
function prepare(file: string, { database }: OpenSqlite): Result<Queries, string> {
  try {
    return ok({ ...keyQueries(database), sealing: sealingKeyQueries(database) })
  } catch {
    database.close()
    return failed(`the store \`${file}\` lacks a table: restore it from a backup, or name another file under \`store\``)
  }
}

function keyStore(file: string, opened: OpenSqlite, queries: Queries): KeyStore {
  const uses = new LastUses()
  let isReplaced = false
  const fault = () => {
    const now = isReplaced ? 'replaced' : standing(opened, file)
    if (now === 'same') return null
    if (now === 'gone') return `the store \`${file}\` is gone: put it back, or restart to begin a new one`
    if (!isReplaced) letGo(opened)
    isReplaced = true
    return `the store \`${file}\` has been replaced: restart to use what stands there now`
  }
  const check = () => {
    const why = fault()
    if (why !== null) throw new KeysUnusable(why)
  }
  const { sealing } = queries
  return {
    ...queries,
    sealing: {
      ...sealing,
      usable: () => {
        check()
        return sealing.usable()
      },
      ensure: (key) => {
        check()
        return sealing.ensure(key)
      },
    },
    find: (id) => {
      check()
      return queries.find(id)
    },
    touch: (id, usedAt) => uses.note(id, usedAt),
    writeUses: () => uses.write((batch) => queries.used(batch)),
    fault,
    close: () => opened.database.close(),
  }
}
