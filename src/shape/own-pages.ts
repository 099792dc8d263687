import { type Fault, fault } from '../model/fault.ts'
import { isJsonObject, type JsonValue, ownValue } from '../model/json.ts'
import { elementStarts, findMember, skipSpace, valueEnd } from '../model/json-text.ts'
import { MARK_KEY } from '../model/marks.ts'
import type { Marker, Sealer } from '../model/sealing.ts'
import { markRefused } from './mark.ts'

/** What the API takes for `limit` where the caller says nothing, and at most. */
const LIMIT = 20
const MAX_LIMIT = 100
const FILTER = `metadata[${MARK_KEY}]`

/** Whose objects of an account's list are answered. */
export interface OwnList {
  readonly marker: Marker
  readonly sealer: Sealer
  /** The API itself can leave out those that do not have a pair of metadata. */
  readonly isNarrowed: boolean
}

type Pairs = readonly (readonly [string, string])[]

/** Why a list is not asked for: a limit that is none, or a filter by the proxy's own pair. */
export function listFault(query: string): Fault | null {
  for (const [key, value] of pairsOf(query)) {
    if (key === FILTER) return markRefused
    if (key === 'limit' && !/^0*[1-9][0-9]{0,8}$/.test(value)) {
      return fault('invalid_request', '`limit` is not a whole number above zero', { param: 'limit' })
    }
  }
  return null
}

function pairsOf(query: string): Pairs {
  if (query === '') return []
  return query.split('&').map((pair) => {
    const equals = pair.indexOf('=')
    return [decodeURIComponent(pair.slice(0, equals)), decodeURIComponent(pair.slice(equals + 1))]
  })
}

/** One object of a page, as the upstream wrote it. */
interface Listed {
  readonly id: string
  readonly isOwn: boolean
  readonly text: string
}

interface Kept {
  readonly id: string
  readonly bytes: Buffer
}

/**
 * One page of one's own objects, gathered from as many pages of the account's list as it takes: each object once, in the
 * order of the account's list. One more than is asked for is looked for, so that `has_more` is true only where there is
 * more.
 */
export class OwnPages {
  readonly #list: OwnList
  readonly #pairs: Pairs
  readonly #wanted: number
  /** A page before an object is gathered from its end. */
  readonly #isBackward: boolean
  readonly #kept = new Map<string, Kept>()
  #cursor: string | null = null
  #size: number
  #isEnded = false
  #keptBytes = 0

  /** `query`: the caller's, its ids opened; what `listFault` admits. */
  constructor(list: OwnList, query: string) {
    const pairs = pairsOf(query)
    const limit = pairs.find(([key]) => key === 'limit')?.[1]
    this.#list = list
    this.#wanted = limit === undefined ? LIMIT : Math.min(Number(limit), MAX_LIMIT)
    this.#isBackward = pairs.some(([key]) => key === 'before') && !pairs.some(([key]) => key === 'after')
    this.#size = this.#isFiltered ? Math.min(this.#wanted + 1, MAX_LIMIT) : MAX_LIMIT
    this.#pairs = pairs
  }

  get #isFiltered(): boolean {
    return this.#list.isNarrowed && this.#list.marker.isOnlyMark
  }

  /** The query of the next page. */
  get query(): string {
    const way = this.#isBackward ? 'before' : 'after'
    const set = new Map<string, string>([['limit', String(this.#size)]])
    if (this.#cursor !== null) set.set(way, this.#cursor)
    if (this.#isFiltered) set.set(FILTER, this.#list.marker.mark)
    const kept = this.#pairs.filter(([key]) => !set.has(key))
    return [...kept, ...set].map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
  }

  /** Asks for smaller pages; false where they are as small as can be. */
  shrink(): boolean {
    if (this.#size === 1) return false
    this.#size = Math.max(1, Math.floor(this.#size / 5))
    return true
  }

  get count(): number {
    return this.#kept.size
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Nothing more is to be looked for. */
  get isDone(): boolean {
    return this.#isEnded || this.count > this.#wanted
  }

  /** Takes what is one's own of a page of the account's list; false where the text is none. */
  take(text: string): boolean {
    const page = readPage(text, (id, mark) => this.#isOwn(id, mark))
    if (page === null) return false
    const { objects, hasMore } = page
    for (const { id, isOwn, text } of this.#isBackward ? objects.toReversed() : objects) {
      if (!isOwn || this.#kept.has(id) || this.count > this.#wanted) continue
      const bytes = Buffer.from(text)
      this.#kept.set(id, { id, bytes })
      this.#keptBytes += bytes.length
    }
    const last = (this.#isBackward ? objects[0] : objects.at(-1))?.id ?? null
    // An upstream that does not go on by an id would be asked for the same page for ever.
    this.#isEnded = !hasMore || last === null || last === this.#cursor
    this.#cursor = last
    return true
  }

  /** The page as the API writes one, the ids as the upstream knows them. */
  document(): Buffer {
    const hasMore = this.count > this.#wanted || !this.#isEnded
    const shown = [...this.#kept.values()].slice(0, this.#wanted)
    if (this.#isBackward) shown.reverse()
    const ends = [shown[0], shown.at(-1)].map((one) => JSON.stringify(one?.id ?? null))
    const parts: Buffer[] = [Buffer.from('{"object":"list","data":[')]
    for (const [index, { bytes }] of shown.entries()) parts.push(Buffer.from(index === 0 ? '' : ','), bytes)
    parts.push(Buffer.from(`],"first_id":${ends[0]},"last_id":${ends[1]},"has_more":${hasMore}}`))
    return Buffer.concat(parts)
  }

  /** What cannot be sealed could not be named again, not even to go on behind it. */
  #isOwn(id: string, mark: JsonValue | undefined): boolean {
    return this.#list.marker.opens(mark) && this.#list.sealer.suffix(id) !== null
  }
}

function readPage(
  text: string,
  isOwn: (id: string, mark: JsonValue | undefined) => boolean,
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
    const metadata = ownValue(value, 'metadata')
    const mark = isJsonObject(metadata) ? ownValue(metadata, MARK_KEY) : undefined
    const own = isOwn(id, mark)
    objects.push({ id, isOwn: own, text: own ? text.slice(start, valueEnd(text, start)) : '' })
  }
  return { objects, hasMore: ownValue(document, 'has_more') !== false }
}
