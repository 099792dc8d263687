import { foldedName } from '../model/folded-name.ts'
import type { Found, Page, ScimGroup, ScimGroupFilter, ScimNote } from '../model/scim.ts'
import { isStorable } from './names.ts'
import { tables } from './queries.ts'
import type { ReplaceOutcome } from './scim-users.ts'
import type { ScimGroupRow } from './tables.ts'
import { noteUserEvent } from './user-events.ts'
import { type Answer, changed, changeLater, first, type Mode, type Runner, readLater, rows, type Work } from './work.ts'

/** Everything throws, or rejects, when the store cannot be read or written. */
export interface ScimGroups<M extends Mode> {
  /** The names of the groups that the user with this name is in. */
  groupsOf(userName: string): Answer<M, string[]>
  find(id: string): Promise<ScimGroup | undefined>
  /** By when they were made, with how many there are. */
  list(filter: ScimGroupFilter, page: Page): Promise<Found<ScimGroup>>
  /** `unknown` where a member is not there. */
  create(group: ScimGroup, note: ScimNote): Promise<'created' | 'taken' | 'unknown'>
  /** Puts it, with its members, in place of the version before its own; `changed` where somebody else was faster. */
  replace(group: ScimGroup, note: ScimNote): Promise<ReplaceOutcome>
  remove(id: string, now: number, note: ScimNote): Promise<boolean>
}

const all = tables.selectFrom('scim_groups').selectAll()

export function scimGroups<M extends Mode>(runner: Runner<M>): ScimGroups<M> {
  return {
    groupsOf: (userName) => runner.run(() => groupsOf(userName)),
    find: (id) =>
      readLater(runner, function* () {
        const row = isStorable(id) ? yield* first(all.where('id', '=', id)) : undefined
        return row && (yield* groupOf(row))
      }),
    list: (filter, page) => readLater(runner, () => list(filter, page)),
    create: (group, note) => changeLater(runner, 'users', () => create(group, note)),
    replace: (group, note) => changeLater(runner, 'users', () => replace(group, note)),
    remove: (id, now, note) => changeLater(runner, 'users', () => remove(id, now, note)),
  }
}

function* groupsOf(userName: string): Work<string[]> {
  if (!isStorable(userName)) return []
  const found = yield* rows(
    tables
      .selectFrom('scim_groups')
      .innerJoin('scim_members', 'scim_members.group_id', 'scim_groups.id')
      .innerJoin('scim_users', 'scim_users.id', 'scim_members.user_id')
      .select('scim_groups.display')
      .where('scim_users.user_name', '=', userName)
      .orderBy('scim_groups.display'),
  )
  return found.map(({ display }) => display)
}

function* list({ id, display, externalId }: ScimGroupFilter, { from, most }: Page) {
  if (!isStorable(`${id ?? ''}${display ?? ''}${externalId ?? ''}`)) return { total: 0, found: [] }
  let query = tables.selectFrom('scim_groups')
  if (id !== undefined) query = query.where('id', '=', id)
  if (display !== undefined) query = query.where('folded', '=', foldedName(display))
  if (externalId !== undefined) query = query.where('external_id', '=', externalId)
  const counted = yield* first(query.select(({ fn }) => fn.countAll<number>().as('total')))
  const found: ScimGroup[] = []
  const page = query.selectAll().orderBy('created_at').orderBy('id').limit(most).offset(from)
  for (const row of yield* rows(page)) found.push(yield* groupOf(row))
  return { total: counted?.total ?? 0, found }
}

function* create(group: ScimGroup, note: ScimNote): Work<'created' | 'taken' | 'unknown'> {
  if (!(yield* areThere(group.members))) return 'unknown'
  const made = tables
    .insertInto('scim_groups')
    .values(rowOf(group))
    .onConflict((conflict) => conflict.doNothing())
  if ((yield* changed(made)) === 0) return 'taken'
  yield* enter(group)
  yield* noteUserEvent({ ...note, at: group.createdAt, account: group.display })
  return 'created'
}

function* replace(group: ScimGroup, note: ScimNote): Work<ReplaceOutcome> {
  const row = rowOf(group)
  const before = yield* first(all.where('id', '=', group.id))
  if (before === undefined || !(yield* areThere(group.members))) return 'unknown'
  if (before.version !== group.version - 1) return 'changed'
  const holder = yield* first(all.where('folded', '=', row.folded).where('id', '!=', group.id))
  if (holder !== undefined) return 'taken'
  yield* changed(tables.updateTable('scim_groups').set(row).where('id', '=', group.id))
  yield* changed(tables.deleteFrom('scim_members').where('group_id', '=', group.id))
  yield* enter(group)
  yield* noteUserEvent({ ...note, at: group.changedAt, account: group.display })
  return 'replaced'
}

function* remove(id: string, now: number, note: ScimNote): Work<boolean> {
  const row = isStorable(id) ? yield* first(all.where('id', '=', id)) : undefined
  if (row === undefined) return false
  yield* changed(tables.deleteFrom('scim_groups').where('id', '=', id))
  yield* noteUserEvent({ ...note, at: now, account: row.display })
  return true
}

/** What a statement may name at once: SQLite and PostgreSQL both bound its values. */
const AT_ONCE = 500

function* areThere(members: readonly string[]): Work<boolean> {
  if (!members.every(isStorable)) return false
  for (const ids of inParts([...new Set(members)])) {
    const users = tables.selectFrom('scim_users').select(({ fn }) => fn.countAll<number>().as('total'))
    const counted = yield* first(users.where('id', 'in', ids))
    if (counted?.total !== ids.length) return false
  }
  return true
}

function* enter({ id, members }: ScimGroup): Work<void> {
  for (const ids of inParts([...new Set(members)])) {
    const entries = ids.map((user_id) => ({ group_id: id, user_id }))
    yield* changed(tables.insertInto('scim_members').values(entries))
  }
}

function inParts(ids: readonly string[]): readonly string[][] {
  const count = Math.ceil(ids.length / AT_ONCE)
  return Array.from({ length: count }, (_, part) => ids.slice(part * AT_ONCE, (part + 1) * AT_ONCE))
}

function* groupOf(row: ScimGroupRow): Work<ScimGroup> {
  const { id, display, resource, version } = row
  const ids = tables.selectFrom('scim_members').select('user_id').where('group_id', '=', id).orderBy('user_id')
  const members = (yield* rows(ids)).map(({ user_id }) => user_id)
  const times = { createdAt: row.created_at, changedAt: row.changed_at }
  return { id, display, externalId: row.external_id, resource, members, version, ...times }
}

function rowOf(group: ScimGroup): ScimGroupRow {
  const { id, display, externalId, resource, version } = group
  if (!isStorable(`${id}${display}${externalId ?? ''}`)) throw new Error('a group has a name that no store can hold')
  const times = { created_at: group.createdAt, changed_at: group.changedAt }
  return { id, display, folded: foldedName(display), external_id: externalId, resource, version, ...times }
}
