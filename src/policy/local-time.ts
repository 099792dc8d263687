const MINUTE_MS = 60_000
const DAY_MINUTES = 1440

/** Days as a policy writes them, by the number that `Date` gives them. */
export const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type DayName = (typeof DAYS)[number]

/** What clocks on the wall of a zone show. `minute` counts from midnight. */
export interface LocalTime {
  readonly day: number
  readonly minute: number
}

export function isZone(zone: string): boolean {
  try {
    wallClock(zone)
    return true
  } catch {
    return false
  }
}

type WallClock = (at: number) => LocalTime | null

/** A calendar takes a tenth of a millisecond to open. Zones have several spellings, so that there is no end to them. */
const MAX_CLOCKS = 100
const clocks = new Map<string, WallClock>()

/** The wall clock of one zone, the same for all who ask. `at` is epoch milliseconds; null for what is not a time. */
export function wallClock(zone: string): WallClock {
  const known = clocks.get(zone)
  if (known) return known
  const clock = openClock(zone)
  if (clocks.size < MAX_CLOCKS) clocks.set(zone, clock)
  return clock
}

/** The last minute is remembered: the calendar of a zone is slow to ask, and offsets change on whole minutes only. */
function openClock(zone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  let lastMinute = Number.NaN
  let last: LocalTime | null = null
  return (at) => {
    const minute = Math.floor(at / MINUTE_MS)
    if (minute === lastMinute) return last
    if (Number.isNaN(new Date(at).getTime())) return null
    lastMinute = minute
    last = readParts(format.formatToParts(minute * MINUTE_MS))
    return last
  }
}

function readParts(parts: readonly Intl.DateTimeFormatPart[]): LocalTime | null {
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  const day = DAYS.indexOf(part('weekday').toLowerCase() as DayName)
  const minute = Number(part('hour')) * 60 + Number(part('minute'))
  return day === -1 || !(minute >= 0 && minute < DAY_MINUTES) ? null : { day, minute }
}

/** Minutes from midnight of `HH:MM`; the form must have been checked. */
export function minuteOfDay(written: string): number {
  return Number(written.slice(0, 2)) * 60 + Number(written.slice(3, 5))
}
