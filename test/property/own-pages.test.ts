import fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../src/model/json.ts'
import { openMarker } from '../../src/shape/mark.ts'
import { listFault, type OwnList, OwnPages } from '../../src/shape/own-pages.ts'
import { openKeyRing } from '../../src/shape/seal.ts'
import { pageOf } from '../support/object-pages.ts'
import { NOW, research, sealerOf, storedKey } from '../support/sealing.ts'

const ring = openKeyRing([storedKey('aaaaaa'), storedKey('bbbbbb', { createdAt: NOW - 1, sealsFrom: NOW - 1 })], NOW)
const own = { upstream: 'one', isolation: 'workspace', scope: research } as const
const marks = {
  mine: openMarker(ring, own, 'batch').mark(),
  old: openMarker(openKeyRing([storedKey('bbbbbb')], NOW), own, 'batch').mark(),
  theirs: openMarker(ring, { ...own, scope: { kind: 'workspace', workspace: 'sales' } }, 'batch').mark(),
  eval: openMarker(ring, own, 'eval').mark(),
}
const whose = { marker: openMarker(ring, own, 'batch'), sealer: sealerOf(), place: 'metadata' as const, purposes: null }
const list = { ...whose, isNarrowed: false, judged: new Map<string, string>() }
const narrowed = {
  ...list,
  marker: openMarker(openKeyRing([storedKey('aaaaaa')], NOW), own, 'batch'),
  isNarrowed: true,
}

/** What an account holds: of each object the mark, and how it is spelled. */
const account = fc.array(fc.constantFrom('mine', 'mine', 'old', 'theirs', 'theirs', 'eval', 'none', 'null'), {
  maxLength: 350,
  size: 'max',
})
type Owner = keyof typeof marks | 'none' | 'null'

function objectsOf(owners: readonly Owner[]): JsonObject[] {
  return owners.map((owner, index) => {
    const text = `"},{ ${index}`
    const metadata = owner === 'null' ? null : owner === 'none' ? { text } : { text, sallyport: marks[owner] }
    return { id: `batch_${index}`, metadata, text }
  })
}

/** The same of files: by a mark in the name, and for what they are. */
const fileMarker = openMarker(ring, own, 'file', ['c'])
const fileMarks = {
  mine: fileMarker.mark(),
  judged: fileMarker.mark('c'),
  old: openMarker(openKeyRing([storedKey('bbbbbb')], NOW), own, 'file').mark(),
  theirs: openMarker(ring, { ...own, scope: { kind: 'workspace', workspace: 'sales' } }, 'file').mark(),
  container: openMarker(ring, own, 'container').mark(),
}
const purposes: ReadonlySet<string> = new Set(['assistants', 'batch'])
const files = { ...list, marker: fileMarker, place: 'filename' as const, purposes, judged: new Map<string, string>() }
const OWN = ['mine', 'judged', 'old']
const owned = fc.array(
  fc.tuple(
    fc.constantFrom(...(Object.keys(fileMarks) as (keyof typeof fileMarks)[]), 'none' as const),
    fc.constantFrom('assistants', 'batch', 'assistants_output'),
    fc.boolean(),
  ),
  { maxLength: 350, size: 'max' },
)

t.test('a file is one’s own by one mark in its name, and by a purpose that callers give', async () => {
  fc.assert(
    fc.property(owned, fc.constantFrom(1, 7, 400, null), (rows, limit) => {
      const objects: JsonObject[] = rows.map(([owner, purpose, isTwice], at) => {
        const mark = owner === 'none' ? '' : `${fileMarks[owner]}-`
        return { id: `file-${at}`, purpose, filename: `${isTwice && at % 9 === 0 ? mark : ''}${mark}a.csv` }
      })
      const expected = objects.filter((_, at) => {
        const [owner, purpose, isTwice] = rows[at] ?? ['none', '', false]
        return OWN.includes(owner) && purposes.has(purpose) && !(isTwice && at % 9 === 0)
      })
      const walked: unknown[] = []
      for (let after = ''; ; ) {
        const page = gather(objects, `${limit === null ? '' : `limit=${limit}`}${after}`, files)
        walked.push(...page.data)
        if (!page.has_more) break
        after = `&after=${page.last_id}`
      }
      const judged = expected.every(({ id }) => {
        const at = Number(String(id).slice('file-'.length))
        return (files.judged.get(String(id)) ?? '1') === (rows[at]?.[0] === 'judged' ? 'c' : '1')
      })
      files.judged.clear()
      return judged && JSON.stringify(walked) === JSON.stringify(expected)
    }),
    { numRuns: 100 },
  )
})

interface Page {
  readonly data: readonly { readonly id: string }[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

/** One page of one's own, and how many of the account's it took. */
function gather(objects: readonly JsonObject[], query: string, kept: OwnList = list): Page {
  const pages = new OwnPages(kept, query)
  for (let count = 0; count < 400; count++) {
    if (!pages.take(JSON.stringify(pageOf(objects, new URLSearchParams(pages.query)), null, count % 3)))
      throw new Error()
    if (pages.isDone) return JSON.parse(pages.document().toString())
  }
  throw new Error('it does not end')
}

const limits = fc.constantFrom(1, 2, 3, 19, 20, 99, 100, 500)

t.test('walking the pages lists what is one’s own, each once, in the order of the account', async () => {
  fc.assert(
    fc.property(account, limits, fc.boolean(), (owners, limit, isNarrowed) => {
      const objects = objectsOf(owners as Owner[])
      const expected = objects.filter((_, at) => owners[at] === 'mine' || (!isNarrowed && owners[at] === 'old'))
      const walked: unknown[] = []
      let after = ''
      for (;;) {
        const page = gather(objects, `limit=${limit}${after}`, isNarrowed ? narrowed : list)
        walked.push(...page.data)
        const full = page.data.length === Math.min(limit, 100)
        if (page.has_more && !full) return false
        if (page.first_id !== (page.data[0]?.id ?? null) || page.last_id !== (page.data.at(-1)?.id ?? null))
          return false
        if (!page.has_more) break
        after = `&after=${page.last_id}`
      }
      return JSON.stringify(walked) === JSON.stringify(expected)
    }),
    { numRuns: 150 },
  )
})

t.test('the page before an object is the one that it follows', async () => {
  fc.assert(
    fc.property(account, fc.nat(), limits, (owners, at, limit) => {
      const objects = objectsOf(owners as Owner[])
      if (objects.length === 0) return true
      const cursor = at % objects.length
      const all = objects.slice(0, cursor).filter((_, at) => owners[at] === 'mine' || owners[at] === 'old')
      const page = gather(objects, `before=${objects[cursor]?.id}&limit=${limit}`)
      const size = Math.min(limit, 100)
      return JSON.stringify(page.data) === JSON.stringify(all.slice(-size)) && page.has_more === all.length > size
    }),
    { numRuns: 150 },
  )
})

t.test('what an upstream may say instead of a page', async (t) => {
  for (const text of ['', '{', '[]', '{"data":{}}', '{"data":[1]}', '{"data":[{"id":1}]}', '{"data":[{}]}']) {
    t.equal(new OwnPages(list, '').take(text), false, text)
  }
  const stuck = new OwnPages(list, '')
  const same = JSON.stringify({ data: objectsOf(['mine', 'theirs']), has_more: true })
  t.same([stuck.take(same), stuck.isDone, stuck.take(same), stuck.isDone], [true, false, true, true], 'the same again')
  t.equal(JSON.parse(stuck.document().toString()).data.length, 1, 'each once')
  const silent = new OwnPages(list, '')
  t.same([silent.take('{"data":[]}'), silent.isDone], [true, true], 'nothing, and no word of more')
})

t.test('what is asked of the upstream', async (t) => {
  t.equal(new OwnPages(list, 'order=asc&limit=3').query, 'order=asc&limit=100')
  const pairs = new URLSearchParams(new OwnPages(narrowed, 'limit=3&metadata%5Ba%5D=b').query)
  t.same(
    [...pairs],
    [
      ['metadata[a]', 'b'],
      ['limit', '4'],
      ['metadata[sallyport]', marks.mine],
    ],
  )
  const shrunk = new OwnPages(list, '')
  t.same(
    [shrunk.shrink(), shrunk.query, shrunk.shrink(), shrunk.shrink(), shrunk.query],
    [true, 'limit=20', true, true, 'limit=1'],
  )
  t.equal(shrunk.shrink(), false)
  const containers = { ...list, place: 'name' as const }
  t.equal(new OwnPages(containers, 'name=a%20b').query, 'limit=100', 'a name that several keys may have marked')
  const only = { ...narrowed, isNarrowed: false, place: 'name' as const }
  t.equal(new OwnPages(only, 'name=a%20b').query, `limit=100&name=${only.marker.mark()}-a%20b`)
  t.equal(new OwnPages(files, 'purpose=batch').query, 'purpose=batch&limit=1000')
  t.equal(new OwnPages(list, 'name=a').query, 'name=a&limit=100')
  for (const limit of ['0', '-1', 'x', '', '1.5', '1e3']) t.equal(listFault(`limit=${limit}`)?.param, 'limit', limit)
  t.equal(listFault('metadata%5Bsallyport%5D=x')?.param, 'metadata')
  for (const query of ['', 'limit=1', 'limit=007', 'metadata%5Ba%5D=x']) t.equal(listFault(query), null, query)
})
