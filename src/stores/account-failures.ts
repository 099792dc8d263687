import type { AccountName, FailureCount, LockRule } from '../model/accounts.ts'
import { isStorable } from './names.ts'
import { tables } from './queries.ts'
import { noteUserEvent } from './user-events.ts'
import {
  type Answer,
  changed,
  changeLater,
  first,
  type Mode,
  type Runner,
  rows,
  type Work,
  writeLater,
} from './work.ts'

/** Failed sign-ins, counted for the whole fleet. Everything throws, or rejects, when the store cannot be used. */
export interface AccountFailures<M extends Mode> {
  /** Counts one. What locks an account is an event, once; a failure while it is locked counts for nothing. */
  failed(of: AccountName, now: number, rule: LockRule): Promise<FailureCount>
  /** Takes one back that was counted before it was known to be none. What locks an account is not taken back. */
  forgive(of: AccountName): Promise<void>
  /** Until when the account is locked; null where it is not. */
  lockedUntil(of: AccountName, now: number): Answer<M, number | null>
  /** After a right sign-in, or when an operator unlocks it. */
  clear(of: AccountName): Promise<void>
  /** Forgets what was counted before, unless it locks still. Answers how many accounts. */
  purge(countedBefore: number, now: number): Promise<number>
}

export function accountFailures<M extends Mode>(runner: Runner<M>): AccountFailures<M> {
  return {
    failed: (of, now, rule) => changeLater(runner, 'users', () => failed(of, now, rule)),
    forgive: (of) =>
      writeLater(runner, function* () {
        if (isKept(of)) yield* changed(oneLess(of))
      }),
    lockedUntil: (of, now) => runner.run(() => lockedUntil(of, now)),
    clear: (of) =>
      writeLater(runner, function* () {
        if (isKept(of)) yield* changed(own(of))
      }),
    purge: (countedBefore, now) =>
      writeLater(runner, function* () {
        const old = tables.deleteFrom('account_failures').where('counted_from', '<', countedBefore)
        return yield* changed(
          old.where(({ eb, or }) => or([eb('locked_until', 'is', null), eb('locked_until', '<=', now)])),
        )
      }),
  }
}

const isKept = ({ source, account }: AccountName) => isStorable(source) && isStorable(account)

const own = ({ source, account }: AccountName) =>
  tables.deleteFrom('account_failures').where('source', '=', source).where('account', '=', account)

const oneLess = ({ source, account }: AccountName) =>
  tables
    .updateTable('account_failures')
    .set(({ eb }) => ({ failures: eb('failures', '-', 1) }))
    .where('source', '=', source)
    .where('account', '=', account)
    .where('failures', '>', 0)

const present = ({ source, account }: AccountName) =>
  tables.selectFrom('account_failures').selectAll().where('source', '=', source).where('account', '=', account)

function* lockedUntil(of: AccountName, now: number): Work<number | null> {
  const until = isKept(of) ? ((yield* first(present(of)))?.locked_until ?? null) : null
  return until !== null && until > now ? until : null
}

function* failed(of: AccountName, now: number, { most, windowMs, lockMs }: LockRule): Work<FailureCount> {
  if (!isKept(of)) return { failures: 0, lockedUntil: null, hasLocked: false }
  const { source, account } = of
  const row = yield* first(present(of))
  const until = row?.locked_until ?? null
  if (row !== undefined && until !== null && until > now) {
    return { failures: row.failures, lockedUntil: until, hasLocked: false }
  }
  // One that was counted from the future was so before the clock was set back.
  const isSame = row !== undefined && until === null && Math.abs(now - row.counted_from) < windowMs
  const failures = isSame ? row.failures + 1 : 1
  const hasLocked = failures >= most
  const counted = {
    failures: hasLocked ? 0 : failures,
    counted_from: isSame ? row.counted_from : now,
    locked_until: hasLocked ? now + lockMs : null,
  }
  const insert = tables.insertInto('account_failures').values({ source, account, ...counted })
  yield* rows(insert.onConflict((conflict) => conflict.columns(['source', 'account']).doUpdateSet(counted)))
  if (hasLocked) yield* noteUserEvent({ at: now, action: 'account-locked', source, account })
  return { failures: counted.failures, lockedUntil: counted.locked_until, hasLocked }
}
