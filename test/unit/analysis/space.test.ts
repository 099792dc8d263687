import fc from 'fast-check'
import t from 'tap'
import { type Formula, Formulas } from '../../../src/analysis/space-formula.ts'
import { addressesBetween } from '../../../src/analysis/space-network.ts'
import { solve, TooLarge } from '../../../src/analysis/space-solve.ts'
import { agesBetween, stepsOf } from '../../../src/analysis/space-steps.ts'
import { namesSelector, selectorTest, textClasses } from '../../../src/analysis/space-text.ts'
import { instantsOf, type TimeWindow } from '../../../src/analysis/space-time.ts'
import { contains, readAddress, readNetwork } from '../../../src/model/address.ts'
import type { PolicyInput } from '../../../src/model/decision.ts'
import { time } from '../../../src/policy/conditions/time.ts'

const ENOUGH = 100_000_000

function wordsUpTo(length: number): string[] {
  const all = ['']
  for (const word of all) if (word.length < length) all.push(...[...'abz'].map((letter) => word + letter))
  return all
}

t.test('texts: one for every combination of answers, none for two, and none that no text has', async (t) => {
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join(''))
  const words = wordsUpTo(7)
  fc.assert(
    fc.property(fc.array(fc.array(pattern, { maxLength: 3 }), { minLength: 1, maxLength: 4 }), (lists) => {
      const selectors = lists.map(namesSelector)
      const tests = selectors.map(selectorTest)
      const answers = (text: string) => tests.map((test) => test(text)).join()
      const classes = textClasses(selectors, { left: ENOUGH }, []).map(answers)
      if (new Set(classes).size !== classes.length) throw new Error('two texts are alike')
      const missing = words.find((word) => !classes.includes(answers(word)))
      if (missing !== undefined) throw new Error(`none is like ${missing}`)
    }),
    { numRuns: 300 },
  )
  t.pass()
})

t.test('texts: a combination that only one text has is found', async (t) => {
  const selectors = [['ab*'], ['*bc'], ['ab*bc']].map(namesSelector)
  t.ok(textClasses(selectors, { left: ENOUGH }, []).includes('abc'))
})

t.test('texts: too many overlaps are too large', async (t) => {
  const selectors = Array.from({ length: 30 }, (_, index) => namesSelector([`*${String.fromCharCode(97 + index)}*`]))
  t.throws(() => textClasses(selectors, { left: 1_000_000 }, []), new TooLarge('the patterns overlap in too many ways'))
})

t.test('instants: every combination of answers that a year has, and none that it has not', async (t) => {
  const windows: TimeWindow[] = [
    { zone: 'Europe/Berlin', from: '07:00', to: '19:00' },
    { zone: 'America/New_York', from: '22:00', to: '06:00', days: ['mon'] },
    { zone: 'Australia/Lord_Howe', days: ['sat', 'sun'] },
    { zone: 'UTC', from: '02:00', to: '03:00' },
  ]
  const tests = windows.map((window) => time.compile(window))
  const answers = (at: number) => tests.map((test) => test({ at } as PolicyInput)).join()
  const found = instantsOf(windows).map(answers)
  t.equal(new Set(found).size, found.length)
  const year = Array.from({ length: 400 * 48 }, (_, index) => Date.UTC(2026, 0, 1) + index * 1_800_000)
  t.same(new Set(found), new Set(year.map(answers)))
})

t.test('addresses: one from every stretch between the borders', async (t) => {
  const ranges = ['10.0.0.0/8', '10.1.0.0/16', '0.0.0.0/0', '::/0', '2001:db8::/32', '::ffff:192.168.0.0/112', '::/64']
  const networks = ranges.map(readNetwork).filter((one) => one !== null)
  const answers = (address: string) => {
    const groups = readAddress(address)
    return groups && networks.map((network) => contains(network, groups)).join()
  }
  const found = new Set(addressesBetween(ranges).map(answers))
  t.notOk(found.has(null), 'each can be read')
  const some = [
    '10.0.0.1',
    '10.1.2.3',
    '11.0.0.0',
    '9.255.255.255',
    '192.168.7.7',
    '2001:db8::7',
    '2001:db9::',
    '::7',
    '1::',
  ]
  for (const address of [...some, '::ffff:10.1.2.3']) t.ok(found.has(answers(address)), address)
})

t.test('numbers: each side of every limit', async (t) => {
  t.same(stepsOf([100, 1, 100]), [1, 100, 101])
  t.same(stepsOf([]), [1])
  t.same(agesBetween([]), [undefined])
  t.same(agesBetween([3_600_000, 250]), [125, 1_801_000, 3_660_000, undefined])
})

t.test('the search finds values exactly when there are some', async (t) => {
  const SIZES = [2, 3, 2, 4]
  type Node = { readonly variable: number; readonly mask: number } | { readonly kind: string; readonly parts: Node[] }
  const { node } = fc.letrec<{ node: Node }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.record({ variable: fc.nat(3), mask: fc.nat(15) }),
      fc.record({
        kind: fc.constantFrom('all', 'any', 'not'),
        parts: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
      }),
    ),
  }))
  const holds = (one: Node, values: readonly number[]): boolean => {
    if ('variable' in one) return ((one.mask >> (values[one.variable] ?? 0)) & 1) === 1
    if (one.kind === 'not') return !holds(one.parts[0] as Node, values)
    return one.kind === 'all' ? one.parts.every((p) => holds(p, values)) : one.parts.some((p) => holds(p, values))
  }
  const all = SIZES.reduce<number[][]>(
    (found, size) => found.flatMap((values) => Array.from({ length: size }, (_, value) => [...values, value])),
    [[]],
  )
  let solved = 0
  fc.assert(
    fc.property(node, (tree) => {
      const formulas = new Formulas()
      const variables = SIZES.map((size) => formulas.variable(size))
      const build = (one: Node): Formula => {
        if ('variable' in one) {
          const full = 2 ** (SIZES[one.variable] ?? 0) - 1
          return formulas.literal(variables[one.variable] ?? 0, BigInt(one.mask & full))
        }
        const parts = one.parts.map(build)
        if (one.kind === 'not') return formulas.not(parts[0] ?? 0)
        return one.kind === 'all' ? formulas.all(parts) : formulas.any(parts)
      }
      const solution = solve(formulas, [build(tree)], { left: ENOUGH })
      const isPossible = all.some((values) => holds(tree, values))
      if (isPossible !== (solution !== null)) throw new Error('found what is not there, or not what is')
      if (solution && !holds(tree, solution)) throw new Error('what was found does not hold')
      if (solution) solved++
    }),
    { numRuns: 3000 },
  )
  t.ok(solved > 500 && solved < 2990, `some have values and some have none (${solved})`)
})
