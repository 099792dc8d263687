import { type Generated, Kysely, SqliteDialect, sql } from 'kysely'
import type { KeyReader, StoredKey } from '../model/ports.ts'
import { ok, type Result } from '../model/result.ts'
import { openSqlite, type SqliteFile, type SqliteOptions } from './sqlite.ts'

interface KeyRow {
  readonly id: string
  readonly owner: string
  /** JSON lists of strings. */
  readonly roles: string
  readonly groups: string
  readonly workspace: string | null
  readonly hash: string
  readonly tag: string
  readonly created_at: number
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly rotated_from: string | null
  readonly last_used_at: number | null
}

interface Tables {
  readonly api_keys: KeyRow
  readonly schema_versions: { readonly version: Generated<number>; readonly applied_at: number }
}

export type RevokeOutcome = 'revoked' | 'already' | 'unknown'

/** API keys in the store. Everything throws when the store cannot be read or written. */
export interface KeyStore extends KeyReader {
  create(key: StoredKey): Promise<void>
  /** Oldest first. */
  list(): Promise<StoredKey[]>
  revoke(id: string, at: number): Promise<RevokeOutcome>
  /**
   * Puts `next` beside the key `id` and ends that one at `endsAt`, both or neither. False, and nothing is changed, when the
   * old key is unknown, revoked, replaced before or over by `now`.
   */
  replace(id: string, next: StoredKey, endsAt: number, now: number): Promise<boolean>
  close(): void
}

/** Opens the key store of the file. The failure says what to do, for people. */
export function openKeyStore(file: string, options?: SqliteOptions): Result<KeyStore, string> {
  const opened = openSqlite(file, options)
  return opened.ok ? ok(keyStore(opened.value)) : opened
}

function keyStore(database: SqliteFile): KeyStore {
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  // Prepared, and synchronous: this read stands on the path of requests.
  const find = database.prepare<[string], KeyRow>('SELECT * FROM api_keys WHERE id = ?')
  const touch = database.prepare<[number, string, number]>(
    'UPDATE api_keys SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?',
  )
  return {
    find: (id) => {
      const row = find.get(id)
      return row && keyOf(row)
    },
    touch: (id, usedAt) => void touch.run(usedAt, id, usedAt),
    create: async (key) => {
      await queries.insertInto('api_keys').values(rowOf(key)).execute()
    },
    list: async () => {
      const rows = await queries.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').execute()
      return rows.map(keyOf)
    },
    revoke: async (id, at) => {
      const result = await queries
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirst()
      if (result.numUpdatedRows > 0n) return 'revoked'
      return find.get(id) === undefined ? 'unknown' : 'already'
    },
    replace: (id, next, endsAt, now) =>
      queries.transaction().execute(async (transaction) => {
        const ended = await transaction
          .updateTable('api_keys')
          .set(
            endsAt <= now
              ? { revoked_at: now }
              : { expires_at: sql<number>`min(coalesce(expires_at, ${endsAt}), ${endsAt})` },
          )
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .where(({ exists, not, selectFrom }) =>
            not(exists(selectFrom('api_keys as next').select('next.id').where('next.rotated_from', '=', id))),
          )
          .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
          .executeTakeFirst()
        if (ended.numUpdatedRows === 0n) return false
        await transaction.insertInto('api_keys').values(rowOf(next)).execute()
        return true
      }),
    close: () => database.close(),
  }
}

function rowOf(key: StoredKey): KeyRow {
  return {
    id: key.id,
    owner: key.owner,
    roles: JSON.stringify(key.roles),
    groups: JSON.stringify(key.groups),
    workspace: key.workspace,
    hash: key.hash,
    tag: key.tag,
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
    rotated_from: key.rotatedFrom,
    last_used_at: key.lastUsedAt,
  }
}

function keyOf(row: KeyRow): StoredKey {
  return {
    id: row.id,
    owner: row.owner,
    roles: textsOf(row.roles),
    groups: textsOf(row.groups),
    workspace: row.workspace,
    hash: row.hash,
    tag: row.tag,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    rotatedFrom: row.rotated_from,
    lastUsedAt: row.last_used_at,
  }
}

/** Throws on another form: a record that cannot be understood gives nobody anything. */
function textsOf(written: string): readonly string[] {
  const list: unknown = JSON.parse(written)
  if (!Array.isArray(list) || !list.every((text) => typeof text === 'string')) {
    throw new Error('a stored list is not a list of strings')
  }
  return list
}
