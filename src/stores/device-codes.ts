import type { DeviceCodes, PollOutcome, WaitingDevice, WaitingLimits } from '../model/device.ts'
import { tables } from './queries.ts'
import type { DeviceCodeRow } from './tables.ts'
import { changed, changeLater, first, type Mode, type Runner, readLater, rows, type Work } from './work.ts'

/** A terminal that polls late is told that its code has expired, and not that nobody knows it. Milliseconds. */
const KEEP_MS = 600_000

export function deviceCodes<M extends Mode>(runner: Runner<M>): DeviceCodes {
  return {
    add: (device, limits) => changeLater(runner, 'devices', () => add(device, limits)),
    find: (by, hash, now) => readLater(runner, () => find(by, hash, now)),
    decide: (device, sealed, now) => readLater(runner, () => decide(device, sealed, now)),
    poll: (device, intervalMs, now) => readLater(runner, () => poll(device, intervalMs, now)),
    purge: (now) => readLater(runner, () => purge(now)),
  }
}

const all = tables.selectFrom('device_codes').selectAll()
const waiting = (now: number) => all.where('state', '=', 'pending').where('expires_at', '>', now)

function* add(device: WaitingDevice, limits: WaitingLimits): Work<'added' | 'taken' | 'full'> {
  const { device: device_hash, user: user_hash, client, network, wish, createdAt, expiresAt } = device
  yield* purge(createdAt)
  const present = tables.selectFrom('device_codes').where('expires_at', '>', createdAt)
  const count = present.select(({ fn }) => fn.countAll<number>().as('count'))
  const waitingCount = (yield* first(count))?.count ?? 0
  const near = (yield* first(count.where('network', '=', network)))?.count ?? 0
  if (Number(waitingCount) >= limits.all || Number(near) >= limits.ofNetwork) return 'full'
  const row = { device_hash, user_hash, client, network, wish, created_at: createdAt, expires_at: expiresAt }
  const insert = tables.insertInto('device_codes').values({ ...row, state: 'pending', sealed: null, polled_at: null })
  return (yield* changed(insert.onConflict((conflict) => conflict.doNothing()))) === 1 ? 'added' : 'taken'
}

function* find(by: 'user' | 'device', hash: string, now: number): Work<WaitingDevice | undefined> {
  const row = yield* first(waiting(now).where(`${by}_hash`, '=', hash))
  return row && deviceOf(row)
}

function* decide(device: string, sealed: string | null, now: number): Work<boolean> {
  // One statement: of two that decide at once one finds it decided.
  const update = tables
    .updateTable('device_codes')
    .set({ state: sealed === null ? 'denied' : 'approved', sealed })
    .where('device_hash', '=', device)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
  return (yield* changed(update)) === 1
}

function* poll(device: string, intervalMs: number, now: number): Work<PollOutcome> {
  const row = yield* first(all.where('device_hash', '=', device))
  if (row === undefined) return { state: 'unknown' }
  if (row.expires_at <= now) return { state: 'expired' }
  const polled = tables.updateTable('device_codes').set({ polled_at: now }).where('device_hash', '=', device)
  const inTime = polled.where(({ eb, or }) =>
    // One from the future was noted before the clock was set back.
    or([eb('polled_at', 'is', null), eb('polled_at', '<=', now - intervalMs), eb('polled_at', '>', now)]),
  )
  if ((yield* changed(inTime)) === 0) return { state: 'too_soon' }
  if (row.state !== 'approved') return { state: row.state }
  const taken = tables.deleteFrom('device_codes').where('device_hash', '=', device).where('state', '=', 'approved')
  // Of two that come at once only one is answered the row.
  const [own] = yield* rows(taken.returning('sealed'))
  return own === undefined || own.sealed === null ? { state: 'unknown' } : { state: 'approved', sealed: own.sealed }
}

function* purge(now: number): Work<number> {
  return yield* changed(tables.deleteFrom('device_codes').where('expires_at', '<=', now - KEEP_MS))
}

function deviceOf(row: DeviceCodeRow): WaitingDevice {
  const { device_hash, user_hash, client, network, wish, created_at, expires_at } = row
  return {
    device: device_hash,
    user: user_hash,
    client,
    network,
    wish,
    createdAt: created_at,
    expiresAt: expires_at,
  }
}
