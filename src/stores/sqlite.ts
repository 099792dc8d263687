import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
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

/** A database, and which files stood under its names when it was opened: device and inode. */
export interface OpenSqlite {
  readonly database: SqliteFile
  readonly identity: string
  /** Of what SQLite puts beside it, by suffix. */
  readonly beside: ReadonlyMap<string, string | null>
}

const BESIDE = ['-wal', '-shm']

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
]

/**
 * Opens the store's file, made where it is missing (mode 0600, its folder 0700), and brings its tables up to date. Several
 * processes may have it open. The failure says what to do, for people: a file of a newer version or of something else is
 * never touched.
 */
export function openSqlite(file: string, options: SqliteOptions = {}): Result<OpenSqlite, string> {
  return open(file, options, 'a')
}

/**
 * Opens the file that has taken the place of the open one (`mv`, a restored backup); null while none has. The failure says
 * what is wrong with what stands there now. Where nothing stands, or an empty file, the old one stays open: somebody is at
 * it. Otherwise it is closed, for what stands there is the store, and asking again opens it once it is mended.
 *
 * What SQLite has put beside the old file is still there under the new one's name, and SQLite would take the old log for
 * the new file's: it is emptied into the old file and removed before the new one is opened.
 */
export function openReplacement(
  { database, identity, beside }: OpenSqlite,
  file: string,
  options?: SqliteOptions,
): Result<OpenSqlite | null, string> {
  try {
    const present = statSync(file, { throwIfNoEntry: false, bigint: true })
    if (present === undefined)
      return failed(`the store \`${file}\` is gone: put it back, or restart to begin a new one`)
    if (database.open) {
      if (identityOf(present) === identity) return ok(null)
      if (present.size === 0n) return failed(`the store \`${file}\` is an empty file now: put a store there`)
      emptyLog(database)
      for (const [suffix, own] of beside) {
        if (own !== null && identityAt(file + suffix) === own) rmSync(file + suffix, { force: true })
      }
      database.close()
    }
  } catch (cause) {
    return failed(`the store \`${file}\` ${reasonOf(cause)}`)
  }
  return open(file, options, 'r+')
}

/** Brings what the log holds into the file; a damaged file may be why it was replaced. */
function emptyLog(database: SqliteFile): void {
  try {
    database.pragma('wal_checkpoint(TRUNCATE)')
  } catch {
    // It is as whole as it can be.
  }
}

function open(file: string, { busyMs = 250 }: SqliteOptions = {}, mode: 'a' | 'r+'): Result<OpenSqlite, string> {
  let database: SqliteFile | null = null
  try {
    // Known before it is opened: should it be replaced in between, then it is only opened once more.
    const identity = makePrivate(file, mode)
    database = new Database(file, { timeout: busyMs, fileMustExist: true })
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    database.pragma('trusted_schema = OFF')
    const newer = migrate(database)
    if (newer === null) {
      const beside = new Map(BESIDE.map((suffix) => [suffix, identityAt(file + suffix)]))
      return ok({ database, identity, beside })
    }
    database.close()
    return failed(
      `the store \`${file}\` has version ${newer} and this Sallyport knows ${MIGRATIONS.length} at most: use the Sallyport that wrote it, or a newer one`,
    )
  } catch (cause) {
    database?.close()
    return failed(`the store \`${file}\` ${reasonOf(cause)}`)
  }
}

/** Nobody but the owner may read hashes. What SQLite puts beside the file takes its mode. Answers its identity. */
function makePrivate(file: string, mode: 'a' | 'r+'): string {
  if (mode === 'a') mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const handle = openSync(file, mode, 0o600)
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

function identityAt(file: string): string | null {
  const present = statSync(file, { throwIfNoEntry: false, bigint: true })
  return present === undefined ? null : identityOf(present)
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
