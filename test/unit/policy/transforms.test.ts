import t from 'tap'
import type { JsonValue } from '../../../src/model/json.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { describedRequest } from '../../../src/policy/described.ts'
import { sources } from '../../support/policies.ts'
import { base, cap, known } from './transforming.ts'

function obliged(transforms: readonly object[], described: JsonValue) {
  const { policy } = compilePolicy(sources([{ ...base, transforms }]), known)
  const read = describedRequest(described, 0)
  if (policy === null || !read.ok) throw new Error('not to be asked')
  const found = policy.obligations(read.value.input)
  return found && { names: found.names, set: found.set, prepend: found.prepend }
}
const bob = { user: 'bob', groups: ['staff', 'one'], claims: { type: 'b' } }
const ask = (more: object = {}, as: object = bob) =>
  ({ as, request: { operation: 'chat', model: 'm1', ...more } }) as JsonValue

type Row = readonly [sentence: string, transform: object, described: JsonValue, isApplied: boolean]
const rows: readonly Row[] = [
  ['without selectors', {}, ask(), true],
  ['a role that is held', { roles: ['staff'] }, ask(), true],
  ['a role that is not held', { roles: ['typed'] }, ask(), false],
  ['a role that cannot be told', { roles: ['typed'] }, ask({}, { ...bob, claims: { type: 7 } }), true],
  ['groups that cannot be told', { roles: ['staff'] }, ask({}, { user: 'bob', claims: {} }), true],
  ['a model of it', { models: ['@small'] }, ask(), true],
  ['another model', { models: ['@small'] }, ask({ model: 'x' }), false],
  ['a model that cannot be told', { models: ['@small'] }, ask({ operation: 'responses', model: null }), true],
  ['its workspace', { workspaces: ['one'] }, ask(), true],
  ['another workspace', { workspaces: ['two'] }, ask(), false],
  ['a workspace that cannot be told', { workspaces: ['two'] }, ask({}, { ...bob, workspace: 7 }), true],
  ['its operation', { operations: ['chat'] }, ask(), true],
  ['another operation', { operations: ['responses'] }, ask(), false],
  ['an operation whose body has no limit', {}, ask({ operation: 'embeddings' }), false],
  ['an operation without a body', {}, ask({ operation: 'models.list', model: null }), false],
]
for (const [sentence, selectors, described, isApplied] of rows) {
  t.test(`applied: ${sentence}`, async (t) => {
    const found = obliged([{ id: 'short-answers', set: cap, ...selectors }], described)
    t.same(found, isApplied ? { names: ['transform:short-answers'], set: cap, prepend: null } : null)
  })
}

t.test('several at once, in any order of the file', async (t) => {
  const transforms = [
    { id: 'b', set: { max_output_tokens: 50, temperature: 1, store: true }, system: { prepend: 'second' } },
    { id: 'a', set: { max_output_tokens: 200, temperature: 0, store: false, user: 'u' }, system: { prepend: 'first' } },
    { id: 'c', set: { max_output_tokens: 60 } },
    { id: 'd', system: { prepend: 'third' }, operations: ['responses'] },
  ]
  const expected = {
    names: ['transform:a', 'transform:b', 'transform:c'],
    set: { max_output_tokens: 50, temperature: 1, store: false, user: 'u' },
    prepend: 'first\nsecond',
  }
  t.same(obliged(transforms, ask()), expected)
  t.same(obliged([...transforms].reverse(), ask()), expected)
})

const twos: readonly (readonly [sentence: string, one: object, other: object, set: object, prepend: string | null])[] =
  [
    ['settings of other names', { set: { temperature: 1 } }, { set: { seed: 2 } }, { temperature: 1, seed: 2 }, null],
    ['a limit in the first alone', { set: cap }, { set: { seed: 2 } }, { ...cap, seed: 2 }, null],
    ['a limit in the second alone', { set: { seed: 2 } }, { set: cap }, { ...cap, seed: 2 }, null],
    ['to store in the first alone', { set: { store: true } }, { set: { seed: 2 } }, { store: true, seed: 2 }, null],
    [
      'not to store in the first alone',
      { set: { store: false } },
      { set: { seed: 2 } },
      { store: false, seed: 2 },
      null,
    ],
    ['to store in both', { set: { store: true } }, { set: { store: true } }, { store: true }, null],
    ['a text in the first alone', { system: { prepend: 'x' } }, { set: { seed: 2 } }, { seed: 2 }, 'x'],
    ['a text in the second alone', { set: { seed: 2 } }, { system: { prepend: 'x' } }, { seed: 2 }, 'x'],
    ['two texts alone', { system: { prepend: 'x' } }, { system: { prepend: 'y' } }, {}, 'x\ny'],
  ]
for (const [sentence, first, second, set, prepend] of twos) {
  t.test(`two at once: ${sentence}`, async (t) => {
    const transforms = [
      { id: 'a', ...first },
      { id: 'b', ...second },
    ]
    t.same(obliged(transforms, ask()), { names: ['transform:a', 'transform:b'], set, prepend })
  })
}

t.test('a part that an operation has no place for is left out', async (t) => {
  const both = [{ id: 'a', set: { ...cap, seed: 1 }, system: { prepend: 'x' } }]
  t.same(obliged(both, ask({ operation: 'completions' })), {
    names: ['transform:a'],
    set: { ...cap, seed: 1 },
    prepend: null,
  })
  t.same(obliged(both, ask({ operation: 'responses' })), { names: ['transform:a'], set: cap, prepend: 'x' })
})

t.test('a policy without transforms asks nothing', async (t) => {
  const { policy } = compilePolicy(sources([base]), known)
  t.equal(policy?.obligations(undefined as never), null)
})

const unplaced: readonly (readonly [operation: string, transform: object, parts: readonly string[] | undefined])[] = [
  ['chat', { set: cap, system: { prepend: 'x' } }, undefined],
  ['responses.compact', { set: cap, system: { prepend: 'x' } }, undefined],
  ['threads.runs.create', { set: cap }, undefined],
  ['threads.create_and_run', { set: cap, system: { prepend: 'x' } }, ['system.prepend']],
  ['threads.runs.submit_tool_outputs', { set: cap }, ['set.max_output_tokens']],
  ['decisions.create', { set: cap, system: { prepend: 'x' } }, ['set.max_output_tokens', 'system.prepend']],
  ['decisions.create', { set: { seed: 1 } }, undefined],
  ['batches.create', { set: cap, system: { prepend: 'x' } }, undefined],
  ['completions', { set: cap, system: { prepend: 'x' } }, ['system.prepend']],
  ['embeddings', { set: cap, system: { prepend: 'x' } }, undefined],
  ['files.list', { set: cap }, undefined],
]
t.test('a part that has no place where a model answers is told', async (t) => {
  for (const [operation, transform, parts] of unplaced) {
    const { policy } = compilePolicy(sources([{ ...base, transforms: [{ id: 'a', ...transform }] }]), known)
    const read = describedRequest(ask({ operation }), 0)
    if (policy === null || !read.ok) throw new Error('not to be asked')
    t.same(policy.obligations(read.value.input)?.unplaced, parts, `${operation}: ${JSON.stringify(transform)}`)
  }
})
