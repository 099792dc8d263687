import { type AccountName, factorAccount, type StoredFactor } from '../model/accounts.ts'
import { Secret } from '../model/secret.ts'
import { isStorable } from './names.ts'
import type { Operator } from './outbox.ts'
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

/** Second factors, one an account. Everything throws, or rejects, when the store cannot be read or written. */
export interface SecondFactors<M extends Mode> {
  find(of: AccountName): Answer<M, StoredFactor | undefined>
  /** In place of one that was there, with all of its recovery codes. */
  enroll(factor: StoredFactor, by?: Operator): Promise<void>
  /** False where the step, or a later one, was used before: of two that show the same code one wins. */
  advance(of: AccountName, step: number): Promise<boolean>
  /** False where the code with this hash is unknown or was used before. */
  useRecovery(of: AccountName, hash: string, now: number): Promise<boolean>
  remove(of: AccountName, now: number, by?: Operator): Promise<boolean>
}

export function secondFactors<M extends Mode>(runner: Runner<M>): SecondFactors<M> {
  return {
    find: (of) => runner.run(() => find(of)),
    enroll: (factor, by) => changeLater(runner, 'users', () => enroll(factor, by)),
    advance: (of, step) => writeLater(runner, () => advance(of, step)),
    useRecovery: (of, hash, now) => changeLater(runner, 'users', () => useRecovery(of, hash, now)),
    remove: (of, now, by) => changeLater(runner, 'users', () => remove(of, now, by)),
  }
}

const isKept = ({ source, account }: AccountName) => isStorable(source) && isStorable(account)

function* find(of: AccountName): Work<StoredFactor | undefined> {
  if (!isKept(of)) return undefined
  const { source, account } = factorAccount(of)
  const own = tables.selectFrom('second_factors').selectAll()
  const row = yield* first(own.where('source', '=', source).where('account', '=', account))
  if (row === undefined) return undefined
  const codes = tables.selectFrom('recovery_codes').select('hash').orderBy('hash')
  const hashes = yield* rows(codes.where('source', '=', source).where('account', '=', account))
  const recoveryHashes = hashes.map(({ hash }) => hash)
  return {
    source,
    account,
    secret: new Secret(row.secret),
    lastStep: row.last_step,
    recoveryHashes,
    createdAt: row.created_at,
  }
}

function* enroll(factor: StoredFactor, by: Operator | undefined): Work<void> {
  const { source, account, secret, lastStep, recoveryHashes, createdAt } = factorAccount(factor)
  yield* changed(deleted(factor))
  const row = { source, account, secret: secret.reveal(), last_step: lastStep, created_at: createdAt }
  yield* changed(tables.insertInto('second_factors').values(row))
  for (const hash of new Set(recoveryHashes)) {
    yield* changed(tables.insertInto('recovery_codes').values({ source, account, hash }))
  }
  yield* noteUserEvent({ at: createdAt, action: 'second-factor-enrolled', source, account: factor.account, by })
}

function* advance(of: AccountName, step: number): Work<boolean> {
  if (!isKept(of)) return false
  const { source, account } = factorAccount(of)
  // One statement: whoever comes second finds the step taken.
  const update = tables
    .updateTable('second_factors')
    .set({ last_step: step })
    .where('source', '=', source)
    .where('account', '=', account)
    .where(({ eb, or }) => or([eb('last_step', 'is', null), eb('last_step', '<', step)]))
  return (yield* changed(update)) === 1
}

function* useRecovery(of: AccountName, hash: string, now: number): Work<boolean> {
  if (!isKept(of) || !isStorable(hash)) return false
  const { source, account } = factorAccount(of)
  const used = tables.deleteFrom('recovery_codes').where('source', '=', source).where('account', '=', account)
  if ((yield* changed(used.where('hash', '=', hash))) === 0) return false
  yield* noteUserEvent({ at: now, action: 'second-factor-used-recovery', source, account: of.account })
  return true
}

function* remove(of: AccountName, now: number, by: Operator | undefined): Work<boolean> {
  if (!isKept(of) || (yield* changed(deleted(of))) === 0) return false
  const { source, account } = of
  yield* noteUserEvent({ at: now, action: 'second-factor-removed', source, account, by })
  return true
}

/** Its recovery codes go with it. */
const deleted = (of: AccountName) => {
  const { source, account } = factorAccount(of)
  return tables.deleteFrom('second_factors').where('source', '=', source).where('account', '=', account)
}
