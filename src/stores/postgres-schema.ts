import { MIGRATIONS, NEWEST, postgresText } from './migrations.ts'
import type { Ask } from './postgres.ts'
import { PostgresFault } from './postgres-fault.ts'
import { TABLE_NAMES } from './tables.ts'

/** How the tables of a database stand. */
export interface PostgresState {
  /** Of the tables; 0 where there are none. */
  readonly version: number
  readonly isSuperuser: boolean
  /** `150004` is 15.4. */
  readonly server: number
  readonly isEncrypted: boolean
}

/** The oldest server that this is tested for: 13. */
const OLDEST_SERVER = 130_000
/** Locks of ours among those of one database. */
export const LOCK_SPACE = 0x53414c
const MIGRATION_LOCK = 0
/** Another process may be at it. Milliseconds. */
const MIGRATION_MS = 60_000

/** Says how the tables stand. Rejects for a server, or tables, that this program does not know. */
export async function postgresState(ask: Ask): Promise<PostgresState> {
  const { rows } = await ask(
    `SELECT current_setting('server_encoding') AS encoding, current_setting('server_version_num')::int AS server,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super,
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls,
       to_regclass('schema_versions') IS NOT NULL AS made`,
  )
  const [row] = rows as readonly {
    readonly encoding: string
    readonly server: number
    readonly super: boolean
    readonly tls: boolean
    readonly made: boolean
  }[]
  if (row === undefined) throw new PostgresFault('unknown', 'does not say what it is', false)
  if (row.encoding !== 'UTF8') {
    throw new PostgresFault('encoding', 'must have the encoding UTF8: create the database with it', false)
  }
  if (row.server < OLDEST_SERVER) throw new PostgresFault('too_old', 'must be PostgreSQL 13 or newer', false)
  const version = row.made ? await versionOf(ask) : 0
  if (version > NEWEST) {
    throw new PostgresFault(
      'newer',
      `has version ${version} and this Sallyport knows ${NEWEST} at most: use the Sallyport that wrote it, or a newer one`,
      false,
    )
  }
  return { version, isSuperuser: row.super, server: row.server, isEncrypted: row.tls }
}

/**
 * Brings the tables up to date, all steps or none; of several processes that start at once one does, and the others wait
 * for it. Answers the version that it found. A user that may only read and write can use tables that are up to date.
 */
export async function migratePostgres(ask: Ask): Promise<number> {
  const before = await postgresState(ask)
  if (before.version === NEWEST) return before.version
  await ask('BEGIN')
  await ask(`SET LOCAL lock_timeout = ${MIGRATION_MS}`)
  await ask(`SET LOCAL statement_timeout = ${MIGRATION_MS}`)
  const patient = 2 * MIGRATION_MS
  await ask('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_SPACE, MIGRATION_LOCK], patient)
  const { version } = await postgresState(ask)
  try {
    await ask('CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY, applied_at BIGINT)')
    for (const [index, step] of MIGRATIONS.entries()) {
      if (index < version) continue
      await ask(postgresText(step), [], patient)
      await ask('INSERT INTO schema_versions VALUES ($1, $2)', [index + 1, Date.now()])
    }
  } catch (cause) {
    throw cause instanceof PostgresFault && cause.code === '42501' ? notOwner(version) : cause
  }
  await ask('COMMIT')
  return version
}

/** Tables that are not there, or that this user may not both read and write. */
export async function unusableTables(ask: Ask): Promise<string[]> {
  const may = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map(
    (what) => `has_table_privilege(to_regclass(name), '${what}')`,
  )
  const { rows } = await ask(
    `SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL OR NOT (${may.join(' AND ')})`,
    [TABLE_NAMES],
  )
  return (rows as readonly { readonly name: string }[]).map(({ name }) => name)
}

async function versionOf(ask: Ask): Promise<number> {
  const { rows } = await ask('SELECT coalesce(max(version), 0)::int AS version FROM schema_versions')
  return (rows as readonly { readonly version: number }[])[0]?.version ?? 0
}

function notOwner(version: number): PostgresFault {
  return new PostgresFault(
    '42501',
    `has version ${version}, needs ${NEWEST}, and does not let this user change its tables: run \`sallyport store migrate\` as their owner`,
    false,
  )
}
