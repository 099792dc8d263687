import t from 'tap'
import { indexRules, type Lookup } from '../../../src/policy/candidates.ts'
import type { Dimension } from '../../../src/policy/rarest.ts'
import { type CompiledRule, nameSet } from '../../../src/policy/rule.ts'
import { plain } from '../../property/scale-policies.ts'
import { rulesOf, type Written } from './written-rules.ts'

const ALL: readonly Dimension[] = ['models', 'roles', 'workspaces', 'operations']

const nobody: Lookup = { operation: 'chat', model: 'm', roles: new Set(), moreRoles: new Set(), workspaces: [-1] }

/** The ranks of the rules that a lookup asks, in the order of asking. */
function asked(rules: readonly CompiledRule[], lookup: Partial<Lookup>, dimensions = ALL): number[] {
  const ranks: number[] = []
  indexRules(rules, dimensions).visit({ ...nobody, ...lookup }, (list) => ranks.push(...list.map(({ rank }) => rank)))
  return ranks
}
const many = (count: number, written: (n: number) => Written) => Array.from({ length: count }, (_, n) => written(n))
const claim = (value: string | string[], path = 'type') => ({
  when: { claim: { path, ...(typeof value === 'string' ? { equals: value } : { in: value }) } },
})
const says = (type: unknown, unknownCounts = false): Partial<Lookup> => ({
  conditions: {
    input: { ...plain, principal: { ...plain.principal, claims: { type } as never } },
    unknownCounts,
  },
})

t.test('rules are found by each kind of selector, and others are not asked', async (t) => {
  const rules = rulesOf(
    { roles: [1] },
    { roles: [2, 3] },
    { workspaces: [4] },
    { models: ['gpt'] },
    { models: ['gpt-*'] },
    { models: ['*-mini'] },
    { operations: ['files.*'] },
    { operations: ['embeddings'] },
    {},
  )
  const table: readonly (readonly [Partial<Lookup>, readonly number[]])[] = [
    [{}, [8]],
    [{ roles: new Set([1]) }, [8, 0]],
    [{ roles: new Set([2, 3]) }, [8, 1, 1]],
    [{ moreRoles: new Set([3]) }, [8, 1]],
    [{ roles: new Set([4]) }, [8]],
    [{ workspaces: [4] }, [8, 2]],
    [{ workspaces: [5, 4] }, [8, 2]],
    [{ model: 'gpt' }, [8, 3]],
    [{ model: 'gpt-' }, [8, 4]],
    [{ model: 'gpt-4o' }, [8, 4]],
    [{ model: 'gpt-mini' }, [8, 4, 5]],
    [{ model: 'a-mini' }, [8, 5]],
    [{ model: '-mini' }, [8, 5]],
    [{ model: 'mini' }, [8]],
    [{ model: '' }, [8]],
    [{ model: null }, [8]],
    [{ model: undefined }, [8]],
    [{ operation: 'files.list' }, [8, 6]],
    [{ operation: 'embeddings' }, [8, 7]],
  ]
  for (const [lookup, ranks] of table) t.same(asked(rules, lookup), ranks)
})

t.test('a dimension that is left out keeps no rule from being found', async (t) => {
  const rules = rulesOf({ models: ['a'] }, { models: ['b'], roles: [1] })
  t.same(asked(rules, { model: null }, ['roles']), [0])
  t.same(asked(rules, { model: 'b', roles: new Set([1]) }, ['roles']), [0, 1])
  t.same(asked(rules, { model: 'a' }), [0])
})

t.test('a rule stands under the selector that fewest rules share', async (t) => {
  const byModel = rulesOf(...many(3, (n) => ({ roles: [1], models: [`m${n}`] })))
  t.same(asked(byModel, { roles: new Set([1]), model: 'm1' }), [1])
  const byRole = rulesOf(...many(3, (n) => ({ roles: [n], models: ['m'] })))
  t.same(asked(byRole, { roles: new Set([1]), model: 'm' }), [1])
  const byOperation = rulesOf(...many(3, (n) => ({ roles: [1], operations: [`o${n}`], models: ['m'] })))
  t.same(asked(byOperation, { roles: new Set([1]), model: 'm', operation: 'o2' }), [2])
  const byWorkspace = rulesOf(...many(3, (n) => ({ roles: [1], workspaces: [n], models: ['m'] })))
  t.same(asked(byWorkspace, { roles: new Set([1]), model: 'm', workspaces: [0] }), [0])
})

t.test('of selectors that as few rules share, the first stands', async (t) => {
  const rules = rulesOf({ roles: [1], models: ['m'] })
  t.same(asked(rules, { model: 'm' }, ['models', 'roles']), [0])
  t.same(asked(rules, { model: 'm' }, ['roles', 'models']), [])
})

t.test('each rule that shares a name counts once', async (t) => {
  const rules = rulesOf({ roles: [1], models: ['m'] }, { roles: [1], models: ['m'] }, { roles: [1] })
  t.same(asked(rules, { model: 'm' }), [0, 1], 'two rules share the model, and three the role')
})

t.test('patterns count by the end under which they stand', async (t) => {
  const shared = rulesOf(...many(3, (n) => ({ roles: [n], models: ['g*'] })))
  t.same(asked(shared, { roles: new Set([1]), model: 'gx' }), [1], 'one that many rules share')
  const roles = (n: number) => [n < 2 ? 1 : 2]
  const heads = rulesOf(...many(3, (n) => ({ roles: roles(n), models: [`m${n}*`] })))
  t.same(asked(heads, { model: 'm1' }), [1], 'beginnings that differ')
  const tails = rulesOf(...many(3, (n) => ({ roles: roles(n), models: [`*m${n}`] })))
  t.same(asked(tails, { model: 'm1' }), [1], 'ends that differ')
})

t.test('the fullest key of a selector counts, not the emptiest', async (t) => {
  const rules = rulesOf({ roles: [1], models: ['rare', 'm'] }, { models: ['m'] }, { models: ['m'] })
  t.same(asked(rules, { model: 'rare' }), [])
  t.same(asked(rules, { model: 'rare', roles: new Set([1]) }), [0])
})

t.test('patterns stand under their longer end', async (t) => {
  const rules = rulesOf({ models: ['abc*x'] }, { models: ['a*xyz'] }, { models: ['ab*yz'] }, { models: ['*'] })
  t.same(asked(rules, { model: 'abcx' }), [3, 2, 0], 'ends of one length stand under the beginning')
  t.same(asked(rules, { model: 'abxyz' }), [3, 2, 1])
  t.same(asked(rules, { model: 'xyz' }), [3, 1])
})

t.test(
  'a name that is shorter than some patterns is looked up once by its beginning and once by its end',
  async (t) => {
    t.same(asked(rulesOf({ models: ['ab*'] }, { models: ['abc*'] }), { model: 'ab' }), [0])
    t.same(asked(rulesOf({ models: ['*z'] }, { models: ['*xyz'] }), { model: 'yz' }), [0])
  },
)

t.test('a rule that names something twice is asked once', async (t) => {
  t.same(asked(rulesOf({ roles: [1, 1] }), { roles: new Set([1]) }), [0])
  t.same(asked(rulesOf({ models: ['ab*', 'ab*x'] }), { model: 'abx' }), [0])
})

t.test('a set of models that many rules use is one list', async (t) => {
  const set = nameSet(['a', 'b', 'b*', 'c'])
  const rules = rulesOf({}, {}, {}).map((rule) => ({ ...rule, models: set }))
  t.same(asked(rules, { model: 'a' }), [0, 1, 2])
  t.same(asked(rules, { model: 'bb' }), [0, 1, 2])
  t.same(asked(rules, { model: 'b' }), [0, 1, 2, 0, 1, 2], 'a name and a pattern of one set')
  t.same(asked(rules, { model: 'd' }), [])
  let lists = 0
  indexRules(rules, ALL).visit({ ...nobody, model: 'a' }, () => void lists++)
  t.equal(lists, 1)
})

t.test('more than a few rules are told apart by what a condition wants', async (t) => {
  const few = rulesOf(...many(8, (n) => claim(`v${n}`)))
  t.same(asked(few, says('v1')), [1], 'rules without selectors')
  const selected = rulesOf(...many(8, (n) => ({ roles: [1], ...claim(`v${n}`) })))
  t.same(asked(selected, { roles: new Set([1]), ...says('v1') }).length, 8, 'few enough to ask them')
  const nine = rulesOf(...many(9, (n) => ({ roles: [1], ...claim(`v${n}`) })))
  t.same(asked(nine, { roles: new Set([1]), ...says('v1') }), [1])
  t.same(asked(nine, says('v1')), [1])
})

t.test('of several conditions, rules stand under the one that fewest share', async (t) => {
  const both = (type: string, other: string): Written => ({
    when: { ...claim(type).when, header: { name: 'x-class', equals: other } },
  })
  const facts: Partial<Lookup> = {
    conditions: {
      input: { ...plain, principal: { ...plain.principal, claims: { type: 'v1' } }, header: () => 'w2' },
      unknownCounts: false,
    },
  }
  t.same(asked(rulesOf(...many(9, (n) => both(`v${n}`, 'w2'))), facts), [1], 'the claim')
  t.same(asked(rulesOf(...many(9, (n) => both('v1', `w${n}`))), facts), [2], 'the header')
  t.same(asked(rulesOf(...many(9, (n) => both(`v${n}`, `w${n}`))), facts), [1], 'the first of two as rare')
})

t.test('a condition is looked up only where fewer rules share it than the selector', async (t) => {
  const shared = rulesOf(...many(9, () => ({ roles: [1], ...claim('v') })))
  t.same(asked(shared, says('v')), [], 'as many share both')
  t.same(asked(shared, { roles: new Set([1]), ...says('x') }).length, 9)
  const halves = rulesOf(...many(10, (n) => ({ roles: [1], ...claim(n < 5 ? 'v' : 'w') })))
  t.same(asked(halves, says('w')), [5, 6, 7, 8, 9], 'half as many share a claim')
})

t.test('a fact that cannot be told finds every deny and no allow; without facts every rule is found', async (t) => {
  const rules = rulesOf(...many(9, (n) => claim([`v${n}`, 'v'])))
  const every = many(9, () => ({})).map((_, n) => n)
  t.same(asked(rules, says('v3')), [3])
  t.same(asked(rules, says('v')), every)
  t.same(asked(rules, says('v9')), [])
  t.same(asked(rules, says(['v3', 'x', 'v5'])), [3, 5])
  t.same(asked(rules, says([])), [])
  t.same(asked(rules, says(undefined)), [])
  t.same(asked(rules, says(7)), [])
  t.same(asked(rules, says(['v3', 7])), [])
  t.same(asked(rules, says(undefined, true)), every)
  t.same(asked(rules, says(['v3', 7], true)), every)
  t.same(asked(rules, says('v9', true)), [])
  t.same(asked(rules, {}), every)
})

t.test('only the facts that most rules speak of are read', async (t) => {
  const ofFacts = Array.from({ length: 9 }, (_, path) => many(path === 8 ? 9 : 10, (n) => claim(`v${n}`, `p${path}`)))
  const rules = rulesOf(...ofFacts.flat(), ...many(9, () => ({})))
  const found = asked(rules, { conditions: { input: plain, unknownCounts: false } })
  t.same(found.length, 18, 'the rules of the ninth fact, and those of none')
  t.ok(found.includes(80) && !found.includes(79))
  const rareFirst = rulesOf(...ofFacts.reverse().flat(), ...many(9, () => ({})))
  const again = asked(rareFirst, { conditions: { input: plain, unknownCounts: false } })
  t.same(again.length, 18, 'wherever it stands')
  t.ok(again.includes(8) && !again.includes(9))
})
