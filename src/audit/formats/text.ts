/** Text of JSON lines: what is written here is valid JSON on one line that no terminal, viewer or parser misreads. */

const NOT_PLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/
// What JSON lets pass and a log must not: C1 controls, line separators, and marks that reorder or hide text.
const UNSAFE = /[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** True when a JSON string of it is the text itself between quotes. */
export function isPlain(value: string): boolean {
  return !NOT_PLAIN.test(value)
}

/** A JSON string. Lone surrogates become U+FFFD. */
export function quoted(value: string): string {
  return NOT_PLAIN.test(value) ? escaped(value) : `"${value}"`
}

function escaped(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(UNSAFE, unicodeEscape)
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The longest beginning of `value` whose JSON string has at most `maxBytes` between its quotes. */
export function cutToBytes(value: string, maxBytes: number): string {
  // A character is at least one byte, so that hostile lengths are dealt with before anything is escaped.
  let kept = value.length > maxBytes ? value.slice(0, maxBytes) : value
  let size = contentBytes(kept)
  while (size > maxBytes) {
    // The share that would fit if every character were as wide as the mean; at least one less, so that it ends.
    kept = kept.slice(0, Math.min(kept.length - 1, Math.floor((kept.length * maxBytes) / size)))
    size = contentBytes(kept)
  }
  const last = kept.charCodeAt(kept.length - 1)
  const splitsPair = kept.length < value.length && last >= 0xd800 && last <= 0xdbff
  return splitsPair ? kept.slice(0, -1) : kept
}

/** True when the JSON string of `value` has at most `maxBytes` between its quotes. */
export function fitsBytes(value: string, maxBytes: number): boolean {
  if (value.length > maxBytes) return false
  return !NOT_PLAIN.test(value) || value.length * 6 <= maxBytes || contentBytes(value) <= maxBytes
}

function contentBytes(value: string): number {
  return NOT_PLAIN.test(value) ? Buffer.byteLength(escaped(value)) - 2 : value.length
}

// Writing a date costs as much as a third of a line; within one day only the time of day changes.
const DAY_MS = 86_400_000
const YEAR_10000 = 253_402_300_800_000
const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'))
let dayText = ''
let dayOf = Number.NaN

/** ISO 8601 in UTC with milliseconds. A time that is none, or has no four-digit year, is the epoch. */
export function isoTime(at: number): string {
  const time = at >= 0 && at < YEAR_10000 ? Math.floor(at) : 0
  const day = Math.floor(time / DAY_MS)
  if (day !== dayOf) {
    dayOf = day
    dayText = new Date(time).toISOString().slice(0, 11)
  }
  const inDay = time - day * DAY_MS
  const minutes = Math.floor(inDay / 60_000)
  const ms = inDay % 1000
  const clock = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(Math.floor(inDay / 1000) % 60)}`
  return `${dayText}${clock}.${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`
}

function twoDigits(value: number): string {
  return TWO_DIGITS[value] ?? '00'
}
