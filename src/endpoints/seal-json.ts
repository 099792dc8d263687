import { MARK_VERSION, NAME_MARK, NAME_MARK_LENGTH } from '../model/marks.ts'
import type { AnswerForm } from './answer-forms.ts'

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** Deeper objects of known form are not looked into: no answer is that deep. */
const MAX_DEPTH = 64
/** No key of the forms, and no id that can be sealed, is longer, every letter of it escaped. Unit: bytes. */
const MAX_KEPT_BYTES = 6 * 256

const STRUCTURAL = new Uint8Array(256)
for (const byte of [QUOTE, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) STRUCTURAL[byte] = 1

/** So much of an answer waits for the end of a name: no name is longer, every letter of it escaped. Unit: bytes. */
const MAX_NAME_BYTES = 6 * 512

/** Text that comes in the place of `cut` bytes from the byte at `at`. */
export interface Change {
  readonly at: number
  readonly text: string
  readonly cut: number
}

/**
 * What is put behind an id; null for nothing. `key` is the one that it stands under, `depth` how many objects and lists are
 * open there.
 */
export type SuffixOf = (id: string, key: string, depth: number) => string | null

/** What an opening string is for: a key, an id to be sealed, a name that may be marked, or none of them. */
type Reading = 'key' | 'id' | 'name' | 'other'

interface Level {
  readonly form: AnswerForm
  readonly isObject: boolean
  /** Strings of this list are ids. */
  readonly isOfIds: boolean
}

/**
 * Finds the ids in one JSON text as its bytes pass, in pieces of any size: for each one the text that goes before its
 * closing quote. Of names it finds the marks, which go. Holds the string that it is in, as far as it can be a key or an id,
 * and the objects around it that the form knows; everything else is skipped.
 *
 * Does not check: that the text is JSON. What follows an error is read as well as it can be.
 */
export class JsonIds {
  readonly #root: AnswerForm
  readonly #suffixOf: SuffixOf
  readonly #levels: Level[] = []
  /** Objects and lists that are open and not looked into. */
  #skipped = 0
  #expectsKey = false
  #key = ''
  #reading: Reading | null = null
  /** The backslash before this byte escapes it. */
  #isEscaped = false
  /** What was read of the string so far, in Latin-1; null where it cannot be what is looked for. */
  #kept: string | null = ''

  constructor(root: AnswerForm, suffixOf: SuffixOf) {
    this.#root = root
    this.#suffixOf = suffixOf
  }

  /**
   * Reads one piece in Latin-1, which begins at the byte `offset`; adds what is to be changed, and says how many bytes were
   * read. All are, but for a name whose end is to come and may be waited for: it is to be read again, with what follows.
   */
  read(piece: string, offset: number, changes: Change[], mayWait: boolean): number {
    const { length } = piece
    let index = 0
    while (index < length) {
      if (this.#reading === null) {
        const byte = piece.charCodeAt(index)
        // Most bytes between strings are digits and spaces.
        if (STRUCTURAL[byte] === 1) this.#step(byte)
        index++
        continue
      }
      const end = this.#stringEnd(piece, index)
      if (this.#reading === 'name') {
        if (end === -1 && mayWait && length - index < MAX_NAME_BYTES) return this.#goBackTo(index - 1)
        if (end !== -1) noteMarks(piece.slice(index, end), offset + index, changes)
        this.#reading = 'other'
      }
      if (this.#reading !== 'other') this.#keep(piece, index, end === -1 ? length : end)
      if (end === -1) return length
      this.#finish(this.#reading, offset + end, changes)
      index = end + 1
    }
    if (this.#reading !== 'name') return length
    if (mayWait) return this.#goBackTo(length - 1)
    this.#reading = 'other'
    return length
  }

  /** The string that opens there was not read. */
  #goBackTo(quote: number): number {
    this.#reading = null
    this.#isEscaped = false
    return quote
  }

  /** Where the string ends; -1 when not in this piece. A loop: searches cost more where quotes are escaped. */
  #stringEnd(piece: string, from: number): number {
    const { length } = piece
    let index = this.#isEscaped ? from + 1 : from
    while (index < length) {
      const byte = piece.charCodeAt(index)
      if (byte === QUOTE) {
        this.#isEscaped = false
        return index
      }
      index += byte === BACKSLASH ? 2 : 1
    }
    this.#isEscaped = index > length
    return -1
  }

  #keep(piece: string, from: number, to: number): void {
    if (this.#kept === null) return
    if (this.#kept.length + to - from > MAX_KEPT_BYTES) this.#kept = null
    else this.#kept += piece.slice(from, to)
  }

  #finish(reading: Reading, at: number, changes: Change[]): void {
    this.#reading = null
    if (reading === 'other') return
    const written = this.#kept === null ? '' : unescaped(this.#kept)
    if (reading === 'key') this.#key = written
    else {
      const text = this.#suffixOf(written, this.#key, this.#levels.length)
      if (text !== null) changes.push({ at, text, cut: 0 })
    }
  }

  #step(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.#reading = this.#opensString()
        this.#kept = ''
        return
      case OPEN_OBJECT:
      case OPEN_LIST:
        this.#open(byte === OPEN_OBJECT)
        return
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        if (this.#skipped > 0) this.#skipped--
        else this.#levels.pop()
        this.#expectsKey = false
        return
      case COMMA:
        this.#expectsKey = this.#top?.isObject ?? false
        return
      case COLON:
        this.#expectsKey = false
        return
    }
  }

  get #top(): Level | undefined {
    return this.#levels[this.#levels.length - 1]
  }

  #opensString(): Reading {
    if (this.#skipped > 0) return 'other'
    const top = this.#top
    if (top === undefined) return 'other'
    if (this.#expectsKey) return 'key'
    if (!top.isObject) return top.isOfIds ? 'id' : 'other'
    if (top.form.seals(this.#key)) return 'id'
    return top.form.names(this.#key) ? 'name' : 'other'
  }

  #open(isObject: boolean): void {
    const level = this.#skipped > 0 || this.#levels.length >= MAX_DEPTH ? null : this.#inner(isObject)
    if (level === null) {
      this.#skipped++
      return
    }
    this.#levels.push(level)
    this.#expectsKey = isObject
  }

  /** What opens here, as far as the forms know it. A list within a list is in none of them. */
  #inner(isObject: boolean): Level | null {
    const top = this.#top
    if (top === undefined) return { form: this.#root, isObject, isOfIds: false }
    if (!top.isObject) return isObject && top.form !== NO_FORM ? { form: top.form, isObject, isOfIds: false } : null
    const form = top.form.member(this.#key)
    const isOfIds = !isObject && top.form.seals(this.#key)
    if (form === null && !isOfIds) return null
    return { form: form ?? NO_FORM, isObject, isOfIds }
  }
}

/** Of objects in a list of ids: they are none. */
const NO_FORM: AnswerForm = { seals: () => false, names: () => false, member: () => null }

/** Marks stand in a name as they are: no writer of JSON escapes their letters. */
function noteMarks(name: string, offset: number, changes: Change[]): void {
  if (!name.includes(MARK_VERSION)) return
  for (const { index } of name.matchAll(NAME_MARK))
    changes.push({ at: offset + index, text: '', cut: NAME_MARK_LENGTH })
}

/** A key or an id as it is meant. In Latin-1 nothing but ASCII is itself; what is looked for has nothing else. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  try {
    return String(JSON.parse(`"${text}"`))
  } catch {
    return ''
  }
}
