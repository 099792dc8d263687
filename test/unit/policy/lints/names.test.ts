import t from 'tap'
import { type FACTS, findings, linted } from './linted.ts'

type Row = readonly [name: string, policy: string, found: readonly string[], facts?: Partial<typeof FACTS>]

const use = 'rules: [{ id: a, effect: allow, roles: [one], operations: [models.list] }]\n'
const noKeys = { methods: ['jwt'] } as const
const keysOnly = { methods: ['api_key'], issuers: [] } as const

const unheld: readonly Row[] = [
  ['no members, and the config has no keys', `roles: { one: {} }\n${use}`, ['unheld_role roles.one'], noKeys],
  ['no members, and a key may carry it', `roles: { one: {} }\n${use}`, []],
  ['members', `roles: { one: { members: [{ group: g }] } }\n${use}`, [], noKeys],
  ['members of an issuer', `roles: { one: { members: [{ issuer: corp, group: g }] } }\n${use}`, [], noKeys],
  [
    'members, and no issuer that could say who they are',
    `roles: { one: { members: [{ group: g }] } }\n${use}`,
    ['unheld_role roles.one'],
    { methods: ['mtls'], issuers: [] },
  ],
  [
    'a role that somebody holds includes it',
    `roles: { one: {}, two: { members: [{ group: g }], includes: [one] } }\n${use}`,
    [],
    noKeys,
  ],
  [
    'a role that nobody holds includes it',
    `roles: { one: {}, two: { includes: [one] } }\n${use}`,
    ['unheld_role roles.one', 'unheld_role roles.two'],
    noKeys,
  ],
  [
    'its members are keys, and the config has none',
    `roles: { one: { members: [{ issuer: api_keys }, { key: key_1 }] } }\n${use}`,
    ['unheld_role roles.one'],
    noKeys,
  ],
  [
    'its members are keys, and the config has some',
    `roles: { one: { members: [{ issuer: api_keys }, { key: key_1 }] } }\n${use}`,
    [],
    keysOnly,
  ],
]

const unused: readonly Row[] = [
  [
    'a role',
    `roles: { one: { members: [{ group: g }] }, two: { members: [{ group: h }] } }\n${use}`,
    ['unused_role roles.two'],
  ],
  [
    'a role that includes one in use',
    `roles: { one: { members: [{ group: g }] }, two: { members: [{ group: h }], includes: [one] } }\n${use}`,
    [],
  ],
  [
    'a role that is included by one in use',
    `roles: { one: { includes: [two] }, two: { members: [{ group: h }] } }\n${use}`,
    ['unused_role roles.two'],
  ],
  [
    'a role and a set that only a transform names',
    `roles: { one: { members: [{ group: g }] }, two: { members: [{ group: h }] } }\nmodels: { s: [gpt-4o] }
transforms: [{ id: t, roles: [two], models: ["@s"], set: { store: false } }]\n${use}`,
    [],
  ],
  [
    'a transform for everybody',
    'rules: [{ id: a, effect: allow, operations: [chat] }]\ntransforms: [{ id: t, set: { store: false } }]\n',
    [],
  ],
  [
    'a workspace that only a transform names',
    'workspaces: { w: {}, v: {} }\nrules: [{ id: a, effect: allow, operations: [chat] }]\ntransforms: [{ id: t, workspaces: [w], set: { store: false } }]\n',
    ['unused_workspace workspaces.v'],
  ],
  [
    'an alias of what is only denied',
    'aliases: { fast: gpt-5 }\nrules: [{ id: a, effect: allow, models: ["gpt-4*"] }, { id: d, effect: deny, models: ["gpt-*"], when: { stream: true } }]\n',
    ['unused_alias aliases.fast'],
  ],
  [
    'an alias of what is not served',
    'aliases: { fast: o9 }\nrules: [{ id: a, effect: allow, models: [gpt-4o] }]\n',
    ['unserved_model aliases.fast'],
  ],
  ['a set', 'models: { s: [gpt-4o] }\nrules: [{ id: a, effect: allow, models: [gpt-4o] }]\n', ['unused_set models.s']],
  [
    'a set in a set in use',
    'models: { s: [gpt-4o], t: ["@s"] }\nrules: [{ id: a, effect: allow, models: ["@t"] }]\n',
    [],
  ],
  [
    'a set in a set that is not',
    'models: { s: [gpt-4o], t: ["@s"] }\nrules: [{ id: a, effect: allow, models: [gpt-4o] }]\n',
    ['unused_set models.s', 'unused_set models.t'],
  ],
  [
    'a set in a set whose name is the end of a model’s',
    'models: { s: [gpt-4o], pt-4o: ["@s"] }\nrules: [{ id: a, effect: allow, models: [gpt-4o] }]\n',
    ['unused_set models.s', 'unused_set models.pt-4o'],
  ],
  [
    'an alias of what nobody may use',
    'aliases: { fast: gpt-5 }\nrules: [{ id: a, effect: allow, models: [gpt-4o] }]\n',
    ['unused_alias aliases.fast'],
  ],
  [
    'an alias of what a pattern allows',
    'aliases: { fast: gpt-5 }\nrules: [{ id: a, effect: allow, models: ["gpt-*"] }]\n',
    [],
  ],
  [
    'an alias where every model is allowed',
    'aliases: { fast: gpt-5 }\nrules: [{ id: a, effect: allow, operations: [chat] }]\n',
    [],
  ],
  [
    'an alias where only lists are allowed',
    'aliases: { fast: gpt-5 }\nrules: [{ id: a, effect: allow, operations: [models.list] }]\n',
    ['unused_alias aliases.fast'],
  ],
  [
    'a workspace among some that rules name',
    'workspaces: { w: {}, v: {} }\nrules: [{ id: a, effect: allow, workspaces: [w], operations: [chat] }]\n',
    ['unused_workspace workspaces.v'],
  ],
  [
    'workspaces that no rule speaks of',
    'workspaces: { w: {}, v: {} }\nrules: [{ id: a, effect: allow, operations: [chat] }]\n',
    [],
  ],
]

const unserved: readonly Row[] = [
  [
    'a name in a rule',
    'rules: [{ id: a, effect: allow, models: [gpt-4o, o4] }]\n',
    ['unserved_model rules.0.models.1'],
  ],
  [
    'a pattern in a rule',
    'rules: [{ id: a, effect: allow, models: ["claude-*", "gpt-5*"] }]\n',
    ['unserved_model rules.0.models.0'],
  ],
  ['a pattern that meets a pattern', 'rules: [{ id: a, effect: allow, models: ["*-mini"] }]\n', []],
  [
    'a name in a set',
    'models: { s: [o3, o4] }\nrules: [{ id: a, effect: allow, models: ["@s"] }]\n',
    ['unserved_model models.s.1'],
  ],
  [
    'all names of a set: the rule, too',
    'models: { s: [o4] }\nrules: [{ id: a, effect: allow, models: ["@s"] }]\n',
    ['unreachable_rule rules.0.models', 'unserved_model models.s.0'],
  ],
  [
    'the target of an alias',
    'aliases: { fast: gtp-5 }\nrules: [{ id: a, effect: allow, operations: [chat] }]\n',
    ['unserved_model aliases.fast'],
  ],
  [
    'a name in a transform',
    'rules: [{ id: a, effect: allow, operations: [chat] }]\ntransforms: [{ id: t, models: [o3, o4], set: { store: false } }]\n',
    ['unserved_model transforms.0.models.1'],
  ],
  [
    'a slip in a deny',
    'rules: [{ id: a, effect: allow, operations: [chat] }, { id: d, effect: deny, models: [gtp-4] }]\n',
    ['unserved_model rules.1.models.0'],
  ],
  [
    'an upstream that serves everything',
    'rules: [{ id: a, effect: allow, models: [o4] }]\n',
    [],
    { upstreams: [{ region: null, labels: {}, models: ['*'] }] },
  ],
]

for (const [code, table] of Object.entries({ unheld, unused, unserved })) {
  t.test(code, async (t) => {
    for (const [name, policy, found, facts] of table) t.same(linted(policy, facts), found, name)
  })
}

t.test('a name that is nearly served is proposed', async (t) => {
  const [found] = findings('rules: [{ id: a, effect: allow, models: [gpt-4oo] }]\n', {
    upstreams: [{ region: null, labels: {}, models: ['gpt-4o'] }],
  })
  t.equal(found?.message, 'no upstream of the config serves `gpt-4oo`; did you mean `gpt-4o`?')
})

t.test('a pattern is not proposed', async (t) => {
  const [found] = findings('rules: [{ id: a, effect: allow, models: [claude-opuz] }]\n', {
    upstreams: [{ region: null, labels: {}, models: ['claude-opus*'] }],
  })
  t.match(found?.message, 'correct it, delete it, or add it to the `models` of an upstream')
})

t.test('a warning says which rule and what to do', async (t) => {
  const policy = `roles: { one: { members: [{ group: g }] } }
${use}  - { id: b, effect: allow, roles: [one], models: [gpt-4o], operations: [models.list] }
`
  const [found] = findings(policy.replace('rules: [', 'rules:\n  - ').replace('}]\n  - { id: b', '}\n  - { id: b'))
  const message = '`a` allows all that this rule does; delete this one, or narrow the other'
  t.match(found, { severity: 'warning', file: 'policy.yaml', path: ['rules', 1, 'id'], message })
})
