import { type Fault, fault } from '../model/fault.ts'
import { type JsonBody, type JsonValue, ownValue } from '../model/json.ts'
import { findMember, skipSpace } from '../model/json-text.ts'
import { type MarkPlace, NAME_MARK, NAME_MARK_LENGTH, NAME_SEPARATOR } from '../model/marks.ts'
import type { Edit } from './edits.ts'

/** What systems of files take for one name, and providers too. Unit: bytes of UTF-8. */
const MAX_NAME_BYTES = 255
const MAX_OWN_BYTES = MAX_NAME_BYTES - NAME_MARK_LENGTH

/**
 * A name with a mark before it: before its last step where it looks like a path, of which some keep only that. So its
 * ending stays what it is, and nothing that cuts a long name off at its end takes the mark off.
 */
export function markedName(name: string, mark: string): string {
  const at = Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1
  return name.slice(0, at) + mark + NAME_SEPARATOR + name.slice(at)
}

/** The mark in a name; null where there is none, or more than one: then nobody can tell which the proxy wrote. */
export function markInName(name: JsonValue | undefined): string | null {
  if (typeof name !== 'string') return null
  const [mark, another] = name.match(NAME_MARK) ?? []
  return mark === undefined || another !== undefined ? null : mark.slice(0, -NAME_SEPARATOR.length)
}

/** A request as far as it names what it makes. */
interface Naming {
  readonly place: Exclude<MarkPlace, 'metadata'>
  /** False: the name goes as it comes. It still must not look marked, or it would be somebody's where names are marked. */
  readonly isMarked: boolean
  readonly body: JsonBody | null
  /** Of a form: the texts of its fields, and the names of its files. */
  readonly fields: readonly { readonly text: string }[]
  readonly filenames: readonly string[]
}

/**
 * Why what a request makes cannot be marked by its name: the name would be too long, or a text anywhere in the request
 * already looks like a mark, which could become the name of it.
 */
export function unnameable({ place, isMarked, body, fields, filenames }: Naming): Fault | null {
  const param = body === null ? 'file' : place
  const texts = body === null ? [...fields.map(({ text }) => text), ...filenames] : textsOf(body.value)
  const looks = lookAt(texts)
  if (looks === 'marked') return refused('a name must not have the form of a mark of the proxy’s own', param)
  if (looks === 'too long') {
    return refused(`texts beyond plain ASCII may have ${MAX_EXAMINED} characters beside a name`, param)
  }
  if (!isMarked) return null
  const name = body === null ? undefined : (ownValue(body.value, place) ?? undefined)
  if (name !== undefined && typeof name !== 'string') return refused(`\`${place}\` must be a string`, param)
  const names = name === undefined ? filenames : [name]
  if (names.every((one) => Buffer.byteLength(one) <= MAX_OWN_BYTES)) return null
  return refused(`a name may have ${MAX_OWN_BYTES} bytes: the proxy marks it as yours with ${NAME_MARK_LENGTH}`, param)
}

function refused(message: string, param: string): Fault {
  return fault('invalid_body', message, { param, reason: 'body_invalid' })
}

/** All texts in a value: engines may know the name by another key. */
function textsOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value]
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(textsOf)
}

/** What stands for nothing, and may be left out by who cleans a name. */
const UNSEEN = /[\p{Cc}\p{Cf}]/gu
const ENCODED = /%([0-9A-Fa-f]{2})/g
const MARKS = new RegExp(NAME_MARK.source, 'i')
/** No name is encoded so often. */
const MAX_ROUNDS = 8
/** Nothing in it is decoded or cleaned: what it is, it stays. */
const PLAIN = /^[ -$&-~]*$/
/**
 * Characters of all texts together that are not plain: to put one in its form takes a thousand times as long as to read it,
 * and the square where marks of letters stand behind each other (measured). Names are shorter.
 */
const MAX_EXAMINED = 4096
const UNPLAIN = /[^ -~]/g

function lookAt(texts: readonly string[]): 'marked' | 'too long' | 'plain' {
  let examined = 0
  for (const text of texts) {
    if (PLAIN.test(text)) {
      if (MARKS.test(text)) return 'marked'
      continue
    }
    examined += text.length
    if (examined > MAX_EXAMINED) return 'too long'
    if (looksMarked(text)) return 'marked'
  }
  return 'plain'
}

/** True for a text that is a mark, or may become one where names are decoded, cleaned or put in one form. */
function looksMarked(text: string): boolean {
  let read = text
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (MARKS.test(read)) return true
    const plain = read
      .replace(ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .normalize('NFKC')
      .replace(UNSEEN, '')
    if (plain === read) return MARKS.test(read.replace(UNPLAIN, ''))
    read = plain
  }
  return true
}

/** What marks the object that a body names. Null where it does not: what has no name is in nobody's list. */
export function naming({ value, text }: JsonBody, place: string, mark: string): Edit | null {
  const name = ownValue(value, place)
  const found = findMember(text, skipSpace(text, 0), place)
  if (typeof name !== 'string' || found === null) return null
  return { from: found.value, to: found.end, text: JSON.stringify(markedName(name, mark)) }
}
