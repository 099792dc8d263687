import { textsOf } from './json-texts.ts'
import type { SqliteFile } from './sqlite.ts'

/** Who changed a key, as their machine tells it; null where it does not. */
export interface Operator {
  readonly user: string | null
  readonly host: string | null
}

/** What happened to a key. It holds nothing of the key itself: no secret, hash or tag. Times are epoch milliseconds. */
export interface KeyEvent {
  /** Counts up in the order in which things happened. */
  readonly id: number
  readonly at: number
  /** `sealing-…`: of a key that seals ids, which has no owner. */
  readonly action: 'created' | 'rotated' | 'revoked' | 'sealing-created' | 'sealing-retired'
  /** For `rotated`, the new key. */
  readonly key: string
  readonly owner: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly workspace: string | null
  readonly expiresAt: number | null
  /** For `rotated`, the old key, and when it ends. */
  readonly replaces: string | null
  readonly replacedUntil: number | null
  readonly by: Operator
}

/** An event that only this caller may audit now, until the claim is settled, given back or too old. */
export interface ClaimedEvent extends KeyEvent {
  readonly claimedAt: number
}

/** What happened to keys and is not audited yet. Everything throws when the store cannot be read or written. */
export interface KeyOutbox {
  /** The oldest event that is due; null when there is none, or another process has it. Nobody overtakes another. */
  claim(now: number): ClaimedEvent | null
  settle(event: ClaimedEvent, auditedAt: number): void
  giveBack(event: ClaimedEvent): void
}

/** Whoever has claimed an event and not settled it for so long is gone. Milliseconds. */
const CLAIM_MS = 60_000

interface EventRow {
  readonly id: number
  readonly at: number
  readonly action: KeyEvent['action']
  readonly key_id: string
  readonly owner: string
  readonly roles: string
  readonly groups: string
  readonly workspace: string | null
  readonly expires_at: number | null
  readonly replaces: string | null
  readonly replaced_until: number | null
  readonly by_user: string | null
  readonly by_host: string | null
}

export type NoteKeyEvent = (event: Pick<KeyEvent, 'action' | 'key' | 'at'>, by: Operator | undefined) => void

/**
 * Notes what the transaction that is open on the connection does to a key: both or neither. The rows stay when they are
 * audited; there are about as many as keys.
 */
export function keyEventNotes(database: SqliteFile): NoteKeyEvent {
  const insert = database.prepare<[Pick<KeyEvent, 'action' | 'key' | 'at'> & Operator]>(
    `INSERT INTO key_events
       (at, action, key_id, owner, roles, groups, workspace, expires_at, replaces, replaced_until, by_user, by_host)
     SELECT :at, :action, one.id, one.owner, one.roles, one.groups, one.workspace, one.expires_at,
       old.id, coalesce(old.revoked_at, old.expires_at), :user, :host
     FROM api_keys AS one LEFT JOIN api_keys AS old ON :action = 'rotated' AND old.id = one.rotated_from
     WHERE one.id = :key`,
  )
  return ({ action, key, at }, by) => {
    const row = { action, key, at, user: by?.user ?? null, host: by?.host ?? null }
    // INVARIANT: without a transaction the change would stand even when this fails.
    if (!database.inTransaction) throw new Error('an event of a key belongs in the transaction that changes it')
    if (insert.run(row).changes !== 1) throw new Error('a key was changed that is not there')
  }
}

/** The same for a key that seals ids, which has neither owner nor grants. */
export function sealingEventNotes(database: SqliteFile): NoteKeyEvent {
  const insert = database.prepare<[Pick<KeyEvent, 'action' | 'key' | 'at'> & Operator]>(
    `INSERT INTO key_events (at, action, key_id, owner, roles, groups, by_user, by_host)
     VALUES (:at, :action, :key, '', '[]', '[]', :user, :host)`,
  )
  return ({ action, key, at }, by) => {
    // INVARIANT: without a transaction the change would stand even when this fails.
    if (!database.inTransaction) throw new Error('an event of a key belongs in the transaction that changes it')
    insert.run({ action, key, at, user: by?.user ?? null, host: by?.host ?? null })
  }
}

/** Synchronous: what a request reads of the store at the same time never falls into an open transaction. */
export function keyOutbox(database: SqliteFile): KeyOutbox {
  // A claim from the future was made before the clock was set back.
  const isFree = '(claimed_at IS NULL OR claimed_at NOT BETWEEN :now - :claimMs AND :now + :claimMs)'
  // Read first: a write would wait for others, and make them wait, although there is nearly always nothing to do.
  const due = database.prepare<[Moment], EventRow>(
    `SELECT * FROM key_events WHERE id = (SELECT min(id) FROM key_events WHERE audited_at IS NULL) AND ${isFree}`,
  )
  const claim = database.prepare<[Moment & { id: number }]>(
    `UPDATE key_events SET claimed_at = :now WHERE id = :id AND audited_at IS NULL AND ${isFree}`,
  )
  const settle = database.prepare<[number, number, number]>(
    'UPDATE key_events SET audited_at = ? WHERE id = ? AND claimed_at = ?',
  )
  const giveBack = database.prepare<[number, number]>(
    'UPDATE key_events SET claimed_at = NULL WHERE id = ? AND claimed_at = ? AND audited_at IS NULL',
  )
  return {
    claim: (now) => {
      const moment = { now, claimMs: CLAIM_MS }
      const row = due.get(moment)
      if (row === undefined) return null
      const event = { ...eventOf(row), claimedAt: now }
      return claim.run({ ...moment, id: row.id }).changes === 1 ? event : null
    },
    settle: (event, auditedAt) => void settle.run(auditedAt, event.id, event.claimedAt),
    giveBack: (event) => void giveBack.run(event.id, event.claimedAt),
  }
}

interface Moment {
  readonly now: number
  readonly claimMs: number
}

function eventOf(row: EventRow): KeyEvent {
  return {
    id: row.id,
    at: row.at,
    action: row.action,
    key: row.key_id,
    owner: row.owner,
    roles: textsOf(row.roles),
    groups: textsOf(row.groups),
    workspace: row.workspace,
    expiresAt: row.expires_at,
    replaces: row.replaces,
    replacedUntil: row.replaced_until,
    by: { user: row.by_user, host: row.by_host },
  }
}
