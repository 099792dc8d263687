import { DAYS, minuteOfDay, wallClock } from '../policy/local-time.ts'
import type { WhenDocument } from '../policy/schema.ts'

export type TimeWindow = NonNullable<WhenDocument['time']>

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const WEEK = 10_080
/** 2026-01-05T12:00:00Z, a Monday; the years in which clocks of zones are compared begin and end well around it. */
const SOME_INSTANT = 1_767_614_400_000
const FROM = Date.UTC(2024, 0, 1)
const TO = Date.UTC(2045, 0, 1)
/** No zone changes its clocks twice within it. */
const STRIDE_MS = 3 * DAY_MS

/** A stretch of time in which the clocks of all zones keep their distance from UTC. Unit of `offsets`: minutes. */
interface Regime {
  readonly from: number
  readonly to: number
  readonly offsets: readonly number[]
}

/**
 * An instant for every combination of answers that the windows give together at some time between 2024 and 2044, with
 * the clock changes of their zones; the first is `SOME_INSTANT`. Unit: epoch milliseconds.
 */
export function instantsOf(windows: readonly TimeWindow[]): number[] {
  if (windows.length === 0) return [SOME_INSTANT]
  const zones = [...new Set(windows.map(({ zone }) => zone))]
  const tests = windows.map((window) => {
    const zone = zones.indexOf(window.zone)
    const test = localTest(window)
    return (week: number, offsets: readonly number[]) => test((week + (offsets[zone] ?? 0)) % WEEK)
  })
  const minutes = zones.map((zone) => bordersOf(windows.filter((window) => window.zone === zone)))
  const found = new Map<string, number>()
  const whole = new Set<string>()
  for (const regime of regimesOf(zones)) {
    const key = regime.offsets.join(',')
    if (whole.has(key)) continue
    if (regime.to - regime.from >= WEEK * MINUTE_MS) whole.add(key)
    for (const at of instantsIn(regime, minutes)) {
      const week = weekMinute(at)
      const answers = tests.map((test) => (test(week, regime.offsets) ? '1' : '0')).join('')
      if (!found.has(answers)) found.set(answers, at)
    }
  }
  return [...found.values()]
}

/** Minutes since Sunday 00:00 UTC, within the week. */
function weekMinute(at: number): number {
  // The epoch was a Thursday.
  return (Math.floor(at / MINUTE_MS) + 4 * 1440) % WEEK
}

/** Whether an instant lies in a window, by the wall clock of its zone. Unit: epoch milliseconds. */
export function instantTest(window: TimeWindow): (at: number) => boolean {
  const clock = wallClock(window.zone)
  const test = localTest(window)
  return (at) => {
    const local = clock(at)
    return local !== null && test(local.day * 1440 + local.minute)
  }
}

/** Whether a minute of the local week lies in a window. */
function localTest({ days, from, to }: TimeWindow): (local: number) => boolean {
  const isDay = DAYS.map((day) => days?.includes(day) ?? true)
  const begin = from === undefined ? 0 : minuteOfDay(from)
  const end = to === undefined ? 1440 : minuteOfDay(to)
  return (local) => {
    const day = Math.floor(local / 1440)
    const minute = local % 1440
    if (begin < end) return isDay[day] === true && minute >= begin && minute < end
    return (isDay[day] === true && minute >= begin) || (isDay[(day + 6) % 7] === true && minute < end)
  }
}

/** The minutes of a local week at which an answer may change. */
function bordersOf(windows: readonly TimeWindow[]): number[] {
  const ofDay = new Set([0])
  for (const { from, to } of windows) {
    for (const written of [from, to]) if (written !== undefined) ofDay.add(minuteOfDay(written) % 1440)
  }
  return DAYS.flatMap((_, day) => [...ofDay].map((minute) => day * 1440 + minute))
}

/** The beginning, and every border in it, of the first week at most: after that they come again. */
function instantsIn({ from, to, offsets }: Regime, minutes: readonly (readonly number[])[]): number[] {
  const start = weekMinute(from)
  const steps = new Set([0])
  for (const [zone, borders] of minutes.entries()) {
    for (const border of borders) steps.add((((border - (offsets[zone] ?? 0) - start) % WEEK) + WEEK) % WEEK)
  }
  return [...steps].map((step) => from + step * MINUTE_MS).filter((at) => at < to)
}

function regimesOf(zones: readonly string[]): Regime[] {
  const readers = zones.map(offsetReader)
  const changes = new Set([FROM])
  for (const offsetAt of readers) for (const at of changesOf(offsetAt)) changes.add(at)
  const starts = [...changes].sort((a, b) => a - b)
  const regimes = starts.map((from, index) => ({
    from,
    to: starts[index + 1] ?? TO,
    offsets: readers.map((offsetAt) => offsetAt(from)),
  }))
  // The one of some ordinary day comes first, so that most instants are near it.
  const ordinary = regimes.findIndex(({ from, to }) => from <= SOME_INSTANT && SOME_INSTANT < to)
  const { from = FROM, to = TO, offsets = [] } = regimes[ordinary] ?? {}
  return [{ from: Math.max(from, SOME_INSTANT), to, offsets }, ...regimes]
}

/** The distance of a zone's clocks from UTC in minutes, within the week. */
function offsetReader(zone: string): (at: number) => number {
  const clock = wallClock(zone)
  return (at) => {
    const local = clock(at)
    return local === null ? 0 : (local.day * 1440 + local.minute - weekMinute(at) + WEEK) % WEEK
  }
}

function changesOf(offsetAt: (at: number) => number): number[] {
  const found: number[] = []
  for (let at = FROM; at < TO; at += STRIDE_MS) {
    const before = offsetAt(at)
    if (offsetAt(at + STRIDE_MS) === before) continue
    let [low, high] = [at, at + STRIDE_MS]
    while (high - low > MINUTE_MS) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS
      if (offsetAt(middle) === before) low = middle
      else high = middle
    }
    found.push(high)
  }
  return found
}
