import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { KNOWN, sources } from '../../support/policies.ts'

const documents = [
  {
    version: 1,
    roles: { lead: { includes: ['analyst'] }, analyst: { members: [{ group: 'a' }], includes: ['employee'] } },
    models: { small: ['gpt-4o-mini', '@more'], more: ['llama-*', 'gpt-4o-mini'] },
    rules: [{ id: 'b', effect: 'deny', models: ['@small', 'o1'], operations: ['chat'], reason: 'no' }],
  },
  {
    version: 1,
    roles: { employee: { members: [{ issuer: 'corp' }] } },
    aliases: { fast: 'gpt-4o-mini' },
    workspaces: { research: { members: [{ group: 'r' }], labels: { tier: 'x' } }, bare: {} },
    rules: [{ id: 'a', effect: 'allow', roles: ['lead'], workspaces: ['research'], when: { stream: true } }],
  },
]

t.test('the outline is the policy in force, whatever the order of the files', async (t) => {
  for (const order of [documents, [...documents].reverse()]) {
    const { policy } = compilePolicy(sources(order), KNOWN)
    const outline = policy?.outline()
    t.same(outline?.roles.get('lead'), { members: [], includes: ['analyst'], holds: ['lead', 'analyst', 'employee'] })
    t.same(outline?.roles.get('employee'), { members: [{ issuer: 'corp' }], includes: [], holds: ['employee'] })
    t.same(outline?.workspaces.get('research'), { members: [{ group: 'r' }], labels: { tier: 'x' } })
    t.same(outline?.workspaces.get('bare'), { members: [], labels: {} })
    t.same(
      [...(outline?.sets ?? [])],
      [
        ['small', ['gpt-4o-mini', 'llama-*']],
        ['more', ['llama-*', 'gpt-4o-mini']],
      ],
    )
    t.same([...(outline?.aliases ?? [])], [['fast', 'gpt-4o-mini']])
    t.strictSame(outline?.rules, [
      {
        id: 'a',
        effect: 'allow',
        mode: 'enforce',
        roles: ['lead'],
        workspaces: ['research'],
        models: null,
        modelsWritten: null,
        operations: null,
        when: { stream: true, urls: [] },
        hasNoUrls: true,
        reason: null,
      },
      {
        id: 'b',
        effect: 'deny',
        mode: 'enforce',
        roles: null,
        workspaces: null,
        models: ['o1', 'gpt-4o-mini', 'llama-*'],
        modelsWritten: ['@small', 'o1'],
        operations: ['chat'],
        when: {},
        reason: 'no',
      },
    ])
  }
})

t.test('it is made once', async (t) => {
  const { policy } = compilePolicy(sources(documents), KNOWN)
  t.equal(policy?.outline(), policy?.outline())
})

t.test('a transform with its sets resolved; what it does not say is null, or no settings', async (t) => {
  const transforms = [
    { id: 'cap', models: ['@small', 'o1'], operations: ['chat'], set: { max_output_tokens: 9 } },
    { id: 'say', roles: ['lead'], workspaces: ['research'], system: { prepend: 'x' } },
  ]
  const { policy } = compilePolicy(sources([...documents, { version: 1, transforms }]), KNOWN)
  t.strictSame(policy?.outline().transforms, [
    {
      id: 'cap',
      roles: null,
      workspaces: null,
      models: ['o1', 'gpt-4o-mini', 'llama-*'],
      operations: ['chat'],
      set: { max_output_tokens: 9 },
      prepend: null,
    },
    {
      id: 'say',
      roles: ['lead'],
      workspaces: ['research'],
      models: null,
      operations: null,
      set: {},
      prepend: 'x',
    },
  ])
})
