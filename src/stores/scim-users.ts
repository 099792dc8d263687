import { foldedName } from '../model/folded-name.ts'
import type { Found, Page, ScimMatch, ScimNote, ScimStanding, ScimUser, ScimUserFilter } from '../model/scim.ts'
import { isStorable } from './names.ts'
import { prepared, tables } from './queries.ts'
import type { ScimUserRow } from './tables.ts'
import { noteUserEvent } from './user-events.ts'
import { type Answer, changed, changeLater, first, type Mode, type Runner, readLater, rows, type Work } from './work.ts'

export type ReplaceOutcome = 'replaced' | 'unknown' | 'changed' | 'taken'

/** Everything throws, or rejects, when the store cannot be read or written. */
export interface ScimUsers<M extends Mode> {
  /** On the path of requests: whether who has this name, however it is written, or this external id may still call. */
  standing(match: ScimMatch, id: string): Answer<M, ScimStanding>
  find(id: string): Promise<ScimUser | undefined>
  /** By when they were made, with how many there are. */
  list(filter: ScimUserFilter, page: Page): Promise<Found<ScimUser>>
  create(user: ScimUser, note: ScimNote): Promise<'created' | 'taken'>
  /** Puts it in place of the version before its own; `changed` where somebody else was faster. */
  replace(user: ScimUser, note: ScimNote): Promise<ReplaceOutcome>
  /** With its memberships. */
  remove(id: string, now: number, note: ScimNote): Promise<boolean>
}

const all = tables.selectFrom('scim_users').selectAll()
const standings = tables.selectFrom('scim_users').select('active')
const STANDINGS = {
  userName: prepared<[string], Pick<ScimUserRow, 'active'>>(standings.where('folded', '=', '')),
  externalId: prepared<[string], Pick<ScimUserRow, 'active'>>(standings.where('external_id', '=', '')),
} as const satisfies Record<ScimMatch, unknown>

export function scimUsers<M extends Mode>(runner: Runner<M>): ScimUsers<M> {
  return {
    standing: (match, id) => runner.run(() => standing(match, id)),
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

/** Names are compared as people see them, so that no spelling of one is somebody of whom nothing is known. */
function* standing(match: ScimMatch, id: string): Work<ScimStanding> {
  const asked = match === 'userName' ? foldedName(id) : id
  const found = isStorable(asked) ? yield* rows(STANDINGS[match](asked)) : []
  if (found.length === 0) return 'unknown'
  // No two have one name; an external id is the provider's own, and may stand twice.
  return found.every(({ active }) => active === 1) ? 'active' : 'inactive'
}

function* list({ id, userName, externalId }: ScimUserFilter, { from, most }: Page) {
  if (!isStorable(`${id ?? ''}${userName ?? ''}${externalId ?? ''}`)) return { total: 0, found: [] }
  let query = tables.selectFrom('scim_users')
  if (id !== undefined) query = query.where('id', '=', id)
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
