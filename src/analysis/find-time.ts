import { DAYS, type DayName, minuteOfDay, wallClock } from '../policy/local-time.ts'
import type { WhenDocument } from '../policy/schema.ts'

type Window = NonNullable<WhenDocument['time']>

const MINUTE_MS = 60_000
const DAY_MINUTES = 1440
const WEEK_MINUTES = 7 * DAY_MINUTES
/** Weeks that are looked at: a year, in which the clocks of every zone stand in every way to each other. */
const WEEKS = 53

/**
 * An instant within a year of `from` that is inside each of `within` and outside each of `without`, or null. Unit: epoch
 * milliseconds. Weeks in which the clocks of all zones stand as in an earlier one, and stay so, are not looked at again.
 */
export function findInstant(within: readonly Window[], without: readonly Window[], from: number): number | null {
  const windows = [...within, ...without].map((window, index) => ({
    isWanted: index < within.length,
    zone: window.zone,
    minutes: minutesOf(window),
  }))
  const clocks = new Map(windows.map(({ zone }) => [zone, wallClock(zone)]))
  const localAt = (zone: string, at: number) => {
    const now = clocks.get(zone)?.(at)
    return now ? now.day * DAY_MINUTES + now.minute : 0
  }
  const isInstant = (at: number) =>
    windows.every(({ zone, minutes, isWanted }) => (minutes[localAt(zone, at)] === 1) === isWanted)
  const start = Math.floor(from / MINUTE_MS) * MINUTE_MS
  const seen = new Set<string>()
  for (let week = 0; week < WEEKS; week++) {
    const at = start + week * WEEK_MINUTES * MINUTE_MS
    const places = windows.map((window) => ({
      ...window,
      begin: localAt(window.zone, at),
      end: localAt(window.zone, at + WEEK_MINUTES * MINUTE_MS),
    }))
    // One zone alone repeats itself each week; several do as long as their distance stays.
    const distance = places.map(({ begin }) => (begin - (places[0]?.begin ?? 0) + WEEK_MINUTES) % WEEK_MINUTES).join()
    // A week in which a clock is set is like no other, and lacks what lay in the hour that was left out.
    const isSteady = places.every(({ begin, end }) => begin === end)
    if (isSteady && seen.has(distance)) continue
    if (isSteady) seen.add(distance)
    for (let minute = 0; minute < WEEK_MINUTES; minute++) {
      const fits = places.every(({ begin, end, minutes, isWanted }) => {
        const isInside = (first: number) => minutes[(first + minute) % WEEK_MINUTES] === 1
        return isInside(begin) === isWanted || isInside(end) === isWanted
      })
      // Before a clock is set and after: what counts is what it shows then.
      if (fits && isInstant(at + minute * MINUTE_MS)) return at + minute * MINUTE_MS
    }
  }
  return null
}

/** The minutes of a week, from Sunday, that are inside. */
function minutesOf({ days, from, to }: Window): Uint8Array {
  const inside = new Uint8Array(WEEK_MINUTES)
  const first = from === undefined ? 0 : minuteOfDay(from)
  const last = to === undefined ? DAY_MINUTES : minuteOfDay(to)
  const length = first < last ? last - first : last - first + DAY_MINUTES
  for (const day of (days as readonly DayName[] | undefined) ?? DAYS) {
    const begin = DAYS.indexOf(day) * DAY_MINUTES + first
    for (let minute = 0; minute < length; minute++) inside[(begin + minute) % WEEK_MINUTES] = 1
  }
  return inside
}
