import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { failed, ok, type Result } from '../model/result.ts'
import { MIGRATIONS, NEWEST } from './migrations.ts'
import { storeReason } from './store-reason.ts'
import { TABLE_NAMES } from './tables.ts'

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

/** How the tables of a file stand, and what is broken in it. Nothing is changed. */
export interface SqliteState {
  /** 0 where there are no tables. */
  readonly version: number
  readonly problems: readonly string[]
}

/** Reads a file to its end, which takes as long as it is large. The failure is for people. */
export function readSqlite(file: string): Result<SqliteState, string> {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    return failed(`the store \`${file}\` is not there: \`sallyport store migrate\` makes it`)
  }
  return using(file, true, (database) => {
    const version = versionOf(database)
    return { version, problems: [...problemsOf(database), ...(version === NEWEST ? lacking(database) : [])] }
  })
}

/**
 * Copies the store as it is at one moment, while it is in use, to a file that is not there yet (mode 0600). Answers its
 * size in bytes; the failure is for people, and leaves no file.
 */
export async function backupSqlite(file: string, to: string): Promise<Result<number, string>> {
  try {
    closeSync(openSync(to, 'wx', 0o600))
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    return failed(`the backup \`${to}\` ${isThere ? 'is there already: name another file' : storeReason(cause)}`)
  }
  const copied = await copy(file, to)
  const state = copied.ok ? using(to, false, wholeAlone) : copied
  const broken = state.ok ? state.value[0] : state.fault
  if (broken === undefined) return ok(statSync(to).size)
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(to + suffix, { force: true })
  return failed(broken)
}

async function copy(file: string, to: string): Promise<Result<unknown, string>> {
  let database: SqliteFile | null = null
  try {
    database = new Database(file, { readonly: true, fileMustExist: true })
    return ok(await database.backup(to))
  } catch (cause) {
    return failed(`the store \`${file}\` ${storeReason(cause)}`)
  } finally {
    database?.close()
  }
}

/** A copy that needs no other file beside it. */
function wholeAlone(database: SqliteFile): string[] {
  database.pragma('journal_mode = DELETE')
  return problemsOf(database)
}

function using<T>(file: string, readonly: boolean, ask: (database: SqliteFile) => T): Result<T, string> {
  let database: SqliteFile | null = null
  try {
    database = new Database(file, { readonly, fileMustExist: true })
    return ok(ask(database))
  } catch (cause) {
    return failed(`the store \`${file}\` ${storeReason(cause)}`)
  } finally {
    database?.close()
  }
}

function problemsOf(database: SqliteFile): string[] {
  const found = database.pragma('integrity_check(10)') as readonly { readonly integrity_check: string }[]
  const strays = database.pragma('foreign_key_check') as readonly unknown[]
  const broken = found.map((row) => row.integrity_check).filter((says) => says !== 'ok')
  return [
    ...(broken.length > 0 ? ['the file is damaged: restore it from a backup'] : []),
    ...(strays.length > 0 ? ['rows speak of others that are not there: restore it from a backup'] : []),
  ]
}

function lacking(database: SqliteFile): string[] {
  const found = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()
  const missing = TABLE_NAMES.filter((name) => !found.includes(name))
  return missing.map((name) => `the table \`${name}\` is not there: restore the store from a backup`)
}

function versionOf(database: SqliteFile): number {
  const made = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_versions'").get()
  if (made === undefined) return 0
  const newest = database.prepare<[], { version: number | null }>('SELECT max(version) AS version FROM schema_versions')
  return newest.get()?.version ?? 0
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
    const present = versionOf(database)
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
