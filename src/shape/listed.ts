import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { elementStarts, findMember, skipSpace, valueEnd } from '../model/json-text.ts'
import { MARK_KEY, type MarkPlace, unmarkedName } from '../model/marks.ts'
import { type Marker, PLAIN_VERDICT, type Sealer } from '../model/sealing.ts'
import { markInName } from './name-mark.ts'

/** By what one's own objects are known. */
export interface Whose {
  readonly marker: Marker
  readonly sealer: Sealer
  /** Where the marks stand. */
  readonly place: MarkPlace
  /**
   * The only words for `purpose` that one's own objects have; null for any. A file that a model makes has a name of the
   * model's choice, which may be a mark that it has read: its purpose is one that no caller can give.
   */
  readonly purposes: ReadonlySet<string> | null
}

/** What is known of an object that is one's own: its verdict, and which of its ids say it. */
export interface Own {
  readonly judgedFor: string
  readonly judgedIds: readonly string[]
}

/** One object of a page, as the upstream wrote it; of what is nobody's there is no text. */
export interface Listed {
  readonly id: string
  readonly own: Own | null
  readonly text: string
}

/** Null for an object of somebody else; `name`: the one that it must have, as its owner knows it. */
export function ownOf(value: JsonObject, { marker, sealer, place, purposes }: Whose, name: string | null): Own | null {
  const judgedFor = marker.read(markOf(value, place))
  if (judgedFor === null) return null
  const purpose = ownValue(value, 'purpose')
  if (purposes !== null && !(typeof purpose === 'string' && purposes.has(purpose))) return null
  const named = ownValue(value, place)
  if (name !== null && (typeof named !== 'string' || unmarkedName(named) !== name)) return null
  const id = ownValue(value, 'id')
  // What cannot be sealed could not be named again, not even to go on behind it.
  if (typeof id !== 'string' || sealer.suffix(id) === null) return null
  if (judgedFor === PLAIN_VERDICT) return { judgedFor, judgedIds: [] }
  const input = ownValue(value, 'input_file_id')
  return { judgedFor, judgedIds: typeof input === 'string' ? [id, input] : [id] }
}

function markOf(value: JsonObject, place: MarkPlace): JsonValue | undefined {
  const written = ownValue(value, place)
  if (place !== 'metadata') return markInName(written)
  return isJsonObject(written) ? ownValue(written, MARK_KEY) : undefined
}

/** The objects of a page in its order; null for what is no page. */
export function readPage(
  text: string,
  ownOf: (value: JsonObject) => Own | null,
): { readonly objects: readonly Listed[]; readonly hasMore: boolean } | null {
  let document: JsonValue
  try {
    document = JSON.parse(text)
  } catch {
    return null
  }
  const data = isJsonObject(document) ? ownValue(document, 'data') : undefined
  const place = findMember(text, skipSpace(text, 0), 'data')
  if (!isJsonObject(document) || !Array.isArray(data) || place === null) return null
  const starts = elementStarts(text, place.value, data.length)
  const objects: Listed[] = []
  for (const [index, value] of data.entries()) {
    const start = starts[index]
    const id = isJsonObject(value) ? ownValue(value, 'id') : undefined
    if (!isJsonObject(value) || typeof id !== 'string' || id === '' || start === undefined) return null
    const own = ownOf(value)
    objects.push({ id, own, text: own === null ? '' : text.slice(start, valueEnd(text, start)) })
  }
  return { objects, hasMore: ownValue(document, 'has_more') !== false }
}
