import t from 'tap'
import { distinctRules } from '../../../src/policy/candidates.ts'
import { nameSet } from '../../../src/policy/rule.ts'
import { rulesOf, type Written } from './written-rules.ts'

t.test('of rules that differ in name and rank alone, the first is kept', async (t) => {
  const when = { network: ['10.0.0.0/8'] }
  const base: Written = { roles: [1], workspaces: [2], operations: ['a', 'b*c'], when }
  const twins = rulesOf(base, base, base)
  t.same(
    distinctRules(twins).map(({ rank }) => rank),
    [0],
  )
  const others: readonly Written[] = [
    { ...base, effect: 'deny' },
    { ...base, roles: [2] },
    { ...base, workspaces: [1] },
    { ...base, models: ['m'] },
    { ...base, operations: ['a', 'b*d'] },
    { ...base, operations: ['a'] },
    { ...base, operations: ['b', 'b*c'] },
    { ...base, when: { network: ['10.0.0.0/9'] } },
    { ...base, when: { ...when, stream: true } },
  ]
  for (const other of others) t.same(distinctRules(rulesOf(base, other)).length, 2, JSON.stringify(other))
  t.same(distinctRules(rulesOf({ roles: [1] }, {})).length, 2)
  const denies = rulesOf({ effect: 'deny', when: { mfa: true } }, { effect: 'deny', when: { stream: true } })
  t.same(distinctRules(denies).length, 2, 'two conditions that want the same')
  const noHosts = { when: { urls: [] } }
  t.same(distinctRules(rulesOf(noHosts, { effect: 'deny', ...noHosts })).length, 2)
})

t.test('rules on any model are no twins of rules on some, however many sets there are', async (t) => {
  const sets = ['a', 'b', 'c'].map((model) => nameSet([model]))
  const rules = rulesOf({}, {}, {}, {}).map((rule, rank) => ({ ...rule, models: sets[rank] ?? null }))
  t.same(distinctRules(rules).length, 4)
  t.same(distinctRules([...rules].reverse()).length, 4)
  t.same(distinctRules(rules.map((rule) => ({ ...rule, models: sets[0] ?? null }))).length, 1)
})
