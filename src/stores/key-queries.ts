import { type Generated, Kysely, SqliteDialect, sql } from 'kysely'
import type { KeyReader, StoredKey } from '../model/ports.ts'
import { textsOf } from './json-texts.ts'
import { type KeyOutbox, keyEventNotes, keyOutbox, type Operator } from './key-events.ts'
import type { SqliteFile } from './sqlite.ts'

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

/**
 * API keys in the store. Each change and its event for the audit are written in one transaction; `by` is who asked for it.
 * Everything throws when the store cannot be read or written.
 */
export interface KeyQueries extends Pick<KeyReader, 'find'> {
  /** Notes when keys were last used, all in one transaction; a time only moves forward. */
  used(lastUses: Iterable<readonly [id: string, at: number]>): void
  readonly outbox: KeyOutbox
  create(key: StoredKey, by?: Operator): Promise<void>
  /** Oldest first. */
  list(): Promise<StoredKey[]>
  revoke(id: string, at: number, by?: Operator): Promise<RevokeOutcome>
  /**
   * Puts `next` beside the key `id` and ends that one at `endsAt`, both or neither. False, and nothing is changed, when the
   * old key is unknown, revoked, replaced before or over by `now`.
   */
  replace(id: string, next: StoredKey, endsAt: number, now: number, by?: Operator): Promise<boolean>
}

/** The statements of one open file. */
export function keyQueries(database: SqliteFile): KeyQueries {
  const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  // Prepared, and synchronous: this read stands on the path of requests.
  const find = database.prepare<[string], KeyRow>('SELECT * FROM api_keys WHERE id = ?')
  const touch = database.prepare<[number, string, number]>(
    'UPDATE api_keys SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?',
  )
  const used = database.transaction((lastUses: Iterable<readonly [string, number]>) => {
    for (const [id, at] of lastUses) touch.run(at, id, at)
  })
  const note = keyEventNotes(database)
  return {
    find: (id) => {
      const row = find.get(id)
      return row && keyOf(row)
    },
    used: (lastUses) => used.immediate(lastUses),
    outbox: keyOutbox(database),
    create: (key, by) =>
      queries.transaction().execute(async (transaction) => {
        await transaction.insertInto('api_keys').values(rowOf(key)).execute()
        note({ action: 'created', key: key.id, at: key.createdAt }, by)
      }),
    list: async () => {
      const rows = await queries.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').execute()
      return rows.map(keyOf)
    },
    revoke: (id, at, by) =>
      queries.transaction().execute(async (transaction) => {
        const result = await transaction
          .updateTable('api_keys')
          .set({ revoked_at: at })
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .executeTakeFirst()
        if (result.numUpdatedRows === 0n) return find.get(id) === undefined ? 'unknown' : 'already'
        note({ action: 'revoked', key: id, at }, by)
        return 'revoked'
      }),
    replace: (id, next, endsAt, now, by) =>
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
        note({ action: 'rotated', key: next.id, at: now }, by)
        return true
      }),
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
