import t from 'tap'
import { coveringFinder } from '../../../../src/policy/lints/covering.ts'
import { idleDeny } from '../../../../src/policy/lints/idle-deny.ts'
import type { LintSubject } from '../../../../src/policy/lints/lint.ts'
import { FACTS, lintRule as rule } from './linted.ts'

const roles = new Map([['admin', { members: [], includes: [], holds: ['admin'] }]])
const subject = { outline: { roles } } as unknown as LintSubject
const inner = rule({ id: 'inner', roles: ['admin'] })
const many = (count: number, parts: Parameters<typeof rule>[0]) =>
  Array.from({ length: count }, (_, index) => rule({ id: `r${index}`, ...parts }))

t.test('a rule is compared with five hundred others, and no more', async (t) => {
  const wide = rule({ id: 'wide' })
  const find = (before: number) => coveringFinder([...many(before, {}), wide], subject)(inner, (one) => one === wide)
  t.equal(find(499), wide)
  t.equal(find(500), null)
})

t.test('rules with more conditions are not compared', async (t) => {
  const wide = rule({ id: 'wide', roles: ['admin'] })
  const find = coveringFinder([...many(500, { when: { stream: true } }), wide], subject)
  t.equal(
    find(inner, () => true),
    wide,
  )
})

t.test('a rule does not cover itself', async (t) => {
  t.equal(
    coveringFinder([inner], subject)(inner, () => true),
    null,
  )
})

t.test('after two million pairs no deny is taken for idle', async (t) => {
  const allows = many(2000, { effect: 'allow', models: ['a'], operations: ['chat'] })
  const denies = many(1000, { effect: 'deny', models: ['a'], operations: ['responses'] })
  const other = { models: ['b'] }
  const rules = [
    ...allows,
    rule({ ...other, effect: 'allow', operations: ['chat'] }),
    ...denies,
    rule({ ...other, effect: 'deny', operations: ['responses'] }),
  ]
  const lint = (list: typeof rules) => idleDeny({ rules: list, facts: FACTS } as unknown as LintSubject).length
  t.equal(lint(rules), 1000)
  t.equal(lint(rules.slice(1)), 1001, 'with a rule less there are fewer')
})

t.test('allows for every model are compared first, so that few pairs are', async (t) => {
  const rules = [
    ...many(2000, { effect: 'allow', models: ['a*'], operations: ['chat'] }),
    rule({ effect: 'allow', operations: ['responses'] }),
    ...many(1000, { effect: 'deny', models: ['x'], operations: ['responses'] }),
    rule({ effect: 'deny', models: ['x'], operations: ['embeddings'] }),
  ]
  t.equal(idleDeny({ rules, facts: FACTS } as unknown as LintSubject).length, 1)
})
