import fc from 'fast-check'
import t from 'tap'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { OBJECT_KINDS, type ObjectKind } from '../../../src/model/objects.ts'
import type { ObjectScope } from '../../../src/model/sealing.ts'
import { edited } from '../../../src/shape/edits.ts'
import { marking, openMarker, unmarkable } from '../../../src/shape/mark.ts'
import { type Ownership, openKeyRing } from '../../../src/shape/seal.ts'
import { jsonText } from '../../support/sealed-answer.ts'
import { NOW, research, sealed, storedKey } from '../../support/sealing.ts'

const own: Ownership = { upstream: 'one', isolation: 'workspace', scope: research }
const ring = (...kids: string[]) =>
  openKeyRing(
    kids.map((kid, at) => storedKey(kid, { sealsFrom: NOW + at })),
    NOW + 9,
  )
const markerOf = (more: Partial<Ownership> = {}, kind: ObjectKind = 'batch', keys = ring('aaaaaa')) =>
  openMarker(keys, { ...own, ...more }, kind)

const user: ObjectScope = { kind: 'user', issuer: 'corp', user: 'ana' }
const others: readonly (readonly [string, ReturnType<typeof markerOf>])[] = [
  ['another workspace', markerOf({ scope: { kind: 'workspace', workspace: 'sales' } })],
  ['a user', markerOf({ scope: user })],
  ['another upstream', markerOf({ upstream: 'two' })],
  ['another isolation', markerOf({ isolation: 'user' })],
  ['another kind', markerOf({}, 'vector_store')],
  ['a retired key', markerOf({}, 'batch', ring('bbbbbb'))],
]
t.test('a mark opens for the scope, kind and upstream that it was made for alone', async (t) => {
  const { mark, read, isOnlyMark } = markerOf()
  t.match(mark(), /^spm1aaaaaa[\w-]{22}$/)
  t.equal(read(mark()), '1')
  t.equal(isOnlyMark, true)
  for (const [name, other] of others) t.same([other.read(mark()), read(other.mark())], [null, null], name)
  const whole = mark()
  for (const wrong of [undefined, null, 1, {}, '', 'spm1', whole.slice(0, -1), `${whole}A`, `${whole.slice(0, -1)}!`]) {
    t.equal(read(wrong), null, String(wrong))
  }
  const rotated = markerOf({}, 'batch', ring('aaaaaa', 'bbbbbb'))
  t.same([rotated.read(whole), rotated.isOnlyMark, rotated.mark() === whole], ['1', false, false], 'an older key opens')
})

t.test('a mark says what its object was judged for, where that may be read', async (t) => {
  const judging = openMarker(ring('aaaaaa'), own, 'batch', ['c', 'e'])
  t.equal(judging.mark(), markerOf().mark(), 'the same where nothing is said')
  t.same(
    ['c', 'e', 'r'].map((one) => judging.read(judging.mark(one))),
    ['c', 'e', null],
  )
  t.equal(new Set(['1', 'c', 'e'].map((one) => judging.mark(one))).size, 3)
  t.equal(markerOf().read(judging.mark('c')), null)
  const rotated = openMarker(ring('aaaaaa', 'bbbbbb'), own, 'batch', ['c', 'e'])
  t.equal(rotated.read(judging.mark('e')), 'e', 'an older key, too')
})

const scope = fc.oneof(
  fc.record({ kind: fc.constant('workspace' as const), workspace: fc.string() }),
  fc.record({ kind: fc.constant('user' as const), issuer: fc.string(), user: fc.string() }),
)
const ownership = fc.record({ upstream: fc.string(), isolation: fc.constantFrom('workspace', 'user'), scope })
t.test('no two owners have one mark', async () => {
  const kind = fc.constantFrom(...OBJECT_KINDS)
  fc.assert(
    fc.property(ownership, ownership, kind, kind, (one, other, kind, another) => {
      const isSame = JSON.stringify([one, kind]) === JSON.stringify([other, another])
      return (markerOf(other, another).read(markerOf(one, kind).mark()) === '1') === isSame
    }),
  )
})

t.test('a mark is the proof of no id', async (t) => {
  t.equal(markerOf().mark().slice(-22) === sealed('batch').slice(-22), false)
})

t.test('a body is marked in its text, and nothing else of it changes', async (t) => {
  let marked = 0
  const metadata = fc.option(fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }))
  const merged = jsonText.filter((text) => text.trimStart().startsWith('{'))
  fc.assert(
    fc.property(merged, fc.boolean(), metadata, (text, has, metadata) => {
      const member = `"metadata":${JSON.stringify(metadata)}`
      const open = text.indexOf('{') + 1
      const isEmpty = Object.keys(JSON.parse(text)).length === 0
      const whole = has ? `${text.slice(0, open)}${member}${isEmpty ? '' : ','}${text.slice(open)}` : text
      const body = parseJsonBody(Buffer.from(whole.toWellFormed()))
      if (!body.ok || body.value === null || unmarkable(body.value) !== null) return true
      marked++
      const written = JSON.parse(edited(body.value.text, [marking(body.value, 'M')]))
      const before = JSON.parse(body.value.text)
      before.metadata = { ...before.metadata, sallyport: 'M' }
      return t.same(written, before) as unknown as boolean
    }),
    { numRuns: 300 },
  )
  t.ok(marked > 100, `${marked} were`)
})

const bodies: readonly (readonly [string, object, string | null])[] = [
  ['nothing', {}, null],
  ['null', { metadata: null }, null],
  ['fifteen pairs', { metadata: Object.fromEntries(Array.from({ length: 15 }, (_, at) => [at, ''])) }, null],
  ['sixteen', { metadata: Object.fromEntries(Array.from({ length: 16 }, (_, at) => [at, ''])) }, 'invalid_body'],
  ['a list', { metadata: ['a'] }, 'invalid_body'],
  ['a text', { metadata: 'a' }, 'invalid_body'],
  ['the proxy’s own pair', { metadata: { sallyport: '' } }, 'invalid_body'],
  ['a pair like it', { metadata: { Sallyport: '' } }, null],
]
t.test('what can be marked', async (t) => {
  for (const [name, written, code] of bodies) {
    const body = parseJsonBody(Buffer.from(JSON.stringify(written)))
    t.equal(body.ok && unmarkable(body.value as never)?.code, code ?? undefined, name)
  }
  const spelled = parseJsonBody(Buffer.from('{"metadata":{"s\\u0061llyport":"x"}}'))
  t.equal(spelled.ok && unmarkable(spelled.value as never)?.code, 'invalid_body', 'in any spelling')
})
