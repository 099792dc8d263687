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

/**
 * The same text in one piece. What `+` makes is a tree of pieces, which is walked each time that a line with it is
 * written: worth it for what stands in many lines.
 */
export function inOnePiece(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

// Writing a date costs as much as a third of a line; within one minute only these digits change.
const MINUTE_MS = 60_000
const YEAR_10000 = 253_402_300_800_000
const SECONDS = Array.from({ length: 60 }, (_, value) => `${String(value).padStart(2, '0')}.`)
const MILLISECONDS = Array.from({ length: 1000 }, (_, value) => `${String(value).padStart(3, '0')}Z`)
let minuteText = ''
let minuteOf = Number.NaN
let lastText = ''
let lastOf = Number.NaN

/** ISO 8601 in UTC with milliseconds. A time that is none, or has no four-digit year, is the epoch. */
export function isoTime(at: number): string {
  if (at === lastOf) return lastText
  const time = at >= 0 && at < YEAR_10000 ? at : 0
  const minute = Math.floor(time / MINUTE_MS)
  if (minute !== minuteOf) {
    minuteOf = minute
    minuteText = new Date(minute * MINUTE_MS).toISOString().slice(0, 17)
  }
  const rest = (time - minute * MINUTE_MS) | 0
  const second = (rest / 1000) | 0
  lastText = `${minuteText}${SECONDS[second]}${MILLISECONDS[rest - second * 1000]}`
  lastOf = at
  return lastText
}
