import { isJsonObject, type JsonBody, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'

/** Text that takes the place of the characters from `from` to `to`. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

const ASK = '"include_usage":true'

/** Puts another model in the place of the one named; the text is that of a parsed body. */
export function renamed(text: string, model: string): Edit[] {
  const place = findMember(text, skipSpace(text, 0), 'model')
  return place ? [{ from: place.value, to: place.end, text: JSON.stringify(model) }] : []
}

/** Makes a stream tell its usage; empty when the client asked for that itself. */
export function askForUsage({ value, text }: JsonBody): Edit[] {
  const options = ownValue(value, 'stream_options')
  const open = skipSpace(text, 0)
  if (options === undefined) return [insertedMembers(text, open, `"stream_options":{${ASK}}`)]
  const place = findMember(text, open, 'stream_options')
  if (!place) return []
  if (!isJsonObject(options)) return [{ from: place.value, to: place.end, text: `{${ASK}}` }]
  if (ownValue(options, 'include_usage') === true) return []
  const asked = findMember(text, place.value, 'include_usage')
  return [asked ? { from: asked.value, to: asked.end, text: 'true' } : insertedMembers(text, place.value, ASK)]
}

/** Members at the beginning of the object that opens at `open`. */
export function insertedMembers(text: string, open: number, members: string): Edit {
  const isEmpty = text[skipSpace(text, open + 1)] === '}'
  return { from: open + 1, to: open + 1, text: isEmpty ? members : `${members},` }
}

/** Those edits that lie in nothing that others replace. What is put in beside it lies outside. */
export function outside(edits: readonly Edit[], others: readonly Edit[]): Edit[] {
  return edits.filter((edit) => !others.some((other) => isWithin(edit, other)))
}

function isWithin(edit: Edit, { from, to }: Edit): boolean {
  return edit.from === edit.to ? from < edit.from && edit.to < to : from <= edit.from && edit.to <= to
}

const inOrder = (one: Edit, other: Edit): number => one.from - other.from || one.to - other.to

/** The text with its edits made; they do not overlap. What is put in stands before what is replaced at the same place. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = ''
  let done = 0
  for (const { from, to, text: written } of [...edits].sort(inOrder)) {
    result += text.slice(done, from) + written
    done = to
  }
  return result + text.slice(done)
}
