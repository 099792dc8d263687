import type { Selectable } from 'kysely'
import { textsOf } from './json-texts.ts'
import { type Claimed, claimSpan, type Operator, type Outbox } from './outbox.ts'
import { tables } from './queries.ts'
import type { KeyEventRow } from './tables.ts'
import { changed, first, type Mode, type Runner, type Work } from './work.ts'

/** What happened to a key. It holds nothing of the key itself: no secret, hash or tag. Times are epoch milliseconds. */
export interface KeyEvent {
  /** Counts up in the order in which things happened. */
  readonly id: number
  readonly at: number
  /** `sealing-…`: of a key that seals ids, which has no owner. */
  readonly action: KeyEventRow['action']
  /** For `rotated`, the new key. */
  readonly key: string
  readonly owner: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly workspace: string | null
  readonly networks: readonly string[]
  readonly models: readonly string[]
  readonly expiresAt: number | null
  /** For `rotated`, the old key, and when it ends. */
  readonly replaces: string | null
  readonly replacedUntil: number | null
  readonly by: Operator
}

export type ClaimedEvent = Claimed<KeyEvent>
export type KeyOutbox<M extends Mode = Mode> = Outbox<M, KeyEvent>

type Happened = Pick<KeyEvent, 'action' | 'key' | 'at'>

const UNAUDITED = { claimed_at: null, audited_at: null }

/**
 * Notes what the same change does to a key: both or neither. The rows stay when they are audited; there are about as many
 * as keys. INVARIANT: only in a change of the topic `keys`, so that the events of a fleet stand in their order.
 */
export function* noteKeyEvent({ action, key, at }: Happened, by: Operator | undefined): Work<void> {
  const one = yield* first(tables.selectFrom('api_keys').selectAll().where('id', '=', key))
  if (one === undefined) throw new Error('a key was changed that is not there')
  const from = action === 'rotated' ? one.rotated_from : null
  const old = from === null ? undefined : yield* first(tables.selectFrom('api_keys').selectAll().where('id', '=', from))
  const { owner, roles, groups, workspace, networks, models, expires_at } = one
  const grant = { owner, roles, groups, workspace, networks, models, expires_at }
  const replaced = { replaces: old?.id ?? null, replaced_until: old?.revoked_at ?? old?.expires_at ?? null }
  const row = { at, action, key_id: key, ...grant, ...replaced, ...madeBy(by) }
  yield* changed(tables.insertInto('key_events').values({ ...row, ...UNAUDITED }))
}

/** The same for a key that seals ids, which has neither owner nor grants. */
export function* noteSealingEvent({ action, key, at }: Happened, by: Operator | undefined): Work<void> {
  const nobody = {
    owner: '',
    roles: '[]',
    groups: '[]',
    workspace: null,
    networks: '[]',
    models: '[]',
    expires_at: null,
  }
  const row = { at, action, key_id: key, ...nobody, replaces: null, replaced_until: null, ...madeBy(by) }
  yield* changed(tables.insertInto('key_events').values({ ...row, ...UNAUDITED }))
}

/** The columns of who has asked for it. */
export function madeBy(by: Operator | undefined) {
  return { by_user: by?.user ?? null, by_host: by?.host ?? null }
}

export function keyOutbox<M extends Mode>(runner: Runner<M>): KeyOutbox<M> {
  return {
    claim: (now) => runner.run(() => claim(now)),
    settle: (event, auditedAt) =>
      runner.run(function* () {
        yield* changed(claimed(event).set({ audited_at: auditedAt }))
      }),
    giveBack: (event) =>
      runner.run(function* () {
        yield* changed(claimed(event).set({ claimed_at: null }).where('audited_at', 'is', null))
      }),
  }
}

const claimed = ({ id, claimedAt }: ClaimedEvent) =>
  tables.updateTable('key_events').where('id', '=', id).where('claimed_at', '=', claimedAt)

function* claim(now: number): Work<ClaimedEvent | null> {
  // Read first: a write would wait for others, and make them wait, although there is nearly always nothing to do.
  const due = tables.selectFrom('key_events').selectAll().where('audited_at', 'is', null)
  const row = yield* first(due.orderBy('id').limit(1))
  const [from, until] = claimSpan(now)
  const taken = row?.claimed_at ?? null
  if (row === undefined || (taken !== null && taken >= from && taken <= until)) return null
  const take = tables.updateTable('key_events').set({ claimed_at: now }).where('id', '=', row.id)
  const isStill = take.where('audited_at', 'is', null)
  const own = yield* changed(
    taken === null ? isStill.where('claimed_at', 'is', null) : isStill.where('claimed_at', '=', taken),
  )
  return own === 1 ? { ...eventOf(row), claimedAt: now } : null
}

function eventOf(row: Selectable<KeyEventRow>): KeyEvent {
  return {
    id: row.id,
    at: row.at,
    action: row.action,
    key: row.key_id,
    owner: row.owner,
    roles: textsOf(row.roles),
    groups: textsOf(row.groups),
    workspace: row.workspace,
    networks: textsOf(row.networks),
    models: textsOf(row.models),
    expiresAt: row.expires_at,
    replaces: row.replaces,
    replacedUntil: row.replaced_until,
    by: { user: row.by_user, host: row.by_host },
  }
}
