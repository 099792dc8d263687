import { compilePattern } from '../model/pattern.ts'
import type { Texts } from './parts.ts'

/** What a search for a text came to; `undecided` where it would have taken too long. */
type FoundText = { readonly text: string } | 'none' | 'undecided'

/** States that are looked at before a search gives up: patterns of a policy need a few dozen. */
const MAX_STATES = 20_000

/** Where the reading of a text stands in each pattern: the pieces that are still open, by pattern. */
type State = readonly (readonly number[])[]

const tests = new WeakMap<Texts, (text: string) => boolean>()

export function hasText(texts: Texts, text: string): boolean {
  const test = tests.get(texts) ?? compileTexts(texts)
  tests.set(texts, test)
  return test(text)
}

function compileTexts({ exact, patterns }: Texts): (text: string) => boolean {
  const names = new Set(exact)
  const matches = patterns.map(compilePattern)
  return (text) => names.has(text) || matches.some((test) => test(text))
}

/**
 * A text that is among all of `within` and among none of `without`; exact, but for the limit. What
 * stands in `within` literally is tried first; then every way to read a text is followed through all patterns at once,
 * with one character that stands in none of them for all that do not.
 */
export function findText(within: readonly Texts[], without: readonly Texts[]): FoundText {
  const isFound = (text: string) =>
    within.every((texts) => hasText(texts, text)) && !without.some((texts) => hasText(texts, text))
  const exact = within.flatMap((texts) => texts.exact).find(isFound)
  if (exact !== undefined) return { text: exact }
  if (within.some(({ patterns }) => patterns.length === 0)) return 'none'
  // A text that stands literally somewhere in `within` has been tried: what is left matches a pattern of each.
  const wanted = within.length === 0 ? [['*']] : within.map(({ patterns }) => patterns)
  const refused = without.flatMap(({ exact, patterns }) => [...exact, ...patterns])
  return search(wanted, refused)
}

function search(wanted: readonly (readonly string[])[], refused: readonly string[]): FoundText {
  const groups = [...wanted, refused].map((patterns) => patterns.map((pattern) => [...pattern]))
  const patterns = groups.flat()
  const owners = groups.flatMap((group, index) => group.map(() => index))
  const other = characterBeside(patterns)
  const isOver = (state: State, group: number) =>
    patterns.some((pattern, index) => owners[index] === group && state[index]?.includes(pattern.length))
  const lives = (state: State) =>
    wanted.every((_, group) => owners.some((owner, index) => owner === group && (state[index]?.length ?? 0) > 0))
  const start: State = patterns.map((pattern) => opened(pattern, [0]))
  // The start is not among what was seen: no text has been read there, and none is never needed as an answer.
  const seen = new Set<string>()
  let front: { readonly text: string; readonly state: State }[] = [{ text: '', state: start }]
  while (front.length > 0) {
    const next: { text: string; state: State }[] = []
    for (const { text, state } of front) {
      for (const character of nextCharacters(patterns, state, other)) {
        const after = patterns.map((pattern, index) => step(pattern, state[index] ?? [], character))
        const key = keyOf(after)
        if (seen.has(key) || !lives(after)) continue
        seen.add(key)
        const longer = text + character
        if (wanted.every((_, group) => isOver(after, group)) && !isOver(after, wanted.length)) return { text: longer }
        next.push({ text: longer, state: after })
      }
      if (seen.size > MAX_STATES) return 'undecided'
    }
    front = next
  }
  return 'none'
}

/** The places of a pattern, with those that a star leaves open without reading anything. */
function opened(pattern: readonly string[], places: readonly number[]): number[] {
  const open = new Set(places)
  for (const place of open) if (pattern[place] === '*') open.add(place + 1)
  return [...open].sort((a, b) => a - b)
}

function step(pattern: readonly string[], places: readonly number[], character: string): number[] {
  return opened(
    pattern,
    places.flatMap((place) => (pattern[place] === '*' ? [place] : pattern[place] === character ? [place + 1] : [])),
  )
}

function keyOf(state: State): string {
  return state.map((places) => places.join(',')).join(';')
}

function nextCharacters(patterns: readonly (readonly string[])[], state: State, other: string): Set<string> {
  const found = new Set([other])
  for (const [index, places] of state.entries()) {
    for (const place of places) {
      const character = patterns[index]?.[place]
      if (character !== undefined && character !== '*') found.add(character)
    }
  }
  return found
}

/** A character that no pattern has. */
function characterBeside(patterns: readonly (readonly string[])[]): string {
  const used = new Set(patterns.flat())
  for (const character of 'xyzqjkvw0123456789') if (!used.has(character)) return character
  let code = 0xe000
  while (used.has(String.fromCodePoint(code))) code++
  return String.fromCodePoint(code)
}
