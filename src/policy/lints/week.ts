import { DAYS, minuteOfDay } from '../local-time.ts'
import type { WhenDocument } from '../schema.ts'

type TimeDocument = NonNullable<WhenDocument['time']>

const DAY = 1440
const WEEK = DAY * 7

/** Minutes of a week: the first one, and the first one after. */
type Span = readonly [from: number, to: number]

/** The spans that were found before: each is compared with many others. */
const known = new WeakMap<TimeDocument, readonly Span[]>()

/** When a `time` holds, from Sunday's midnight on: spans in order that neither meet nor overlap. */
function spansOf(time: TimeDocument): readonly Span[] {
  const spans = known.get(time) ?? findSpans(time)
  known.set(time, spans)
  return spans
}

function findSpans({ days, from, to }: TimeDocument): readonly Span[] {
  const first = from === undefined ? 0 : minuteOfDay(from)
  const last = to === undefined ? DAY : minuteOfDay(to)
  const spans: Span[] = []
  for (const [index, day] of DAYS.entries()) {
    if (days && !days.includes(day)) continue
    const start = index * DAY
    const end = start + (first < last ? last : last + DAY)
    spans.push([start + first, Math.min(end, WEEK)])
    if (end > WEEK) spans.push([0, end - WEEK])
  }
  return joined(spans)
}

export function isWholeWeek(time: TimeDocument): boolean {
  const [span] = spansOf(time)
  return span !== undefined && span[0] === 0 && span[1] === WEEK
}

export function isWithin(inner: TimeDocument, outer: TimeDocument): boolean {
  const around = spansOf(outer)
  return spansOf(inner).every(([from, to]) => around.some((span) => span[0] <= from && to <= span[1]))
}

export function isApart(one: TimeDocument, other: TimeDocument): boolean {
  const spans = spansOf(other)
  return spansOf(one).every(([from, to]) => spans.every((span) => to <= span[0] || span[1] <= from))
}

function joined(spans: readonly Span[]): Span[] {
  const found: Span[] = []
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const before = found.at(-1)
    if (before && from <= before[1]) found[found.length - 1] = [before[0], Math.max(before[1], to)]
    else if (from < to) found.push([from, to])
  }
  return found
}
