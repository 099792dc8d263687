import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { failed, ok, type Result } from '../model/result.ts'

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

/** One step from a version of the tables to the next. Never edited once released: a change is another step. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE api_keys (
     id TEXT NOT NULL PRIMARY KEY,
     owner TEXT NOT NULL,
     roles TEXT NOT NULL,
     groups TEXT NOT NULL,
     workspace TEXT,
     hash TEXT NOT NULL,
     tag TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     expires_at INTEGER,
     revoked_at INTEGER,
     rotated_from TEXT,
     last_used_at INTEGER
   ) STRICT`,
  `CREATE TABLE key_events (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     action TEXT NOT NULL CHECK (action IN ('created', 'rotated', 'revoked')),
     key_id TEXT NOT NULL,
     owner TEXT NOT NULL,
     roles TEXT NOT NULL,
     groups TEXT NOT NULL,
     workspace TEXT,
     expires_at INTEGER,
     replaces TEXT,
     replaced_until INTEGER,
     by_user TEXT,
     by_host TEXT,
     claimed_at INTEGER,
     audited_at INTEGER
   ) STRICT;
   CREATE INDEX key_events_due ON key_events (id) WHERE audited_at IS NULL`,
  `CREATE TABLE sealing_keys (
     kid TEXT NOT NULL PRIMARY KEY,
     secret TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     seals_from INTEGER NOT NULL,
     retired_at INTEGER
   ) STRICT`,
  // Events of sealing keys, too: SQLite changes a check in another table alone.
  `ALTER TABLE key_events RENAME TO key_events_before;
   CREATE TABLE key_events (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     action TEXT NOT NULL CHECK (action IN ('created', 'rotated', 'revoked', 'sealing-created', 'sealing-retired')),
     key_id TEXT NOT NULL,
     owner TEXT NOT NULL,
     roles TEXT NOT NULL,
     groups TEXT NOT NULL,
     workspace TEXT,
     expires_at INTEGER,
     replaces TEXT,
     replaced_until INTEGER,
     by_user TEXT,
     by_host TEXT,
     claimed_at INTEGER,
     audited_at INTEGER
   ) STRICT;
   INSERT INTO key_events SELECT * FROM key_events_before;
   DROP TABLE key_events_before;
   CREATE INDEX key_events_due ON key_events (id) WHERE audited_at IS NULL`,
]

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
      `the store \`${file}\` has version ${newer} and this Sallyport knows ${MIGRATIONS.length} at most: use the Sallyport that wrote it, or a newer one`,
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
    if (present > MIGRATIONS.length) return present
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

/** Why a store cannot be used and what to do, for people, after its name; never anything of what is in it. */
export function storeReason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return 'is damaged or is no SQLite file: restore it from a backup, or name another file under `store`'
  }
  if (code.startsWith('SQLITE_BUSY')) return 'is held by another process: try again'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code.startsWith('SQLITE_READONLY')) {
    return 'cannot be written by this user: change its permissions'
  }
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'SQLITE_CANTOPEN') {
    return 'cannot be opened: `store` must name a file in a folder'
  }
  if (code === 'ENOSPC' || code === 'SQLITE_FULL') return 'cannot be written: the disk is full'
  return `cannot be used (${code || 'unknown reason'})`
}
