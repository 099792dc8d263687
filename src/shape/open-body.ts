import { closingQuote } from '../model/json-text.ts'
import { CALLERS_OWN, holdsObjects } from '../model/object-members.ts'
import type { ObjectReference } from '../model/objects.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Edit } from './edits.ts'
import { SUFFIX_LENGTH } from './seal.ts'

/** The id as the upstream knows it; null for one that was not sealed for this caller. */
export type OpenId = (sealed: string) => string | null

/** More different ids than any honest body has: each one costs a digest. */
const MAX_IDS = 2048

/** An id in a body that does not open, as the client wrote it. */
export type Unopened = Pick<ObjectReference, 'key' | 'id'>

export interface BodyIds {
  /** What the facts say that the body refers to. */
  readonly noted: readonly ObjectReference[]
  /** Whatever stands under a key that holds ids must be a sealed one: the answer seals what it finds under such keys. */
  readonly isStrict: boolean
}

/**
 * The edits that open the sealed ids in the text of a body. Opened is what stands under a key that holds ids, outside of
 * the caller's own JSON. Fails with the first id that does not open: every one that the facts note, and with `isStrict`
 * every one there is.
 *
 * An id that is written with escapes does not open, so that what is cut off is what stands there.
 * INVARIANT: the text is valid JSON, its depth bounded by what admitted it, and no key stands twice in an object.
 */
export function openBody(text: string, { noted, isStrict }: BodyIds, open: OpenId): Result<Edit[], Unopened> {
  const edits: Edit[] = []
  const opens = new Map<string, boolean>()
  let unopened: Unopened | null = null
  eachId(text, (key, from, to) => {
    const id = text.slice(from, to)
    let isOpened = opens.get(id)
    if (isOpened === undefined) {
      isOpened = opens.size < MAX_IDS && open(id) !== null
      opens.set(id, isOpened)
    }
    if (isOpened) edits.push({ from: to - SUFFIX_LENGTH, to, text: '' })
    else if ((isStrict && id !== '') || opens.size > MAX_IDS) unopened = { key, id }
    return unopened === null
  })
  // Said first as the facts name it: their keys are those of the documentation.
  const missing = noted.find(({ id }) => opens.get(id) !== true) ?? unopened
  return missing === null ? ok(edits) : failed({ key: missing.key, id: missing.id })
}

interface Level {
  readonly isObject: boolean
  readonly isOwn: boolean
  /** Strings here are ids under this key. */
  readonly idKey: string | null
}

const ROOT: Level = { isObject: false, isOwn: false, idKey: null }

/**
 * Calls `found` for each string under a key that holds ids, with the place of what stands between its quotes, until it says
 * that this is enough.
 */
function eachId(text: string, found: (key: string, from: number, to: number) => boolean): void {
  const levels: Level[] = [ROOT]
  let top: Level = ROOT
  let key = ''
  let expectsKey = false
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case 34: {
        const from = index + 1
        index = closingQuote(text, from)
        if (index === -1) return
        if (expectsKey) key = keyOf(text.slice(from, index))
        else if (!top.isOwn) {
          const idKey = top.isObject ? (holdsObjects(key) ? key : null) : top.idKey
          if (idKey !== null && !found(idKey, from, index)) return
        }
        break
      }
      case 123: // {
      case 91: // [
        top = within(top, key, text.charCodeAt(index) === 123)
        levels.push(top)
        expectsKey = top.isObject
        break
      case 125: // }
      case 93: // ]
        levels.pop()
        top = levels[levels.length - 1] ?? ROOT
        expectsKey = false
        break
      case 44: // ,
        expectsKey = top.isObject
        break
      case 58: // :
        expectsKey = false
        break
    }
  }
}

function within(outer: Level, key: string, isObject: boolean): Level {
  const isOwn = outer.isOwn || (outer.isObject && CALLERS_OWN.has(key))
  const holds = outer.isObject ? (holdsObjects(key) ? key : null) : outer.idKey
  return { isObject, isOwn, idKey: isObject ? null : holds }
}

function keyOf(written: string): string {
  return written.includes('\\') ? JSON.parse(`"${written}"`) : written
}
