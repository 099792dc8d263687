import t from 'tap'
import { covers } from '../../../../src/policy/lints/covers.ts'
import type { LintSubject } from '../../../../src/policy/lints/lint.ts'
import { lintRule as rule } from './linted.ts'

const holding = (...holds: string[]) => ({ members: [], includes: [], holds })
const roles: LintSubject['outline']['roles'] = new Map([
  ['employee', holding('employee')],
  ['analyst', holding('analyst', 'employee')],
  ['admin', holding('admin')],
])

type Parts = Parameters<typeof rule>[0]
const table: readonly (readonly [sentence: string, outer: Parts, inner: Parts, isCovered: boolean])[] = [
  ['everything', {}, {}, true],
  ['some operations', {}, { operations: ['chat'] }, true],
  ['all operations, where some are meant', { operations: ['chat'] }, {}, false],
  ['all operations, and a star', { operations: ['*'] }, {}, true],
  ['one operation more', { operations: ['chat'] }, { operations: ['chat', 'embeddings'] }, false],
  ['some roles', {}, { roles: ['admin'] }, true],
  ['all roles, where some are meant', { roles: ['admin'] }, {}, false],
  ['other roles', { roles: ['admin'] }, { roles: ['employee'] }, false],
  ['a role that includes the one that is meant', { roles: ['employee'] }, { roles: ['analyst'] }, true],
  ['a role that is included by it', { roles: ['analyst'] }, { roles: ['employee'] }, false],
  ['one role more', { roles: ['employee'] }, { roles: ['analyst', 'admin'] }, false],
  ['some workspaces', {}, { workspaces: ['a'] }, true],
  ['all workspaces, where some are meant', { workspaces: ['a'] }, {}, false],
  ['fewer workspaces', { workspaces: ['a', 'b'] }, { workspaces: ['b'] }, true],
  ['one workspace more', { workspaces: ['a'] }, { workspaces: ['a', 'b'] }, false],
  ['some models', {}, { models: ['o3'] }, true],
  ['all models, where some are meant', { models: ['o3'] }, {}, false],
  ['a model of a pattern', { models: ['gpt-*'] }, { models: ['gpt-4o'] }, true],
  ['one model more', { models: ['gpt-*'] }, { models: ['gpt-4o', 'o3'] }, false],
  ['an operation with a model', { models: ['gpt-*'] }, { models: ['gpt-4o'], operations: ['chat'] }, true],
  [
    'an operation without a model, of which a rule on models does not speak',
    { models: ['gpt-*'] },
    { models: ['gpt-4o'], operations: ['chat', 'models.list'] },
    false,
  ],
  [
    'an operation without a model that both name',
    { models: ['gpt-*'], operations: ['models.*'] },
    { models: ['gpt-4o'], operations: ['models.list'] },
    true,
  ],
  ['a condition', {}, { when: { stream: true } }, true],
  ['no condition, where one is meant', { when: { stream: true } }, {}, false],
]
for (const [sentence, outer, inner, isCovered] of table) {
  t.test(sentence, async (t) => t.equal(covers(rule(outer), rule(inner), roles), isCovered))
}
