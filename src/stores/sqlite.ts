import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { failed, ok, type Result } from '../model/result.ts'

export type SqliteFile = Database.Database

export interface SqliteOptions {
  /**
   * How long a write waits for another process's, holding this one up; readers never wait. Milliseconds: little where
   * requests are served, more on a command line.
   */
  readonly busyMs?: number
}

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
]

/**
 * Opens the store's file, made where it is missing (mode 0600, its folder 0700), and brings its tables up to date. Several
 * processes may have it open. The failure says what to do, for people: a file of a newer version or of something else is
 * never touched.
 */
export function openSqlite(file: string, { busyMs = 250 }: SqliteOptions = {}): Result<SqliteFile, string> {
  let database: SqliteFile | null = null
  try {
    makePrivate(file)
    database = new Database(file, { timeout: busyMs })
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    database.pragma('trusted_schema = OFF')
    const newer = migrate(database)
    if (newer === null) return ok(database)
    database.close()
    return failed(
      `the store \`${file}\` has version ${newer} and this Sallyport knows ${MIGRATIONS.length} at most: use the Sallyport that wrote it, or a newer one`,
    )
  } catch (cause) {
    database?.close()
    return failed(`the store \`${file}\` ${reasonOf(cause)}`)
  }
}

/** Nobody but the owner may read hashes. What SQLite puts beside the file takes its mode. */
function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const handle = openSync(file, 'a', 0o600)
  try {
    if ((fstatSync(handle).mode & 0o077) !== 0) fchmodSync(handle, 0o600)
  } finally {
    closeSync(handle)
  }
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

function reasonOf(cause: unknown): string {
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
  return `cannot be opened (${code || 'unknown reason'})`
}
