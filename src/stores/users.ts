import { codesOf, type StoredUser } from '../model/accounts.ts'
import { foldedName } from '../model/folded-name.ts'
import { textsOf } from './json-texts.ts'
import { isStorable } from './names.ts'
import type { Operator } from './outbox.ts'
import { prepared, tables } from './queries.ts'
import type { UserRow } from './tables.ts'
import { noteUserEvent } from './user-events.ts'
import { type Answer, changed, changeLater, first, type Mode, type Runner, readLater, rows, type Work } from './work.ts'

/** What may be changed of a user; what is absent stays. */
export type UserChange = Partial<Pick<StoredUser, 'display' | 'email' | 'groups' | 'roles' | 'workspace'>>

/**
 * Local users. Each change and its event for the audit are written in one transaction; `by` is who asked for it. A user
 * whose name looks like another's is not made. Everything throws, or rejects, when the store cannot be read or written.
 */
export interface UserQueries<M extends Mode> {
  /** By exactly this name. */
  find(name: string): Answer<M, StoredUser | undefined>
  /** By a name that looks like this one to people. */
  findFolded(name: string): Answer<M, StoredUser | undefined>
  /** By name. */
  list(): Promise<StoredUser[]>
  create(user: StoredUser, by?: Operator): Promise<'created' | 'taken'>
  /** Answers false, as all of these, for an unknown user. */
  change(name: string, change: UserChange, now: number, by?: Operator): Promise<boolean>
  setHash(name: string, hash: string, now: number, by?: Operator): Promise<boolean>
  /** Null enables the user again. */
  disable(name: string, at: number | null, now: number, by?: Operator): Promise<boolean>
  /** Ends the lock that wrong passwords or codes have brought, and forgets what was counted of them. */
  unlock(name: string, now: number, by?: Operator): Promise<boolean>
  /** With the second factor and what was counted of failures. */
  remove(name: string, now: number, by?: Operator): Promise<boolean>
}

/** Whose accounts these are, in all that is kept of them. */
const SOURCE = 'local'

const all = tables.selectFrom('users').selectAll()
const byName = prepared<[string], UserRow>(all.where('name', '=', ''))
const byFolded = prepared<[string], UserRow>(all.where('folded', '=', ''))

export function userQueries<M extends Mode>(runner: Runner<M>): UserQueries<M> {
  const changing = (name: string, set: Partial<UserRow>, now: number, what: string, by: Operator | undefined) =>
    changeLater(runner, 'users', () => update(name, set, now, what, by))
  return {
    find: (name) => runner.run(() => find(isStorable(name) ? name : null, byName)),
    findFolded: (name) => runner.run(() => find(isStorable(name) ? foldedName(name) : null, byFolded)),
    list: () =>
      readLater(runner, function* () {
        return (yield* rows(all.orderBy('name'))).map(userOf)
      }),
    create: (user, by) => changeLater(runner, 'users', () => create(user, by)),
    change: (name, { groups, roles, ...texts }, now, by) => {
      const lists = {
        ...(groups && { groups: JSON.stringify(groups) }),
        ...(roles && { roles: JSON.stringify(roles) }),
      }
      return changing(name, { ...texts, ...lists }, now, 'profile', by)
    },
    setHash: (name, hash, now, by) => changing(name, { hash }, now, 'password', by),
    disable: (name, at, now, by) => changing(name, { disabled_at: at }, now, at === null ? 'enabled' : 'disabled', by),
    unlock: (name, now, by) => changeLater(runner, 'users', () => unlock(name, now, by)),
    remove: (name, now, by) => changeLater(runner, 'users', () => remove(name, now, by)),
  }
}

function* find(name: string | null, query: typeof byName): Work<StoredUser | undefined> {
  const row = name === null ? undefined : yield* first(query(name))
  return row && userOf(row)
}

function* create(user: StoredUser, by: Operator | undefined): Work<'created' | 'taken'> {
  const made = tables
    .insertInto('users')
    .values(rowOf(user))
    .onConflict((conflict) => conflict.doNothing())
  if ((yield* changed(made)) === 0) return 'taken'
  yield* noteUserEvent({ at: user.createdAt, action: 'user-created', source: SOURCE, account: user.name, by })
  return 'created'
}

function* update(
  name: string,
  set: Partial<UserRow>,
  now: number,
  what: string,
  by: Operator | undefined,
): Work<boolean> {
  const update = tables.updateTable('users').set({ ...set, changed_at: now })
  if (!isStorable(name) || (yield* changed(update.where('name', '=', name))) === 0) return false
  yield* noteUserEvent({ at: now, action: 'user-changed', source: SOURCE, account: name, detail: { what }, by })
  return true
}

function* unlock(name: string, now: number, by: Operator | undefined): Work<boolean> {
  if ((yield* find(isStorable(name) ? name : null, byName)) === undefined) return false
  yield* forget('account_failures', name)
  yield* noteUserEvent({
    at: now,
    action: 'user-changed',
    source: SOURCE,
    account: name,
    detail: { what: 'unlocked' },
    by,
  })
  return true
}

/** What is kept of an account, by its passwords and by its codes. */
function forget(table: 'second_factors' | 'account_failures', name: string): Work<number> {
  const sources = [SOURCE, codesOf({ source: SOURCE, account: name }).source]
  return changed(tables.deleteFrom(table).where('source', 'in', sources).where('account', '=', name))
}

function* remove(name: string, now: number, by: Operator | undefined): Work<boolean> {
  if (!isStorable(name) || (yield* changed(tables.deleteFrom('users').where('name', '=', name))) === 0) return false
  // Whoever is given this name next must not have the factor of the one before.
  for (const table of ['second_factors', 'account_failures'] as const) yield* forget(table, name)
  yield* noteUserEvent({ at: now, action: 'user-removed', source: SOURCE, account: name, by })
  return true
}

function rowOf(user: StoredUser): UserRow {
  const { name, display, email, workspace, hash } = user
  if (!isStorable(name)) throw new Error('a user has a name that no store can hold')
  return {
    name,
    folded: foldedName(name),
    display,
    email,
    groups: JSON.stringify(user.groups),
    roles: JSON.stringify(user.roles),
    workspace,
    hash,
    disabled_at: user.disabledAt,
    changed_at: user.changedAt,
    created_at: user.createdAt,
  }
}

function userOf(row: UserRow): StoredUser {
  const { name, display, email, workspace, hash } = row
  return {
    name,
    display,
    email,
    groups: textsOf(row.groups),
    roles: textsOf(row.roles),
    workspace,
    hash,
    disabledAt: row.disabled_at,
    changedAt: row.changed_at,
    createdAt: row.created_at,
  }
}
