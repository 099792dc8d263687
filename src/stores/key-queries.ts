import type { StoredKey } from '../model/ports.ts'
import { textsOf } from './json-texts.ts'
import { type KeyOutbox, keyOutbox, noteKeyEvent } from './key-events.ts'
import type { Operator } from './outbox.ts'
import { prepared, tables } from './queries.ts'
import type { KeyRow } from './tables.ts'
import { type Answer, changed, changeLater, first, type Mode, type Runner, readLater, rows, type Work } from './work.ts'

export type RevokeOutcome = 'revoked' | 'already' | 'unknown'

/**
 * API keys in the store. Each change and its event for the audit are written in one transaction; `by` is who asked for it.
 * Everything throws, or rejects, when the store cannot be read or written.
 */
export interface KeyQueries<M extends Mode> {
  find(id: string): Answer<M, StoredKey | undefined>
  /** Notes when keys were last used, all in one transaction; a time only moves forward. */
  used(lastUses: Iterable<readonly [id: string, at: number]>): Answer<M, void>
  readonly outbox: KeyOutbox<M>
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

// This read stands on the path of requests.
const byId = prepared<[string], KeyRow>(tables.selectFrom('api_keys').selectAll().where('id', '=', ''))

export function keyQueries<M extends Mode>(runner: Runner<M>): KeyQueries<M> {
  return {
    find: (id) => runner.run(() => find(id)),
    used: (lastUses) => runner.change('uses', () => used(lastUses)),
    outbox: keyOutbox(runner),
    create: (key, by) =>
      changeLater(runner, 'keys', function* () {
        yield* changed(tables.insertInto('api_keys').values(rowOf(key)))
        yield* noteKeyEvent({ action: 'created', key: key.id, at: key.createdAt }, by)
      }),
    list: () =>
      readLater(runner, function* () {
        const every = yield* rows(tables.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id'))
        return every.map(keyOf)
      }),
    revoke: (id, at, by) => changeLater(runner, 'keys', () => revoke(id, at, by)),
    replace: (id, next, endsAt, now, by) => changeLater(runner, 'keys', () => replace(id, { next, endsAt, now }, by)),
  }
}

function* find(id: string): Work<StoredKey | undefined> {
  const row = yield* first(byId(id))
  return row && keyOf(row)
}

function* used(lastUses: Iterable<readonly [id: string, at: number]>): Work<void> {
  for (const [id, at] of lastUses) {
    yield* changed(
      tables
        .updateTable('api_keys')
        .set({ last_used_at: at })
        .where('id', '=', id)
        .where(({ eb, or }) => or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)])),
    )
  }
}

function* revoke(id: string, at: number, by: Operator | undefined): Work<RevokeOutcome> {
  const row = yield* first(byId(id))
  if (row === undefined) return 'unknown'
  if (row.revoked_at !== null) return 'already'
  yield* changed(tables.updateTable('api_keys').set({ revoked_at: at }).where('id', '=', id))
  yield* noteKeyEvent({ action: 'revoked', key: id, at }, by)
  return 'revoked'
}

interface Replacement {
  readonly next: StoredKey
  readonly endsAt: number
  readonly now: number
}

function* replace(id: string, { next, endsAt, now }: Replacement, by: Operator | undefined): Work<boolean> {
  const row = yield* first(byId(id))
  if (row === undefined || row.revoked_at !== null) return false
  if (row.expires_at !== null && row.expires_at <= now) return false
  const successor = tables.selectFrom('api_keys').select('id').where('rotated_from', '=', id)
  if ((yield* first(successor)) !== undefined) return false
  const end =
    endsAt <= now ? { revoked_at: now } : { expires_at: Math.min(row.expires_at ?? Number.POSITIVE_INFINITY, endsAt) }
  yield* changed(tables.updateTable('api_keys').set(end).where('id', '=', id))
  yield* changed(tables.insertInto('api_keys').values(rowOf(next)))
  yield* noteKeyEvent({ action: 'rotated', key: next.id, at: now }, by)
  return true
}

function rowOf(key: StoredKey): KeyRow {
  return {
    id: key.id,
    owner: key.owner,
    roles: JSON.stringify(key.roles),
    groups: JSON.stringify(key.groups),
    workspace: key.workspace,
    networks: JSON.stringify(key.networks),
    models: JSON.stringify(key.models),
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
    networks: textsOf(row.networks),
    models: textsOf(row.models),
    hash: row.hash,
    tag: row.tag,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    rotatedFrom: row.rotated_from,
    lastUsedAt: row.last_used_at,
  }
}
