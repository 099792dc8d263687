import t from 'tap'
import type { PolicyInput } from '../../../src/model/decision.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { plain } from '../../property/scale-policies.ts'
import { sources } from '../../support/policies.ts'

const roles = {
  lead: { members: [{ group: 'leads' }] },
  analyst: { members: [{ group: 'analysts' }] },
  staff: { members: [{ claim: { path: 'type', equals: 'staff' } }] },
}
const workspaces = { here: { members: [{ group: 'here' }] }, there: {} }
const noHosts = { urls: [] }

function explained(facts: Partial<PolicyInput>, ...rules: readonly object[]) {
  const written = rules.map((rule, n) => ({ id: `r${n}`, effect: 'allow', ...rule }))
  const document = { version: 1, roles, workspaces, rules: written }
  const { policy, problems } = compilePolicy(sources([document]), { issuers: [], upstreams: [] })
  if (policy === null) throw new Error(JSON.stringify(problems))
  return policy.explain({ ...plain, ...facts })
}
const who = (principal: Partial<PolicyInput['principal']>): Partial<PolicyInput> => ({
  principal: { ...plain.principal, ...principal },
})

type Row = readonly [condition: string, want: string, got: string]
const table: readonly (readonly [sentence: string, rule: object, facts: Partial<PolicyInput>, rows: readonly Row[]])[] =
  [
    ['an allow that holds', { roles: ['analyst'] }, {}, []],
    ['one role', { roles: ['lead'] }, {}, [['roles', 'one of "lead"', '"analyst"']]],
    ['several roles', { roles: ['lead', 'staff'] }, {}, [['roles', 'one of "lead", "staff"', '"analyst"']]],
    ['a caller of no role', { roles: ['lead'] }, who({ groups: [] }), [['roles', 'one of "lead"', 'none']]],
    [
      'a caller of several roles',
      { roles: ['staff'] },
      who({ groups: ['leads', 'analysts'] }),
      [['roles', 'one of "staff"', '"analyst", "lead"']],
    ],
    ['no workspace', { workspaces: ['here'] }, {}, [['workspaces', 'one of "here"', 'none']]],
    ['another workspace', { workspaces: ['there', 'here'] }, {}, [['workspaces', 'one of "there", "here"', 'none']]],
    [
      'the workspace that the caller is in',
      { workspaces: ['there'] },
      who({ groups: ['here'] }),
      [['workspaces', 'one of "there"', '"here"']],
    ],
    [
      'a workspace that cannot be told',
      { workspaces: ['there'] },
      who({ workspaces: undefined }),
      [['workspaces', 'one of "there"', 'cannot tell']],
    ],
    [
      'the operation',
      { operations: ['files.*', 'embeddings'] },
      {},
      [['operations', 'one of "files.*", "embeddings"', '"chat"']],
    ],
    ['an operation of a pattern', { operations: ['files.*'] }, { operation: 'files.list', model: null }, []],
    ['the model', { models: ['o1', 'gpt-5*'] }, {}, [['models', 'one of "o1", "gpt-5*"', '"gpt-4o"']]],
    ['a model that is not named', { models: ['o1'] }, { model: undefined }, [['models', 'one of "o1"', 'cannot tell']]],
    [
      'an operation without a model',
      { models: ['o1'] },
      { operation: 'files.list', model: null },
      [['models', 'one of "o1"', 'none']],
    ],
    [
      'hosts, of which an allow grants none unless it says so',
      {},
      { urls: ['a.example'] },
      [['urls', 'no hosts', 'hosts "a.example"']],
    ],
    [
      'a condition that cannot be told',
      { when: { max_output_tokens: { at_most: 5 } } },
      {},
      [['max_output_tokens', 'at most 5', 'cannot tell']],
    ],
    [
      'everything at once, in the order of a rule',
      {
        roles: ['lead'],
        workspaces: ['here'],
        models: ['o1'],
        operations: ['embeddings'],
        when: { stream: true, network: ['10.0.0.0/8'] },
      },
      {},
      [
        ['roles', 'one of "lead"', '"analyst"'],
        ['workspaces', 'one of "here"', 'none'],
        ['operations', 'one of "embeddings"', '"chat"'],
        ['models', 'one of "o1"', '"gpt-4o"'],
        ['network', 'in "10.0.0.0/8"', '"192.0.2.7"'],
        ['stream', 'a stream', 'no stream'],
      ],
    ],
  ]
for (const [sentence, rule, facts, rows] of table) {
  t.test(`what keeps an allow from holding: ${sentence}`, async (t) => {
    t.same(
      explained(facts, rule).unmet,
      rows.map(([condition, want, got]) => ({ rule: 'r0', condition, want, got })),
    )
  })
}

t.test('each rule is told in its own words', async (t) => {
  const { unmet } = explained({}, { models: ['o1'] }, { operations: ['embeddings'] }, { models: ['o3'] })
  t.same(
    unmet.map(({ rule, want }) => [rule, want]),
    [
      ['r0', 'one of "o1"'],
      ['r1', 'one of "embeddings"'],
      ['r2', 'one of "o3"'],
    ],
  )
})

t.test('the nearest rule stands first, and of several as near the lowest id', async (t) => {
  const far = { models: ['o1'], operations: ['embeddings'] }
  const { unmet } = explained({}, far, { models: ['o1'] }, far, { models: ['o3'] })
  t.same(
    unmet.map(({ rule }) => rule),
    ['r1', 'r3', 'r0', 'r0', 'r2', 'r2'],
  )
})

t.test('what matched: denies that apply or cannot be told, and allows that hold', async (t) => {
  const deny = (when: object) => ({ effect: 'deny', when })
  const unknown = { max_output_tokens: { at_most: 5 } }
  const { decision, matched, unmet } = explained(
    {},
    {},
    { when: unknown },
    { when: { stream: true } },
    deny({ stream: false }),
    deny(unknown),
    deny({ stream: true }),
  )
  t.same([decision.effect, decision.rule], ['deny', 'r3'])
  t.same(matched, ['r0', 'r3', 'r4'])
  t.same(
    unmet.map(({ rule, condition }) => [rule, condition]),
    [
      ['r1', 'max_output_tokens'],
      ['r2', 'stream'],
    ],
    'nothing is missing for a deny',
  )
})

const count = (list: readonly unknown[]) => list.length

t.test('at most a hundred rows are told', async (t) => {
  const rules = (length: number) => Array.from({ length }, () => ({ models: ['o1'], when: noHosts }))
  t.equal(count(explained({}, ...rules(99)).unmet), 99)
  t.equal(count(explained({}, ...rules(100)).unmet), 100)
  t.equal(count(explained({}, ...rules(101)).unmet), 100)
})

const twoPlaces = who({ workspaces: ['there', 'here'] })

t.test('where a caller of several workspaces names none, every allow lacks the name of one', async (t) => {
  const refused = explained(twoPlaces, { models: ['o1'] }, { effect: 'deny' }, {})
  t.same([refused.decision.reason, refused.matched], ['workspace_not_allowed', []])
  const want = 'the header OpenAI-Project names one of "here", "there"'
  t.same(refused.unmet, [
    { rule: 'r0', condition: 'workspaces', want, got: 'no such header' },
    { rule: 'r2', condition: 'workspaces', want, got: 'no such header' },
  ])
  const other = explained({ ...twoPlaces, project: 'x' }, {})
  t.same(other.unmet, [{ rule: 'r0', condition: 'workspaces', want, got: '"x"' }])
  t.same(explained({ ...twoPlaces, project: 'here' }, {}).unmet, [], 'one that is named')
  const many = Array.from({ length: 101 }, () => ({}))
  t.equal(count(explained(twoPlaces, ...many).unmet), 100)
})
