import t from 'tap'
import { SETTABLE } from '../../../src/model/transforms.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import type { Merged } from '../../../src/policy/merge.ts'
import { transformProblems } from '../../../src/policy/transform-references.ts'
import { sources } from '../../support/policies.ts'
import { base, cap, known } from './transforming.ts'

const one = (more: object) => ({ id: 't', ...more })
const problems = (...transforms: unknown[]) =>
  compilePolicy(sources([{ ...base, transforms }]), known).problems.map(({ path, code }) => `${path.join('.')} ${code}`)

const faults: readonly (readonly [sentence: string, transforms: readonly unknown[], problems: readonly string[]])[] = [
  ['a cap', [one({ set: cap })], []],
  ['no transform in the list', [], ['transforms empty_list']],
  ['nothing to do', [one({})], ['transforms.0 incomplete']],
  ['no settings', [one({ set: {} })], ['transforms.0.set empty_map']],
  ['a setting that is not in the table', [one({ set: { model: 'm' } })], ['transforms.0.set.model unknown_key']],
  ['a limit of nothing', [one({ set: { max_output_tokens: 0 } })], ['transforms.0.set.max_output_tokens wrong_value']],
  ['a temperature as text', [one({ set: { temperature: '1' } })], ['transforms.0.set.temperature wrong_type']],
  ['a temperature that is none', [one({ set: { temperature: 3 } })], ['transforms.0.set.temperature wrong_value']],
  ['an empty text', [one({ system: { prepend: '' } })], ['transforms.0.system.prepend wrong_value']],
  ['a system without a text', [one({ system: {} })], ['transforms.0.system missing_key']],
  ['no id', [{ set: cap }], ['transforms.0 missing_key']],
  ['two without an id', [{ set: cap }, { set: cap }], ['transforms.0 missing_key', 'transforms.1 missing_key']],
  ['settings that are none', [one({ set: 7 })], ['transforms.0.set wrong_type']],
  ['a system that is none', [one({ system: 7 })], ['transforms.0.system wrong_type']],
  ['a model that is none', [one({ set: { seed: 1 }, models: [7] })], ['transforms.0.models.0 wrong_type']],
  ['an operation that is no text', [one({ set: cap, operations: [7] })], ['transforms.0.operations.0 wrong_type']],
  [
    'a value that is none, of a setting that has no place',
    [one({ set: { temperature: 'a', user: 'u' }, operations: ['embeddings'] })],
    ['transforms.0.set.temperature wrong_type'],
  ],
  [
    'a setting without a place, beside a text that has one',
    [one({ set: { seed: 1 }, system: { prepend: 'x' }, operations: ['responses'] })],
    ['transforms.0.operations.0 not_applicable'],
  ],
  ['an id twice', [one({ set: cap }), one({ set: cap })], ['transforms.1.id duplicate']],
  ['the id of a rule', [{ id: 'all', set: cap }], []],
  ['a role that nobody defines', [one({ set: cap, roles: ['a'] })], ['transforms.0.roles.0 unknown_role']],
  ['a name that every object has', [one({ set: cap, roles: ['constructor'] })], ['transforms.0.roles.0 unknown_role']],
  ['no roles', [one({ set: cap, roles: [] })], ['transforms.0.roles empty_list']],
  ['a workspace that is none', [one({ set: cap, workspaces: ['x'] })], ['transforms.0.workspaces.0 unknown_workspace']],
  ['a set that is none', [one({ set: cap, models: ['@x'] })], ['transforms.0.models.0 unknown_set']],
  [
    'a set that is none, where settings are compared',
    [one({ set: { temperature: 1 }, models: ['@x'] })],
    ['transforms.0.models.0 unknown_set'],
  ],
  ['an alias', [one({ set: cap, models: ['fast'] })], ['transforms.0.models.0 alias_in_rule']],
  [
    'an operation that is none',
    [one({ set: cap, operations: ['chta'] })],
    ['transforms.0.operations.0 unknown_operation', 'transforms.0.operations.0 not_applicable'],
  ],
  [
    'an operation without such a member',
    [one({ set: cap, operations: ['chat', 'embeddings'] })],
    ['transforms.0.operations.1 not_applicable'],
  ],
  [
    'a pattern of operations without it',
    [one({ set: cap, operations: ['responses.*'] })],
    ['transforms.0.operations.0 not_applicable'],
  ],
  ['a pattern with some', [one({ set: cap, operations: ['*'] })], []],
  [
    'a text before a completion',
    [one({ system: { prepend: 'x' }, operations: ['completions'] })],
    ['transforms.0.operations.0 not_applicable'],
  ],
  ['a condition', [one({ set: cap, when: { mfa: true } })], ['transforms.0.when unknown_key']],
]
for (const [sentence, transforms, expected] of faults) {
  t.test(`at load: ${sentence}`, async (t) => t.same(problems(...transforms), expected))
}

const warm = (id: string, temperature: number, more: object = {}) => ({ id, set: { temperature }, ...more })
const pairs: readonly (readonly [sentence: string, one: object, other: object, isConflict: boolean])[] = [
  ['two values', warm('a', 0), warm('b', 1), true],
  ['the same value', warm('a', 1), warm('b', 1), false],
  ['roles keep nobody apart', warm('a', 0, { roles: ['staff'] }), warm('b', 1, { roles: ['typed'] }), true],
  ['other operations', warm('a', 0, { operations: ['chat'] }), warm('b', 1, { operations: ['responses'] }), false],
  [
    'the same operation',
    warm('a', 0, { operations: ['chat'] }),
    warm('b', 1, { operations: ['chat', 'responses'] }),
    true,
  ],
  ['the same workspace', warm('a', 0, { workspaces: ['one'] }), warm('b', 1, { workspaces: ['two', 'one'] }), true],
  ['a workspace, and all of them', warm('a', 0, { workspaces: ['one'] }), warm('b', 1), true],
  ['all workspaces, and one of them', warm('a', 0), warm('b', 1, { workspaces: ['one'] }), true],
  ['all models, and a single one', warm('a', 0), warm('b', 1, { models: ['x'] }), true],
  ['other settings', warm('a', 0), { id: 'b', set: { seed: 1 } }, false],
  ['other workspaces', warm('a', 0, { workspaces: ['one'] }), warm('b', 1, { workspaces: ['two'] }), false],
  ['other models', warm('a', 0, { models: ['x'] }), warm('b', 1, { models: ['@small'] }), false],
  ['the same model by name', warm('a', 0, { models: ['x', 'y'] }), warm('b', 1, { models: ['z', 'x'] }), true],
  ['single models, and all of them', warm('a', 0, { models: ['x'] }), warm('b', 1), true],
  ['a model of the set', warm('a', 0, { models: ['m5'] }), warm('b', 1, { models: ['@small'] }), true],
  [
    'a model of the set, in the other order',
    warm('a', 0, { models: ['@small'] }),
    warm('b', 1, { models: ['m5', 'x*'] }),
    true,
  ],
  ['a set, and a model of it', warm('a', 0, { models: ['@small'] }), warm('b', 1, { models: ['m5'] }), true],
  ['one of two patterns', warm('a', 0, { models: ['x*'] }), warm('b', 1, { models: ['y*', 'xy*'] }), true],
  ['two patterns', warm('a', 0, { models: ['x*'] }), warm('b', 1, { models: ['xy*'] }), true],
  ['a beginning and an end', warm('a', 0, { models: ['x*'] }), warm('b', 1, { models: ['*y'] }), true],
  ['other beginnings', warm('a', 0, { models: ['x*'] }), warm('b', 1, { models: ['y*', 'z'] }), false],
  ['other ends', warm('a', 0, { models: ['*x'] }), warm('b', 1, { models: ['x*y'] }), false],
  ['two caps', { id: 'a', set: cap }, { id: 'b', set: { max_output_tokens: 5 } }, false],
  ['to store or not', { id: 'a', set: { store: true } }, { id: 'b', set: { store: false } }, false],
]
for (const [sentence, a, b, isConflict] of pairs) {
  t.test(`two transforms: ${sentence}`, async (t) => {
    const told = isConflict ? ['1.set.temperature transform_conflict'] : []
    t.same(
      problems(a, b),
      told.map((where) => `transforms.${where}`),
    )
    t.same(
      problems(b, a),
      told.map((where) => `transforms.${where.replace('1', '0')}`),
      'in the other order',
    )
  })
}

t.test('what is said of transforms, and that a conflict is no error', async (t) => {
  const told = (...transforms: unknown[]) =>
    compilePolicy(sources([{ ...base, transforms }]), known).problems.map(({ severity, message }) => [
      severity,
      message,
    ])
  const places =
    '`chat`, `completions`, `messages`, `realtime`, `responses`, `threads.runs.create`, `threads.create_and_run`'
  const where = `only to ${places}; leave it out of the list, or write a transform of its own`
  t.same(told(one({ set: cap, operations: ['embeddings', 'files.*'] })), [
    ['error', `\`set.max_output_tokens\` cannot be applied to this operation, ${where}`],
    ['error', `\`set.max_output_tokens\` cannot be applied to any of these, ${where}`],
  ])
  const conflict =
    'the transform `a` gives this another value, and a request may fall under both: this one stands, as the later one by `id`'
  t.same(told(warm('a', 0), warm('b', 1)), [['warning', conflict]])
})

t.test('after two hundred thousand pairs no two transforms are taken for a conflict', async (t) => {
  const many = (letter: string, count: number, temperature: number, more: object) =>
    Array.from({ length: count }, (_, index) => warm(`${letter}${index}`, temperature, more))
  const apart = (model: string, some: number, others: number) => [
    ...many(`a${model}`, some, 0, { models: [model], operations: ['chat'] }),
    ...many(`b${model}`, others, 1, { models: [model], operations: ['responses'] }),
  ]
  const two = [warm('z1', 0, { models: ['z'] }), warm('z2', 1, { models: ['z'] })]
  const found = (...transforms: object[]) => {
    const placed = transforms.map((value, index) => ({ file: 'f', path: ['transforms', index], value }))
    return transformProblems({ transforms: placed, models: new Map() } as unknown as Merged).length
  }
  t.equal(found(...apart('x', 400, 500), ...two), 0)
  t.equal(found(...apart('x', 400, 499), ...two), 1)
  const oneLeft = [...apart('x', 400, 499), ...apart('y', 1, 399)]
  t.equal(found(...oneLeft, ...two), 1, 'the last pair')
  const before = warm('z0', 0, { models: ['z'], operations: ['chat'] })
  t.equal(found(...oneLeft, before, ...two.map((last) => ({ ...last, operations: ['responses'] }))), 0, 'one pair more')
})

t.test('the schema has a setting for each row of the table', async (t) => {
  const values: { [name: string]: unknown } = {
    temperature: 1,
    top_p: 1,
    seed: 1,
    max_output_tokens: 1,
    store: true,
    parallel_tool_calls: true,
    service_tier: 'auto',
    safety_identifier: 'a',
    user: 'a',
  }
  for (const name of Object.keys(SETTABLE)) t.same(problems(one({ set: { [name]: values[name] } })), [], name)
  t.same(Object.keys(values).sort(), Object.keys(SETTABLE).sort())
})
