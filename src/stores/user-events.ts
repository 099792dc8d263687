import type { Selectable } from 'kysely'
import { madeBy } from './key-events.ts'
import { type Claimed, claimSpan, type Operator, type Outbox } from './outbox.ts'
import { tables } from './queries.ts'
import type { UserEventRow } from './tables.ts'
import { changed, first, type Mode, type Runner, type Work } from './work.ts'

/** What happened to a user, an account or a token. It holds no secret, hash or code. Times are epoch milliseconds. */
export interface UserEvent {
  /** Counts up in the order in which things happened. */
  readonly id: number
  readonly at: number
  /** As the audit calls it: `user-created`, `account-locked`, … */
  readonly action: string
  /** Whose account it is: `local`, or the name of a provider. */
  readonly source: string
  readonly account: string
  readonly detail: { readonly [name: string]: string | readonly string[] }
  readonly by: Operator
}

export type UserOutbox<M extends Mode = Mode> = Outbox<M, UserEvent>

/** What is noted of it, with who asked for it. */
export type Noted = Pick<UserEvent, 'at' | 'action' | 'source' | 'account'> & {
  readonly detail?: UserEvent['detail']
  readonly by?: Operator | undefined
}

/**
 * Notes what the same change does: both or neither. INVARIANT: only in a change of the topic `users`, so that the events of
 * a fleet stand in their order.
 */
export function* noteUserEvent({ at, action, source, account, detail = {}, by }: Noted): Work<void> {
  const row = { at, action, source, account, detail: JSON.stringify(detail), ...madeBy(by) }
  yield* changed(tables.insertInto('user_events').values({ ...row, claimed_at: null, audited_at: null }))
}

export function userOutbox<M extends Mode>(runner: Runner<M>): UserOutbox<M> {
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

const claimed = ({ id, claimedAt }: Claimed<UserEvent>) =>
  tables.updateTable('user_events').where('id', '=', id).where('claimed_at', '=', claimedAt)

function* claim(now: number): Work<Claimed<UserEvent> | null> {
  const due = tables.selectFrom('user_events').selectAll().where('audited_at', 'is', null)
  const row = yield* first(due.orderBy('id').limit(1))
  const [from, until] = claimSpan(now)
  const taken = row?.claimed_at ?? null
  if (row === undefined || (taken !== null && taken >= from && taken <= until)) return null
  const take = tables.updateTable('user_events').set({ claimed_at: now }).where('id', '=', row.id)
  const isStill = take.where('audited_at', 'is', null)
  const own = yield* changed(
    taken === null ? isStill.where('claimed_at', 'is', null) : isStill.where('claimed_at', '=', taken),
  )
  return own === 1 ? { ...eventOf(row), claimedAt: now } : null
}

function eventOf(row: Selectable<UserEventRow>): UserEvent {
  const { id, at, action, source, account } = row
  // INVARIANT: only `noteUserEvent` writes it.
  const detail = JSON.parse(row.detail) as UserEvent['detail']
  return { id, at, action, source, account, detail, by: { user: row.by_user, host: row.by_host } }
}
