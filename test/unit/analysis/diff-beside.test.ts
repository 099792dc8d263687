import t from 'tap'
import { diffPolicies } from '../../../src/analysis/diff.ts'
import { asidesOf } from '../../../src/analysis/diff-beside.ts'
import { reportOf } from '../../../src/analysis/diff-report.ts'
import { compiled, large, type Parts, rules, sentences, workspaces } from '../../support/diffed.ts'

const shadow = (more: Parts = {}) => rules(large, { ...large, models: ['o1'], mode: 'shadow', ...more })
const checks = (...names: string[]) => ({
  ...rules(large),
  tests: names.map((name) => ({
    name,
    as: {},
    request: { operation: 'chat', model: name },
    expect: { effect: 'deny' },
  })),
})

/** Each row is read in both directions. */
const table: readonly (readonly [string, Parts, Parts, readonly string[], readonly string[]])[] = [
  [
    'a shadow rule is added',
    rules(large),
    shadow(),
    ['shadow rule r1 is added (allow)'],
    ['shadow rule r1 is removed (allow)'],
  ],
  [
    'a shadow rule is another one',
    shadow(),
    shadow({ models: ['o3'], when: { mfa: true }, effect: 'deny' }),
    ['shadow rule r1 has changed: effect, models, urls, mfa'],
    ['shadow rule r1 has changed: effect, models, mfa, urls'],
  ],
  [
    'a shadow rule is enforced, which opens something',
    shadow(),
    shadow({ mode: 'enforce' }),
    ['rule r1 was in shadow mode and is enforced now: that changes access, as said'],
    ['rule r1 was enforced and is in shadow mode now: that changes access, as said'],
  ],
  [
    'a shadow rule is enforced, and another one allows the same',
    shadow({ models: ['gpt-4o'] }),
    shadow({ models: ['gpt-4o'], mode: 'enforce' }),
    ['rule r1 was in shadow mode and is enforced now: no request is decided differently for it'],
    ['rule r1 was enforced and is in shadow mode now: no request is decided differently for it'],
  ],
  [
    'the reason of a rule is another one',
    rules({ ...large, reason: 'a' }, { ...large, reason: 'a' }),
    rules({ ...large, reason: 'b' }, { ...large, reason: 'a' }),
    ['the reason of the rule r0 changed'],
    ['the reason of the rule r0 changed'],
  ],
  [
    'the reasons of several rules go',
    rules({ ...large, reason: 'a' }, { ...large, reason: 'a' }),
    rules(large, large),
    ['the reasons of the rules r0 and r1 changed'],
    ['the reasons of the rules r0 and r1 changed'],
  ],
  [
    'a workspace has another label',
    workspaces({ labels: { tier: 'open' } }),
    workspaces({ labels: { tier: 'restricted', owner: 'a b' } }),
    [
      'the label owner of the workspace w is "a b" now',
      'the label tier of the workspace w is restricted instead of open',
    ],
    [
      'the label owner of the workspace w is removed',
      'the label tier of the workspace w is open instead of restricted',
    ],
  ],
  [
    'an alias stands for another model that as many may use',
    { ...rules({ ...large, models: ['*'] }), aliases: { fast: 'a' } },
    { ...rules({ ...large, models: ['*'] }), aliases: { fast: 'b' } },
    ['the alias fast stands for b instead of a'],
    ['the alias fast stands for a instead of b'],
  ],
  [
    'tests come and go',
    checks('a', 'b'),
    checks('b', 'c', 'd'),
    ['the test a is removed', '2 tests are added: c and d'],
    ['the test a is added', '2 tests are removed: c and d'],
  ],
]

for (const [name, before, after, forth, back] of table) {
  t.test(name, async (t) => {
    t.same(sentences(before, after), forth)
    t.same(sentences(after, before), back, 'and the other way round')
    t.same([sentences(before, before), sentences(after, after)], [[], []], 'and nothing from one to itself')
  })
}

t.test('nothing is said when a rule in force is split', async (t) => {
  const before = rules({ ...large, models: ['a', 'b'] })
  const after = rules({ ...large, models: ['a'] }, { ...large, models: ['b'] })
  t.same([sentences(before, after), sentences(after, before)], [[], []])
})

t.test('where access is too large to compare, it is not said to be the same', async (t) => {
  const [old, young] = [compiled(shadow()), compiled(shadow({ mode: 'enforce' }))]
  const limits = { classes: 1_000_000, question: 0, total: 0 }
  const report = reportOf(diffPolicies(old, young, limits), old.outline(), young.outline())
  const [aside] = asidesOf(old, young, report)
  t.equal(
    aside?.sentence,
    'rule r1 was in shadow mode and is enforced now: whether that changes access could not be told',
  )
})
