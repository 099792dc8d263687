import { type Fault, fault } from '../model/fault.ts'
import { MARK_KEY } from '../model/marks.ts'
import { type Listed, ownOf, readPage, type Whose } from './listed.ts'
import { markRefused } from './mark.ts'
import { markedName } from './name-mark.ts'

const FILTER = `metadata[${MARK_KEY}]`

/** What the API takes for `limit` where the caller says nothing, and at most, and what pages of the account are asked for. */
const LIMITS = {
  metadata: { usual: 20, most: 100, page: 100 },
  name: { usual: 20, most: 100, page: 100 },
  filename: { usual: 10_000, most: 10_000, page: 1000 },
} as const

/** Whose objects of an account's list are answered. */
export interface OwnList extends Whose {
  /** The API itself can leave out those that do not have a pair of metadata. */
  readonly isNarrowed: boolean
  /** Filled while pages are read: the verdicts that the ids in them say, but for those of which nothing more is known. */
  readonly judged: Map<string, string>
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

function pairOf(key: string, value: string): string {
  return `${encodeURIComponent(key)}=${encodeURIComponent(value)}`
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
  /** What a list is narrowed to by name; null for nothing. */
  readonly #name: string | null
  readonly #kept = new Map<string, Kept>()
  #cursor: string | null = null
  #size: number
  #isEnded = false
  #keptBytes = 0

  /** `query`: the caller's, its ids opened; what `listFault` admits. */
  constructor(list: OwnList, query: string) {
    const pairs = pairsOf(query)
    const limit = pairs.find(([key]) => key === 'limit')?.[1]
    const { usual, most, page } = LIMITS[list.place]
    this.#list = list
    this.#wanted = limit === undefined ? usual : Math.min(Number(limit), most)
    this.#isBackward = pairs.some(([key]) => key === 'before') && !pairs.some(([key]) => key === 'after')
    this.#name = list.place === 'name' ? (pairs.find(([key]) => key === 'name')?.[1] ?? null) : null
    this.#size = this.#isFiltered ? Math.min(this.#wanted + 1, most) : page
    this.#pairs = pairs
  }

  get #isFiltered(): boolean {
    return this.#list.isNarrowed && this.#list.marker.isOnlyMark
  }

  /** The query of the next page. */
  get query(): string {
    const way = this.#isBackward ? 'before' : 'after'
    const { marker } = this.#list
    const set = new Map<string, string | null>([['limit', String(this.#size)]])
    if (this.#cursor !== null) set.set(way, this.#cursor)
    if (this.#isFiltered) set.set(FILTER, marker.mark())
    // By a name that another key has marked nothing would be found.
    if (this.#name !== null) set.set('name', marker.isOnlyMark ? markedName(this.#name, marker.mark()) : null)
    const kept = this.#pairs.filter(([key]) => !set.has(key))
    return [...kept, ...set].flatMap(([key, value]) => (value === null ? [] : [pairOf(key, value)])).join('&')
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
    const page = readPage(text, (value) => ownOf(value, this.#list, this.#name))
    if (page === null) return false
    const { objects, hasMore } = page
    for (const object of this.#isBackward ? objects.toReversed() : objects) this.#keep(object)
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

  #keep({ id, own, text }: Listed): void {
    if (own === null || this.#kept.has(id) || this.count > this.#wanted) return
    const bytes = Buffer.from(text)
    this.#kept.set(id, { id, bytes })
    this.#keptBytes += bytes.length
    for (const one of own.judgedIds) this.#list.judged.set(one, own.judgedFor)
  }
}
