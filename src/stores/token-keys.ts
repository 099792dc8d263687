import { Secret } from '../model/secret.ts'
import type { Operator } from './outbox.ts'
import { tables } from './queries.ts'
import type { TokenKeyRow } from './tables.ts'
import { noteUserEvent } from './user-events.ts'
import { type Answer, changed, type Mode, type Runner, rows, type Work } from './work.ts'

/** A key that signs tokens. Times are epoch milliseconds. */
export interface StoredTokenKey {
  readonly kid: string
  readonly secret: Secret
  readonly createdAt: number
  /** From when on it signs: every process of a fleet knows it by then. It verifies as soon as it is known. */
  readonly signsFrom: number
}

export interface TokenKeyRecord extends Omit<StoredTokenKey, 'secret'> {
  readonly retiredAt: number | null
}

export type TokenKeyOutcome = 'retired' | 'already' | 'unknown' | 'last' | 'signing'

/** Keys that sign tokens. Everything throws, or rejects, when the store cannot be read or written. */
export interface TokenKeyQueries<M extends Mode> {
  /** Those that are not retired, oldest first. */
  usable(): Answer<M, StoredTokenKey[]>
  /** The first key, where the store has none yet: of several processes that start at once one makes it. */
  ensure(key: StoredTokenKey): Answer<M, StoredTokenKey[]>
  add(key: StoredTokenKey, by?: Operator): Answer<M, void>
  /** All of them, oldest first. */
  records(): Answer<M, TokenKeyRecord[]>
  /** Its secret is gone, and no token that it signed is valid any more. Neither the last one, nor the one that signs. */
  retire(kid: string, now: number, by?: Operator): Answer<M, TokenKeyOutcome>
}

const all = tables.selectFrom('token_keys').selectAll().orderBy('created_at').orderBy('signs_from').orderBy('kid')

export function tokenKeyQueries<M extends Mode>(runner: Runner<M>): TokenKeyQueries<M> {
  const present = function* (): Work<StoredTokenKey[] | null> {
    const keys = yield* usable()
    return keys.length > 0 ? keys : null
  }
  return {
    usable: () => runner.run(usable),
    ensure: (key) => runner.findOrChange('users', present, () => ensure(key)),
    add: (key, by) => runner.change('users', () => insert(key, by)),
    records: () =>
      runner.run(function* () {
        return (yield* rows(all)).map(recordOf)
      }),
    retire: (kid, now, by) => runner.change('users', () => retire(kid, now, by)),
  }
}

function* usable(): Work<StoredTokenKey[]> {
  const found = yield* rows(all.where('retired_at', 'is', null))
  return found.map(({ kid, secret, created_at, signs_from }) => {
    return { kid, secret: new Secret(secret), createdAt: created_at, signsFrom: signs_from }
  })
}

function* ensure(key: StoredTokenKey): Work<StoredTokenKey[]> {
  // One that has only retired keys is damaged: it must not be taken for a new one.
  if ((yield* rows(all)).length === 0) yield* insert(key, undefined)
  return yield* usable()
}

function* insert({ kid, secret, createdAt, signsFrom }: StoredTokenKey, by: Operator | undefined): Work<void> {
  const row = { kid, secret: secret.reveal(), created_at: createdAt, signs_from: signsFrom, retired_at: null }
  yield* changed(tables.insertInto('token_keys').values(row))
  yield* noteUserEvent({ at: createdAt, action: 'token-key-created', source: 'tokens', account: kid, by })
}

function* retire(kid: string, now: number, by: Operator | undefined): Work<TokenKeyOutcome> {
  const every = yield* rows(all)
  const row = every.find((one) => one.kid === kid)
  if (row === undefined) return 'unknown'
  if (row.retired_at !== null) return 'already'
  const left = every.filter(({ retired_at }) => retired_at === null)
  if (left.length === 1) return 'last'
  const signing = left.findLast(({ signs_from }) => signs_from <= now) ?? left[0]
  if (signing?.kid === kid) return 'signing'
  yield* changed(tables.updateTable('token_keys').set({ retired_at: now, secret: '' }).where('kid', '=', kid))
  yield* noteUserEvent({ at: now, action: 'token-key-retired', source: 'tokens', account: kid, by })
  return 'retired'
}

function recordOf({ kid, created_at, signs_from, retired_at }: TokenKeyRow): TokenKeyRecord {
  return { kid, createdAt: created_at, signsFrom: signs_from, retiredAt: retired_at }
}
