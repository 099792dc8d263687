import type { KeyReader } from '../model/ports.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { KeysUnusable } from '../model/sealing.ts'
import type { KeyQueries } from './key-queries.ts'
import { LastUses } from './last-uses.ts'
import { letGo, type OpenSqlite, openSqlite, type SqliteOptions, standing } from './sqlite.ts'
import { sqliteRunner } from './sqlite-runner.ts'
import { type StoreQueries, storeQueries } from './store-queries.ts'
import { TABLE_NAMES } from './tables.ts'
import type { Answer, Mode, Runner } from './work.ts'

/** Everything that is kept, and who reads it on the path of requests. */
export interface KeyStore<M extends Mode = Mode> extends StoreQueries<M>, KeyReader {
  find: KeyQueries<M>['find']
  /**
   * Null, or why the store is not to be used, for people: the file under its name is not the open one. What a command
   * does then would go into another file than this one, so that nothing is found here any more. A file that has been
   * replaced stays so until a restart: SQLite must not go on with the log of one file beside another.
   */
  fault(): string | null
  /** Writes the uses that were noted. Throws, or rejects, when the store is busy: then they stay noted. */
  writeUses(): Answer<M, void>
  close(): Answer<M, void>
}

/** Opens the store in the file. The failure says what to do, for people. */
export function openKeyStore(file: string, options?: SqliteOptions): Result<KeyStore<'sync'>, string> {
  const opened = openSqlite(file, options)
  if (!opened.ok) return opened
  const lacking = lackingTable(file, opened.value)
  return lacking === null ? ok(keyStore(file, opened.value)) : failed(lacking)
}

/** Closes a file that says it is a store and has not its tables. */
function lackingTable(file: string, { database }: OpenSqlite): string | null {
  try {
    for (const table of TABLE_NAMES) database.prepare(`SELECT 1 FROM ${table}`)
    return null
  } catch {
    database.close()
    return `the store \`${file}\` lacks a table: restore it from a backup, or name another file under \`store\``
  }
}

function keyStore(file: string, opened: OpenSqlite): KeyStore<'sync'> {
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
  const queries = storeQueries(checked(sqliteRunner(opened.database), check))
  return {
    ...queries,
    touch: (id, usedAt) => uses.note(id, usedAt),
    writeUses: () => void uses.write((batch) => queries.used(batch)),
    fault,
    close: () => opened.database.close(),
  }
}

/**
 * Reading and writing throw, too, where the file is not the open one: a command would find nothing of it, and ids would be
 * sealed with keys that nobody else has.
 */
function checked(runner: Runner<'sync'>, check: () => void): Runner<'sync'> {
  return {
    run: (work) => {
      check()
      return runner.run(work)
    },
    change: (topic, work) => {
      check()
      return runner.change(topic, work)
    },
    findOrChange: (topic, find, work) => {
      check()
      return runner.findOrChange(topic, find, work)
    },
  }
}
