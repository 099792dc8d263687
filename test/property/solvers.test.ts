/**
 * `who-can` searches for one request that meets conditions, and `policy diff` goes through a request of every kind. Both
 * are asked the same here and must answer alike, and what either finds must be so by the conditions themselves.
 */
import fc from 'fast-check'
import t from 'tap'
import { cellOf, fieldOf, roleSubject } from '../../src/analysis/access-cell.ts'
import { serving } from '../../src/analysis/access-universe.ts'
import { diffPolicies } from '../../src/analysis/diff.ts'
import { findAddress } from '../../src/analysis/find-address.ts'
import { findText, hasText } from '../../src/analysis/find-text.ts'
import { findInstant } from '../../src/analysis/find-time.ts'
import { namesAndPatterns } from '../../src/analysis/parts.ts'
import { addressesBetween } from '../../src/analysis/space-network.ts'
import { namesSelector, selectorTest, textClasses } from '../../src/analysis/space-text.ts'
import { instantsOf, instantTest, type TimeWindow } from '../../src/analysis/space-time.ts'
import { contains, readAddress, readNetwork } from '../../src/model/address.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { cellAlike } from '../support/diffed.ts'
import { documentsArbitrary, KNOWN, pick, ROLES, sources } from '../support/policies.ts'
import type { ReferenceDocument } from '../support/reference.ts'
import { runs } from './amount.ts'

const FROM = Date.parse('2026-03-02T09:00:00Z')

/** Whether some of the values that stand for all others is in each of `within` and in none of `without`. */
function isAmong<Value>(values: readonly Value[], within: readonly Test<Value>[], without: readonly Test<Value>[]) {
  return values.some((value) => within.every((test) => test(value)) && !without.some((test) => test(value)))
}
type Test<Value> = (value: Value) => boolean

const lists = <Item>(item: fc.Arbitrary<Item>) =>
  fc.array(fc.array(item, { minLength: 1, maxLength: 3 }), { maxLength: 3 })
/** At least one condition: nothing is searched for by none. */
const groups = <Item>(item: fc.Arbitrary<Item>) =>
  fc
    .record({ within: lists(item), without: lists(item) })
    .filter(({ within, without }) => within.length + without.length > 0)

const pattern = fc
  .array(pick(['a', 'b', '*', '\u{1f600}', 'a', '*']), { minLength: 1, maxLength: 5 })
  .map((letters) => letters.join(''))

t.test('texts by names and patterns', async (t) => {
  const seen = { found: 0, none: 0 }
  fc.assert(
    fc.property(groups(pattern), ({ within, without }) => {
      const [yes, no] = [within.map(namesAndPatterns), without.map(namesAndPatterns)]
      const found = findText(yes, no)
      if (found === 'undecided') throw new Error('undecided')
      const classes = textClasses([...within, ...without].map(namesSelector), { left: 1e9 }, [])
      const test = (list: readonly string[]) => selectorTest(namesSelector(list))
      const isThere = isAmong(classes, within.map(test), without.map(test))
      if (found === 'none') seen.none++
      else seen.found++
      if (isThere !== (found !== 'none')) throw new Error(`${isThere} and ${JSON.stringify(found)}`)
      if (found === 'none') return
      const holds = yes.every((one) => hasText(one, found.text)) && !no.some((one) => hasText(one, found.text))
      if (!holds || !isAmong([found.text], within.map(test), without.map(test))) throw new Error(`not ${found.text}`)
    }),
    runs(1),
  )
  t.ok(seen.found > seen.none / 10 && seen.none > seen.found / 10, JSON.stringify(seen))
})

const range = fc.oneof(
  fc
    .tuple(pick(['10.0.0.0', '10.128.0.0', '10.0.0.1', '0.0.0.0']), pick([0, 7, 8, 9, 31, 32]))
    .map(([address, bits]) => `${address}/${bits}`),
  fc
    .tuple(pick(['::', '2001:db8::', '::ffff:10.0.0.0', '::1:0:0:0']), pick([0, 32, 80, 95, 96, 104, 127]))
    .map(([address, bits]) => `${address}/${bits}`),
)

t.test('addresses by networks', async (t) => {
  const seen = { found: 0, none: 0 }
  fc.assert(
    fc.property(groups(range), ({ within, without }) => {
      const found = findAddress(within, without)
      const test = (ranges: readonly string[]): Test<string> => {
        const networks = ranges.map(readNetwork)
        return (written) => {
          const address = readAddress(written)
          if (address === null) throw new Error(`not an address: ${written}`)
          return networks.some((network) => network !== null && contains(network, address))
        }
      }
      const [yes, no] = [within.map(test), without.map(test)]
      const isThere = isAmong(addressesBetween([...within, ...without].flat()), yes, no)
      if (found === null) seen.none++
      else seen.found++
      if (isThere !== (found !== null)) throw new Error(`${isThere} and ${found}`)
      if (found !== null && !isAmong([found], yes, no)) throw new Error(`not ${found}`)
    }),
    runs(1),
  )
  t.ok(seen.found > seen.none / 10 && seen.none > seen.found / 10, JSON.stringify(seen))
})

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const window = (zones: readonly string[]): fc.Arbitrary<TimeWindow> =>
  fc.record({
    days: fc.uniqueArray(pick(DAYS), { minLength: 1, maxLength: 5 }),
    zone: pick(zones),
    from: pick(['07:00', '22:00', '02:30', '00:00']),
    to: pick(['19:00', '06:00', '03:00', '00:01']),
  }) as fc.Arbitrary<TimeWindow>

for (const zones of [['Europe/Berlin'], ['UTC'], ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata']]) {
  t.test(`instants by windows in ${zones.join(', ')}`, async (t) => {
    const seen = { found: 0, none: 0 }
    const windows = fc.record({
      within: fc.array(window(zones), { maxLength: 2 }),
      without: fc.array(window(zones), { maxLength: 2 }),
    })
    fc.assert(
      fc.property(windows, ({ within, without }) => {
        const found = findInstant(within, without, FROM)
        const [yes, no] = [within.map(instantTest), without.map(instantTest)]
        const isThere = isAmong(instantsOf([...within, ...without]), yes, no)
        if (found === null) seen.none++
        else seen.found++
        if (isThere !== (found !== null)) throw new Error(`${isThere} and ${found}`)
        if (found !== null && !isAmong([found], yes, no)) throw new Error(`not ${found}`)
      }),
      runs(0.05),
    )
    t.ok(seen.found > 0 && seen.none > 0, JSON.stringify(seen))
  })
}

const MODELS = ['gpt-4o', 'gpt-4o-mini', 'o', 'constructor']

/** Upstreams of every kind that a rule could speak of are beyond what `who-can` is asked about: such rules are left out. */
const policies: fc.Arbitrary<readonly ReferenceDocument[]> = documentsArbitrary.map((files) =>
  files.map(({ rules = [], ...rest }) => {
    const kept = rules.filter(({ when }) => when?.region === undefined && when?.upstream === undefined)
    return kept.length === 0 ? rest : { ...rest, rules: kept }
  }),
)

function withoutRules(file: ReferenceDocument): ReferenceDocument {
  const { rules: _, ...rest } = file
  return rest
}

t.test('who may use a model at all', async (t) => {
  const seen = { open: 0, closed: 0 }
  const upstreams = [{ name: 'any', region: undefined, labels: {}, models: namesAndPatterns(['*']) }]
  fc.assert(
    fc.property(policies, (documents) => {
      const compiled = (files: readonly unknown[]) => {
        const { policy } = compilePolicy(sources(files), KNOWN)
        if (!policy) throw new Error('the generated policy has problems')
        return policy
      }
      const [none, policy] = [compiled(documents.map(withoutRules)), compiled(documents)]
      const { findings, undecided, rules } = diffPolicies(none, policy)
      if (undecided.length > 0) throw new Error(`undecided: ${undecided[0]?.why}`)
      const analysed = { outline: policy.outline(), upstreams, at: FROM }
      for (const operation of ['chat', 'embeddings']) {
        for (const model of MODELS) {
          const target = { kind: 'name', label: model, name: model } as const
          const about = { label: operation, asked: operation }
          if (serving(analysed, target, [about]).length !== 1) throw new Error('nobody serves the model')
          const field = fieldOf(analysed, about, target)
          const can = [null, ...ROLES].some((role) => cellOf(field, roleSubject(analysed, role)).ways.length > 0)
          const opens = findings.some(
            ({ opens, cells }) =>
              opens && cells.some((cell) => cellAlike(rules, none, policy, cell, { operation, model })),
          )
          if (can) seen.open++
          else seen.closed++
          if (can !== opens) throw new Error(`who-can: ${can}, diff: ${opens}, for ${operation} of ${model}`)
        }
      }
    }),
    runs(0.06),
  )
  t.ok(seen.open > seen.closed / 10 && seen.closed > seen.open / 10, JSON.stringify(seen))
})
