import type { FamilyToken, RefreshFamilies, RefreshFamily, TurnOutcome } from '../model/device.ts'
import { isStorable } from './names.ts'
import { tables } from './queries.ts'
import type { RefreshFamilyRow } from './tables.ts'
import { changed, changeLater, first, type Mode, type Runner, readLater, rows, type Work } from './work.ts'

/** Of one family, at most: each lives much longer than it takes to renew it, so that there are hardly ever more than two. */
const MAX_TOKENS = 16

export function refreshFamilies<M extends Mode>(runner: Runner<M>): RefreshFamilies {
  return {
    begin: (family) => readLater(runner, () => begin(family)),
    turn: (id, from, to, now) => readLater(runner, () => turn(id, from, to, now)),
    turnBack: (id, from, to) =>
      readLater(runner, function* () {
        yield* changed(turned(id, to, from))
      }),
    // It reads before it writes.
    note: (id, current, token, now) => changeLater(runner, 'devices', () => note(id, current, token, now)),
    end: (id) =>
      readLater(runner, function* () {
        const [row] = yield* rows(tables.deleteFrom('refresh_families').where('id', '=', id).returningAll())
        return row && familyOf(row)
      }),
    purge: (now) =>
      readLater(runner, function* () {
        return yield* changed(tables.deleteFrom('refresh_families').where('expires_at', '<=', now))
      }),
  }
}

const own = (id: string) => tables.selectFrom('refresh_families').selectAll().where('id', '=', id)

function* begin(family: RefreshFamily): Work<boolean> {
  const { id, current, issuer, subject, sub, session, createdAt, expiresAt, tokens } = family
  if (![issuer, subject, sub ?? '', session ?? ''].every(isStorable)) return false
  yield* changed(tables.deleteFrom('refresh_families').where('expires_at', '<=', createdAt))
  const row = { id, current, issuer, subject, sub, session, created_at: createdAt, expires_at: expiresAt }
  yield* changed(tables.insertInto('refresh_families').values({ ...row, tokens: JSON.stringify(tokens) }))
  return true
}

const turned = (id: string, from: string, to: string) =>
  tables.updateTable('refresh_families').set({ current: to }).where('id', '=', id).where('current', '=', from)

function* turn(id: string, from: string, to: string, now: number): Work<TurnOutcome> {
  // One statement: of two that use the same one, one finds that it was used.
  const [row] = yield* rows(turned(id, from, to).where('expires_at', '>', now).returningAll())
  if (row !== undefined) return { state: 'turned', family: familyOf(row) }
  const present = yield* first(own(id))
  if (present === undefined || present.expires_at <= now) return { state: 'unknown' }
  return { state: 'reused', family: familyOf(present) }
}

function* note(id: string, current: string, token: FamilyToken, now: number): Work<boolean> {
  const row = yield* first(own(id).where('current', '=', current))
  if (row === undefined) return false
  const left = tokensOf(row).filter(({ expiresAt }) => expiresAt > now)
  const tokens = JSON.stringify([...left, token].slice(-MAX_TOKENS))
  const update = tables.updateTable('refresh_families').set({ tokens }).where('id', '=', id)
  return (yield* changed(update.where('current', '=', current))) === 1
}

function tokensOf({ tokens }: RefreshFamilyRow): FamilyToken[] {
  // INVARIANT: only this file writes it.
  return JSON.parse(tokens) as FamilyToken[]
}

function familyOf(row: RefreshFamilyRow): RefreshFamily {
  const { id, current, issuer, subject, sub, session, created_at, expires_at } = row
  const times = { createdAt: created_at, expiresAt: expires_at }
  return { id, current, issuer, subject, sub, session, ...times, tokens: tokensOf(row) }
}
