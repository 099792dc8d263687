import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { failed, ok, type Result } from '../model/result.ts'
import { MIGRATIONS, NEWEST } from './migrations.ts'
import { storeReason } from './store-reason.ts'

export type SqliteFile = Database.Database

export interface SqliteOptions {
  /**
   * How long a write waits for another process's, holding this one up; readers never wait. Milliseconds: not at all, the
   * default, where requests are served.
   */
  readonly busyMs?: number
}

/** A database, and which file stood under its name when it was opened: device and inode. */
export interface OpenSqlite {
  readonly database: SqliteFile
  readonly identity: string
}

/** Two processes that start at once take turns at the tables. Milliseconds. */
const OPEN_BUSY_MS = 250

/**
 * Opens the store's file, made where it is missing (mode 0600, its folder 0700), and brings its tables up to date. Several
 * processes may have it open. The failure says what to do, for people: a file of a newer version or of something else is
 * never touched.
 */
export function openSqlite(file: string, { busyMs = 0 }: SqliteOptions = {}): Result<OpenSqlite, string> {
  let database: SqliteFile | null = null
  try {
    // Known before it is opened: should it be replaced in between, then that is noticed.
    const identity = makePrivate(file)
    database = new Database(file, { timeout: Math.max(OPEN_BUSY_MS, busyMs), fileMustExist: true })
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    database.pragma('trusted_schema = OFF')
    // What is deleted is overwritten: a sealing key that is retired must not be found in the file.
    database.pragma('secure_delete = ON')
    const newer = migrate(database)
    if (newer === null) {
      database.pragma(`busy_timeout = ${busyMs}`)
      return ok({ database, identity })
    }
    database.close()
    return failed(
      `the store \`${file}\` has version ${newer} and this Sallyport knows ${NEWEST} at most: use the Sallyport that wrote it, or a newer one`,
    )
  } catch (cause) {
    database?.close()
    return failed(`the store \`${file}\` ${storeReason(cause)}`)
  }
}

/** What stands under the store's name now, beside what was opened. */
export function standing({ identity }: OpenSqlite, file: string): 'same' | 'gone' | 'replaced' {
  const present = statSync(file, { throwIfNoEntry: false, bigint: true })
  if (present === undefined) return 'gone'
  return identityOf(present) === identity ? 'same' : 'replaced'
}

/**
 * Closes a file that another one has taken the place of. Its log still stands beside the other one, which SQLite would
 * bring it into: it is emptied into the file that it belongs to. A plain close does not do so for a file that was moved.
 */
export function letGo({ database }: OpenSqlite): void {
  try {
    database.pragma('wal_checkpoint(TRUNCATE)')
  } catch {
    // It is as whole as it can be.
  } finally {
    database.close()
  }
}

/** Nobody but the owner may read hashes. What SQLite puts beside the file takes its mode. Answers its identity. */
function makePrivate(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const handle = openSync(file, 'a', 0o600)
  try {
    const present = fstatSync(handle, { bigint: true })
    if ((present.mode & 0o077n) !== 0n) fchmodSync(handle, 0o600)
    return identityOf(present)
  } finally {
    closeSync(handle)
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`
}

/** Null when the tables are up to date now; else the version that this program does not know. */
function migrate(database: SqliteFile): number | null {
  const steps = database.transaction((): number | null => {
    database.exec('CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER) STRICT')
    const newest = database.prepare<[], { version: number | null }>(
      'SELECT max(version) AS version FROM schema_versions',
    )
    const present = newest.get()?.version ?? 0
    if (present > NEWEST) return present
    const add = database.prepare("INSERT INTO schema_versions VALUES (?, unixepoch('subsec') * 1000)")
    for (const [index, step] of MIGRATIONS.entries()) {
      if (index < present) continue
      database.exec(step)
      add.run(index + 1)
    }
    return null
  })
  // Immediate: two processes that start at once take turns instead of both making the tables.
  return steps.immediate()
}
