import t from 'tap'
import { asides, large, type Parts, ROLES, rules, sentences, transforms, workspaces } from '../../support/diffed.ts'

const cap = { set: { max_output_tokens: 100 } }

/** Each row is read in both directions. */
const table: readonly (readonly [string, Parts, Parts, readonly string[], readonly string[]])[] = [
  [
    'a cap is raised',
    transforms(cap),
    transforms({ set: { max_output_tokens: 200 } }),
    ['transform t is loosened: max_output_tokens 200 instead of 100 (weaker)'],
    ['transform t is changed: max_output_tokens 100 instead of 200'],
  ],
  [
    'a cap goes from a transform that does something else, too',
    transforms({ set: { max_output_tokens: 100, temperature: 0 } }),
    transforms({ set: { temperature: 0 } }),
    ['transform t is loosened: no longer max_output_tokens 100 (weaker)'],
    ['transform t is changed: now max_output_tokens 100'],
  ],
  [
    'a transform goes',
    transforms({ ...cap, system: { prepend: 'secret words' } }),
    rules(large),
    ['transform t is removed, and with it max_output_tokens 100, a text in front (weaker)'],
    ['transform t is added: max_output_tokens 100, a text in front'],
  ],
  [
    'a setting has another value, which is neither weaker nor stronger',
    transforms({ set: { temperature: 0 } }),
    transforms({ set: { temperature: 1 } }),
    ['transform t is changed: temperature 1 instead of 0'],
    ['transform t is changed: temperature 0 instead of 1'],
  ],
  [
    'answers may be stored',
    transforms({ set: { store: false } }),
    transforms({ set: { store: true } }),
    ['transform t is loosened: store true instead of false (weaker)'],
    ['transform t is changed: store false instead of true'],
  ],
  [
    'the text in front goes',
    transforms({ ...cap, system: { prepend: 'a' } }),
    transforms(cap),
    ['transform t is loosened: no longer a text in front (weaker)'],
    ['transform t is changed: now a text in front'],
  ],
  [
    'the text in front is another one',
    transforms({ system: { prepend: 'a' } }),
    transforms({ system: { prepend: 'b' } }),
    ['transform t is changed: another text in front'],
    ['transform t is changed: another text in front'],
  ],
  [
    'it is for some roles only',
    transforms(cap),
    transforms({ ...cap, roles: ['robot', 'lead'] }),
    ['transform t is loosened: now only for the roles lead and robot (weaker)'],
    ['transform t is changed: now for everybody'],
  ],
  [
    'it is for a role that another one of its roles is held with',
    transforms({ ...cap, roles: ['employee', 'lead'] }),
    transforms({ ...cap, roles: ['employee'] }),
    ['transform t is changed: no longer for the role lead'],
    ['transform t is changed: now for the role lead, too'],
  ],
  [
    'a pattern is narrower',
    transforms({ ...cap, models: ['gpt-*'] }),
    transforms({ ...cap, models: ['gpt-4*'] }),
    ['transform t is loosened: for the model gpt-4* instead of gpt-* (weaker)'],
    ['transform t is changed: for the model gpt-* instead of gpt-4*'],
  ],
  [
    'a set has a model less',
    { ...transforms({ ...cap, models: ['@s'] }), models: { s: ['a', 'b'] } },
    { ...transforms({ ...cap, models: ['@s'] }), models: { s: ['a'] } },
    ['transform t is loosened: no longer for the model b (weaker)'],
    ['transform t is changed: now for the model b, too'],
  ],
  [
    'it names an operation less, of those that it can be applied to',
    transforms({ ...cap, operations: ['chat', 'responses'] }),
    transforms({ ...cap, operations: ['chat'] }),
    ['transform t is loosened: no longer for the operation responses (weaker)'],
    ['transform t is changed: now for the operation responses, too'],
  ],
  [
    'all operations are named one by one',
    transforms(cap),
    transforms({ ...cap, operations: ['chat', 'completions', 'responses'] }),
    ['transform t is loosened: now only for the operations chat, completions and responses (weaker)'],
    ['transform t is changed: now for every operation'],
  ],
  [
    'it is for a workspace only',
    { ...workspaces(), transforms: [{ id: 't', ...cap }] },
    { ...workspaces(), transforms: [{ id: 't', ...cap, workspaces: ['w'] }] },
    ['transform t is loosened: now only for the workspace w (weaker)'],
    ['transform t is changed: now for every workspace'],
  ],
  [
    'others hold its role',
    { ...transforms({ ...cap, roles: ['robot'] }), roles: { ...ROLES, robot: { members: [{ user: 'r2' }] } } },
    transforms({ ...cap, roles: ['robot'] }),
    ['transform t is loosened: others hold the role robot (weaker)'],
    ['transform t is changed: others hold the role robot'],
  ],
  [
    'others are in its workspace',
    { ...workspaces(), transforms: [{ id: 't', ...cap, workspaces: ['w'] }] },
    { ...workspaces({ members: [{ group: 'b' }] }), transforms: [{ id: 't', ...cap, workspaces: ['w'] }] },
    ['transform t is loosened: others are in its workspaces (weaker)'],
    ['transform t is loosened: others are in its workspaces (weaker)'],
  ],
  [
    'it has another name',
    transforms(cap),
    transforms({ ...cap, id: 'u' }),
    ['transform t is called u now: of several, the last one by its name counts'],
    ['transform u is called t now: of several, the last one by its name counts'],
  ],
]

for (const [name, before, after, forth, back] of table) {
  t.test(name, async (t) => {
    t.same(sentences(before, after), forth)
    t.same(sentences(after, before), back, 'and the other way round')
    t.same([sentences(before, before), sentences(after, after)], [[], []], 'and nothing from one to itself')
  })
}

const silent = [
  [
    'entries, members, lists and keys stand in another order',
    {
      ...transforms(
        { ...cap, models: ['a', 'b'], roles: ['robot'] },
        { id: 'u', set: { store: false, temperature: 0 } },
      ),
      roles: { ...ROLES, robot: { members: [{ user: 'a' }, { group: 'b', issuer: 'corp' }] } },
    },
    {
      ...transforms(
        { id: 'u', set: { temperature: 0, store: false } },
        { ...cap, models: ['b', 'a'], roles: ['robot'] },
      ),
      roles: {
        robot: { members: [{ issuer: 'corp', group: 'b' }, { user: 'a' }] },
        lead: ROLES.lead,
        analyst: ROLES.analyst,
        employee: ROLES.employee,
      },
    },
  ],
  [
    'a set is written out',
    { ...transforms({ ...cap, models: ['@s'] }), models: { s: ['a', 'b'] } },
    transforms({ ...cap, models: ['b', 'a'] }),
  ],
  [
    'a role that no transform names has other members',
    transforms({ ...cap, roles: ['robot'] }),
    {
      ...transforms({ ...cap, roles: ['robot'] }),
      roles: { ...ROLES, lead: { members: [{ group: 'chiefs' }], includes: ['analyst'] } },
    },
  ],
] as const

for (const [name, before, after] of silent) {
  t.test(`nothing is said when ${name}`, async (t) => {
    t.same([sentences(before, after), sentences(after, before)], [[], []])
  })
}

t.test('what falls away is told apart, with the names that it is about', async (t) => {
  const before = { ...transforms({ set: { max_output_tokens: 100, temperature: 0 } }), aliases: { fast: 'gpt-4o' } }
  const after = { ...transforms({ set: { max_output_tokens: 200, temperature: 1 } }), aliases: {} }
  const said = asides(before, after).map(({ what, change, names, isWeaker }) => [what, change, names, isWeaker])
  t.same(said, [
    ['transform', 'changed', ['t'], true],
    ['transform', 'changed', ['t'], false],
    ['alias', 'removed', ['fast'], false],
  ])
})
