import t from 'tap'
import { indexRules } from '../../../../src/policy/lints/rule-index.ts'
import { lintRule } from './linted.ts'

const holding = (...holds: string[]) => ({ members: [], includes: [], holds })
const roles = new Map([
  ['employee', holding('employee')],
  ['analyst', holding('analyst', 'employee')],
  ['admin', holding('admin')],
  ['x*', holding('x*')],
])

type Parts = Parameters<typeof lintRule>[0]
type Row = readonly [sentence: string, outer: Parts, inner: Parts, isFound: boolean]
const claim = (path: string | string[], test: object) => ({ when: { claim: { path, ...test } } }) as Parts
const header = (name: string, test: object) => ({ when: { header: { name, ...test } } }) as Parts

const table: readonly Row[] = [
  ['a rule without selectors', {}, { roles: ['admin'] }, true],
  ['the same role', { roles: ['employee', 'admin'] }, { roles: ['admin', 'employee'] }, true],
  ['another role', { roles: ['employee'] }, { roles: ['admin'] }, false],
  ['a role that is included', { roles: ['employee'] }, { roles: ['analyst'] }, true],
  ['a role whose name has a star', { roles: ['x*'] }, { roles: ['x*'] }, true],
  ['no role', { roles: ['employee'] }, {}, false],
  ['the same workspace', { workspaces: ['a', 'b'] }, { workspaces: ['b', 'a'] }, true],
  ['another workspace', { workspaces: ['a'] }, { workspaces: ['b'] }, false],
  ['no workspace', { workspaces: ['a'] }, {}, false],
  ['the same model', { models: ['a', 'b'] }, { models: ['b', 'a'] }, true],
  ['another model', { models: ['a'] }, { models: ['b'] }, false],
  ['no model', { models: ['a'] }, {}, false],
  ['a model of a pattern', { models: ['gpt-*'] }, { models: ['gpt-4o'] }, true],
  ['a model that is the beginning of a pattern', { models: ['gpt-*'] }, { models: ['gpt-'] }, true],
  ['a model that begins as a pattern does', { models: ['gpt-*'] }, { models: ['gpt'] }, false],
  ['a model of another beginning', { models: ['gpt-*'] }, { models: ['text-1'] }, false],
  ['a narrower pattern', { models: ['gpt-*'] }, { models: ['gpt-4*'] }, true],
  ['a star', { models: ['*'] }, { models: ['a'] }, true],
  ['the same operation', { operations: ['chat'] }, { operations: ['chat'] }, true],
  ['another operation', { operations: ['chat'] }, { operations: ['responses'] }, false],
  ['an operation of a pattern', { operations: ['files.*'] }, { operations: ['files.list'] }, true],
  ['an operation of another pattern', { operations: ['files.*'] }, { operations: ['batches.list'] }, false],
  ['all operations by a star', { operations: ['*'] }, {}, true],
  ['all operations, where one is meant', { operations: ['chat'] }, {}, false],
  ['the same `acr`', { when: { acr: ['a', 'b'] } }, { when: { acr: ['b'] } }, true],
  ['another `acr`', { when: { acr: ['a'] } }, { when: { acr: ['b'] } }, false],
  ['the same region', { when: { region: ['a', 'b'] } }, { when: { region: ['b'] } }, true],
  ['another region', { when: { region: ['a'] } }, { when: { region: ['b'] } }, false],
  ['a region of the name of an `acr`', { when: { region: ['a'] } }, { when: { acr: ['a'] } }, false],
  ['the same claim', claim('a.b', { in: ['x', 'y'] }), claim(['a', 'b'], { equals: 'y' }), true],
  ['another claim', claim('a.b', { equals: 'x' }), claim('a.c', { equals: 'x' }), false],
  ['another text of a claim', claim('a.b', { equals: 'x' }), claim('a.b', { equals: 'y' }), false],
  ['a pattern of a claim', claim('a.b', { matches: 'x*' }), claim('a.b', { equals: 'x' }), true],
  ['the same header', header('X-Team', { equals: 'x' }), header('x-team', { in: ['x'] }), true],
  ['the same header in other letters', header('x-team', { equals: 'x' }), header('X-Team', { equals: 'x' }), true],
  ['another header', header('x-team', { equals: 'x' }), header('x-unit', { equals: 'x' }), false],
  ['another text of a header', header('x-team', { equals: 'x' }), header('x-team', { equals: 'y' }), false],
]
for (const [sentence, outer, inner, isFound] of table) {
  t.test(sentence, async (t) => {
    const rule = lintRule(outer)
    t.same(indexRules([rule], roles).couldCover(lintRule(inner)).flat(), isFound ? [rule] : [])
  })
}

t.test('a rule stands under what the fewest rules have', async (t) => {
  const rules = [
    lintRule({ id: 'a', roles: ['admin'] }),
    lintRule({ id: 'b', roles: ['admin'] }),
    lintRule({ id: 'c', roles: ['admin', 'employee'], workspaces: ['w'], models: ['m'] }),
    lintRule({ id: 'd', roles: ['admin'], workspaces: ['w'], models: ['o'] }),
  ]
  const found = (parts: Parts) =>
    indexRules(rules, roles)
      .couldCover(lintRule(parts))
      .flat()
      .map(({ id }) => id)
  t.same(found({ roles: ['admin'], workspaces: ['w'], models: ['n'] }), ['a', 'b'])
  t.same(found({ roles: ['admin'], workspaces: ['v'], models: ['m'] }), ['a', 'b', 'c'])
  t.same(found({ roles: ['employee'], models: ['o'] }), ['d'])
})

t.test('a rule is found once, whatever other patterns there are', async (t) => {
  const rules = [lintRule({ id: 'a', models: ['gpt*'] }), lintRule({ id: 'b', models: ['gpt-4*'] })]
  const found = indexRules(rules, roles).couldCover(lintRule({ models: ['gpt'] }))
  t.same(found.flat(), rules.slice(0, 1))
})
