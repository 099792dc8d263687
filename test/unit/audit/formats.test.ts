import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { eventId } from '../../../src/audit/event-id.ts'
import { MAX_LINE_BYTES } from '../../../src/audit/formats/format.ts'
import { FORMATS } from '../../../src/audit/formats/index.ts'
import { isoTime } from '../../../src/audit/formats/text.ts'
import type { AuditEvent } from '../../../src/model/audit.ts'
import { events, hostile, long } from '../../fixtures/audit/arbitraries.ts'
import { alice, FIXTURES } from '../../fixtures/audit/events.ts'

const STAMP = { id: eventId(1_787_000_000_000), sequence: 7 }
const NOT_FORMATS = [
  'budget.ts',
  'ecs-asked.ts',
  'ecs-call.ts',
  'ecs-person.ts',
  'ecs-request.ts',
  'extra.ts',
  'format.ts',
  'index.ts',
  'text.ts',
]

t.test('every format of the folder is in the list, once', async (t) => {
  const files = readdirSync(new URL('../../../src/audit/formats', import.meta.url)).filter(
    (file) => !NOT_FORMATS.includes(file),
  )
  t.same(
    FORMATS.map(({ name }) => `${name}.ts`),
    files.sort(),
  )
})

t.test('an event id is a UUIDv7 of its time, and no two are the same', async (t) => {
  const at = Date.UTC(2026, 7, 22)
  const ids = Array.from({ length: 2000 }, () => eventId(at))
  t.equal(new Set(ids).size, ids.length)
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
  t.same(
    ids.filter((id) => !form.test(id) || timeOf(id) !== at),
    [],
  )
})

// JSON.parse takes a key twice without a word, and the second one wins: there must be a key for every colon.
function keysStandOnce(line: string): boolean {
  return countKeys(JSON.parse(line)) === countColons(line)
}
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce<number>((sum, member) => sum + countKeys(member), own)
}
function countColons(line: string): number {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1
}

const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\ufeff]/
t.test('times are written as Date writes them', async (t) => {
  const times = fc.integer({ min: 0, max: 253_402_300_799_999 })
  fc.assert(fc.property(times, (at) => isoTime(at) === new Date(at).toISOString()))
  for (const none of [Number.NaN, -1, Number.POSITIVE_INFINITY, 253_402_300_800_000]) {
    t.equal(isoTime(none), '1970-01-01T00:00:00.000Z')
  }
})

const hasControls = (text: string) => [...text].some((character) => character < ' ')

for (const format of FORMATS) {
  const render = format.open({ version: '1.4.0', environment: 'prod', node: 'pod-7' })

  t.test(`${format.name}: whatever an event says, its line is one line of valid JSON`, async (t) => {
    fc.assert(
      fc.property(events(hostile), (event) => {
        const line = render(event, STAMP)
        return (
          line.endsWith('\n') &&
          !UNPRINTABLE.test(line) &&
          !hasControls(line.slice(0, -1)) &&
          line.isWellFormed() &&
          line.startsWith('{"@timestamp":"') &&
          !line.includes(':null') &&
          keysStandOnce(line)
        )
      }),
      { numRuns: 1500 },
    )
    t.pass()
  })

  t.test(`${format.name}: no line is longer than 8 KiB, and what an event must have stays`, async (t) => {
    fc.assert(
      fc.property(events(long), (event) => {
        const line = render(event, STAMP)
        if (Buffer.byteLength(line) > MAX_LINE_BYTES || !keysStandOnce(line)) return false
        const parsed = JSON.parse(line)
        const has = (given: unknown, found: unknown) => given === undefined || found !== undefined
        return (
          parsed.event.action === event.action &&
          parsed.event.sequence === 7 &&
          has(event.request, parsed.http?.request?.id) &&
          has(event.request, parsed.url?.path) &&
          has(event.request?.model, parsed.gen_ai?.request?.model) &&
          has(event.principal, parsed.user?.id) &&
          has(event.reason, parsed.event.reason) &&
          has(event.stage, parsed.sallyport?.stage) &&
          has(event.decision, parsed.sallyport?.decision) &&
          parsed.service.name === 'sallyport'
        )
      }),
      { numRuns: 300 },
    )
    t.pass()
  })

  t.test(`${format.name}: the longest of everything at once fits`, async (t) => {
    for (const unit of ['a', '\u0000', '漢', '😀', '\u2028']) {
      const text = unit.repeat(9000)
      const every = fc.sample(events(fc.constant(text), true), { numRuns: 8, seed: 1 })
      for (const event of every) {
        const size = Buffer.byteLength(render(event, STAMP))
        if (size > MAX_LINE_BYTES) t.fail(`${size} bytes`)
      }
    }
    t.pass()
  })

  for (const [name, event] of Object.entries(FIXTURES)) {
    t.test(`${format.name}: a sane event is short and whole: ${name}`, async (t) => {
      const line = render(event, STAMP)
      t.ok(line.length < 4096)
      t.notOk('truncated' in (JSON.parse(line).sallyport ?? {}))
    })

    t.test(`${format.name}: nothing of a principal's claims is printed: ${name}`, async (t) => {
      const canary = 'canary-8f1c'
      const leaking = {
        ...event,
        principal: { ...alice, claims: { token: canary, [canary]: { nested: [canary] } }, secret: canary },
        request: {
          ...('request' in event ? event.request : FIXTURES.authorized.request),
          asked: { functions: ['search'], arguments: canary, urls: [canary] },
          headers: { authorization: canary },
          query: canary,
        },
        credential: canary,
        answer: { text: canary },
        upstream: { name: 'u', address: 'a', apiKey: canary },
        policy: { ruleset: 'sha256:', latencyNs: 1, roles: [], source: canary },
        error: { type: 't', cause: canary, stack: canary },
      } as unknown as AuditEvent
      t.notOk(render(leaking, STAMP).includes(canary))
    })
  }
}
