import { foldedName } from '../model/folded-name.ts'
import { isStorable } from './names.ts'
import { prepared, tables } from './queries.ts'
import type { ScimUserRow } from './tables.ts'
import { type Noted, noteUserEvent } from './user-events.ts'
import { type Answer, changed, changeLater, first, type Mode, type Runner, readLater, rows, type Work } from './work.ts'

/** A user as an identity provider has told of it. Times are epoch milliseconds. */
export interface ScimUser {
  readonly id: string
  readonly userName: string
  readonly externalId: string | null
  readonly active: boolean
  /** The JSON of its other attributes. */
  readonly resource: string
  /** Counts up with each change, from 1. */
  readonly version: number
  readonly createdAt: number
  readonly changedAt: number
}

/** `names`: an exact `userName`, whatever its case; `external`: the provider's own id. */
export interface ScimUserFilter {
  readonly userName?: string
  readonly externalId?: string
}

/** From which place on, counted from 0, and how many at most. */
export interface Page {
  readonly from: number
  readonly most: number
}

export type ReplaceOutcome = 'replaced' | 'unknown' | 'changed' | 'taken'

/** The event of a change, which is written with it. */
export type ScimNote = Pick<Noted, 'action' | 'source' | 'detail' | 'by'>

/** Everything throws, or rejects, when the store cannot be read or written. */
export interface ScimUsers<M extends Mode> {
  /** On the path of requests: whether who has this name may still call; `unknown` where nothing was told of it. */
  standing(userName: string): Answer<M, 'active' | 'inactive' | 'unknown'>
  find(id: string): Promise<ScimUser | undefined>
  /** By when they were made, with how many there are. */
  list(filter: ScimUserFilter, page: Page): Promise<{ readonly total: number; readonly found: ScimUser[] }>
  create(user: ScimUser, note: ScimNote): Promise<'created' | 'taken'>
  /** Puts it in place of the version before its own; `changed` where somebody else was faster. */
  replace(user: ScimUser, note: ScimNote): Promise<ReplaceOutcome>
  /** With its memberships. */
  remove(id: string, now: number, note: ScimNote): Promise<boolean>
}

const all = tables.selectFrom('scim_users').selectAll()
const standingOf = prepared<[string], Pick<ScimUserRow, 'active'>>(
  tables.selectFrom('scim_users').select('active').where('user_name', '=', ''),
)

export function scimUsers<M extends Mode>(runner: Runner<M>): ScimUsers<M> {
  return {
    standing: (userName) => runner.run(() => standing(userName)),
    find: (id) =>
      readLater(runner, function* () {
        const row = isStorable(id) ? yield* first(all.where('id', '=', id)) : undefined
        return row && userOf(row)
      }),
    list: (filter, page) => readLater(runner, () => list(filter, page)),
    create: (user, note) => changeLater(runner, 'users', () => create(user, note)),
    replace: (user, note) => changeLater(runner, 'users', () => replace(user, note)),
    remove: (id, now, note) => changeLater(runner, 'users', () => remove(id, now, note)),
  }
}

function* standing(userName: string): Work<'active' | 'inactive' | 'unknown'> {
  const found = isStorable(userName) ? yield* first(standingOf(userName)) : undefined
  if (found === undefined) return 'unknown'
  return found.active === 1 ? 'active' : 'inactive'
}

function* list({ userName, externalId }: ScimUserFilter, { from, most }: Page) {
  if (!isStorable(userName ?? '') || !isStorable(externalId ?? '')) return { total: 0, found: [] }
  let query = tables.selectFrom('scim_users')
  if (userName !== undefined) query = query.where('folded', '=', foldedName(userName))
  if (externalId !== undefined) query = query.where('external_id', '=', externalId)
  const counted = yield* first(query.select(({ fn }) => fn.countAll<number>().as('total')))
  const page = query.selectAll().orderBy('created_at').orderBy('id').limit(most).offset(from)
  return { total: counted?.total ?? 0, found: (yield* rows(page)).map(userOf) }
}

function* create(user: ScimUser, note: ScimNote): Work<'created' | 'taken'> {
  const made = tables
    .insertInto('scim_users')
    .values(rowOf(user))
    .onConflict((conflict) => conflict.doNothing())
  if ((yield* changed(made)) === 0) return 'taken'
  yield* noteUserEvent({ ...note, at: user.createdAt, account: user.userName })
  return 'created'
}

function* replace(user: ScimUser, note: ScimNote): Work<ReplaceOutcome> {
  const row = rowOf(user)
  const before = yield* first(all.where('id', '=', user.id))
  if (before === undefined) return 'unknown'
  if (before.version !== user.version - 1) return 'changed'
  const holder = yield* first(all.where('folded', '=', row.folded).where('id', '!=', user.id))
  if (holder !== undefined) return 'taken'
  yield* changed(tables.updateTable('scim_users').set(row).where('id', '=', user.id))
  yield* noteUserEvent({ ...note, at: user.changedAt, account: user.userName })
  return 'replaced'
}

function* remove(id: string, now: number, note: ScimNote): Work<boolean> {
  const row = isStorable(id) ? yield* first(all.where('id', '=', id)) : undefined
  if (row === undefined) return false
  yield* changed(tables.deleteFrom('scim_users').where('id', '=', id))
  yield* noteUserEvent({ ...note, at: now, account: row.user_name })
  return true
}

function rowOf(user: ScimUser): ScimUserRow {
  const { id, userName, externalId, resource, version } = user
  if (!isStorable(`${id}${userName}${externalId ?? ''}`)) throw new Error('a user has a name that no store can hold')
  return {
    id,
    user_name: userName,
    folded: foldedName(userName),
    external_id: externalId,
    active: user.active ? 1 : 0,
    resource,
    version,
    created_at: user.createdAt,
    changed_at: user.changedAt,
  }
}

function userOf(row: ScimUserRow): ScimUser {
  const { id, resource, version } = row
  return {
    id,
    userName: row.user_name,
    externalId: row.external_id,
    active: row.active === 1,
    resource,
    version,
    createdAt: row.created_at,
    changedAt: row.changed_at,
  }
}
