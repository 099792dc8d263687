import { type Static, Type } from 'typebox'
import type { JsonValue } from '../model/json.ts'
import { compilePattern } from '../model/pattern.ts'
import { text, texts } from '../schema/parts.ts'

/** Exactly one of three ways to ask something of a text. */
export const textTestKeys = {
  equals: Type.Optional(text('the one text that holds')),
  in: Type.Optional(texts('the texts of which one must hold')),
  matches: Type.Optional(text('a pattern; `*` matches any run of characters')),
}

export interface TextTest {
  readonly equals?: Static<typeof textTestKeys.equals> | undefined
  readonly in?: readonly string[] | undefined
  readonly matches?: string | undefined
}

/** What keeps a written test from being exactly one test, or null. */
export function textTestFault(written: TextTest): string | null {
  const given = [written.equals, written.in, written.matches].filter((value) => value !== undefined)
  return given.length === 1 ? null : 'needs exactly one of `equals`, `in` and `matches`'
}

export function compileTextTest(written: TextTest): (value: string) => boolean {
  if (written.in) {
    const set = new Set(written.in)
    return (value) => set.has(value)
  }
  if (written.matches !== undefined) return compilePattern(written.matches)
  return (value) => value === written.equals
}

export function textTestWords(written: TextTest): string {
  if (written.in) return `in ${shownList(written.in)}`
  if (written.matches !== undefined) return `matches ${shown(written.matches)}`
  return `equals ${shown(written.equals ?? '')}`
}

const MAX_SHOWN = 80

/** A value as an explanation shows it: one line, bounded, in JSON's escapes. */
export function shown(value: JsonValue): string {
  return bounded(JSON.stringify(value))
}

/** Texts one after the other, each in quotes: `"a", "b"`. */
export function shownList(values: readonly string[]): string {
  return values.length === 0 ? 'none' : bounded(values.map((value) => JSON.stringify(value)).join(', '))
}

function bounded(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`
}
