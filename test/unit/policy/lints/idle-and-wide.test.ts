import t from 'tap'
import { type FACTS, linted, rules } from './linted.ts'

type Row = readonly [name: string, policy: string, found: readonly string[], facts?: Partial<typeof FACTS>]

const ROLES = `roles:
  employee: { members: [{ issuer: corp }] }
  analyst: { members: [{ group: analysts }], includes: [employee] }
  admin: { members: [{ group: admins }] }
`
const everyone =
  'id: use, effect: allow, roles: [employee, analyst, admin], models: ["gpt-*"], operations: [chat, responses]'
const spoken = (...more: string[]) => `${ROLES}${rules(everyone, ...more)}`
/** With a rule that uses every role, so that only what the row shows is found. */
const small = (...more: string[]) =>
  `${ROLES}${rules('id: zz, effect: allow, roles: [employee, analyst, admin], operations: [moderations]', ...more)}`
const eu = [{ region: 'eu', labels: { tier: 'internal' }, models: ['gpt-*'] }]

const workspaces = 'workspaces: { a: { members: [{ group: a }] }, b: { members: [{ group: b }] } }\n'
const idle: readonly Row[] = [
  ['nothing allows what it denies', spoken('id: d, effect: deny, operations: [embeddings]'), ['idle_deny rules.1.id']],
  ['something allows what it denies', spoken('id: d, effect: deny, operations: [chat]'), []],
  [
    'an allow in shadow mode is soon enforced',
    spoken(
      'id: s, effect: allow, mode: shadow, roles: [admin], operations: [embeddings]',
      'id: d, effect: deny, operations: [embeddings], when: { stream: true }',
    ),
    [],
  ],
  ['no allow speaks of its models', spoken('id: d, effect: deny, models: ["text-*"]'), ['idle_deny rules.1.id']],
  ['a model that no allow names', spoken('id: d, effect: deny, models: [o3]'), ['idle_deny rules.1.id']],
  ['an allow without models', small('id: d, effect: deny, models: [o3]'), []],
  ["a pattern in the middle of an allow's", spoken('id: d, effect: deny, models: ["*-mini"]'), []],
  [
    'operations without a model, of other models',
    small(
      'id: a, effect: allow, roles: [admin], models: [gpt-4o], operations: [models.list]',
      'id: d, effect: deny, models: [o3], operations: [models.list]',
    ),
    [],
  ],
  [
    'operations with a model and without one, of other models',
    small(
      'id: a, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat, models.list]',
      'id: d, effect: deny, models: [o3], operations: [models.list]',
    ),
    [],
  ],
  [
    'an allowed name of one of its patterns',
    small(
      'id: a, effect: allow, roles: [admin], models: [o3], operations: [chat]',
      'id: d, effect: deny, models: [gpt-4o, "o*"], operations: [chat], when: { stream: true }',
    ),
    [],
  ],
  [
    'other roles may be held together',
    spoken(
      'id: a, effect: allow, roles: [admin], operations: [embeddings]',
      'id: d, effect: deny, roles: [employee], operations: [embeddings]',
    ),
    [],
  ],
  [
    'other workspaces may be in doubt',
    `${workspaces}${spoken('id: a, effect: allow, workspaces: [a], operations: [embeddings]', 'id: d, effect: deny, workspaces: [b], operations: [embeddings]')}`,
    [],
  ],
  [
    'another region than every allow of it',
    spoken(
      'id: a, effect: allow, roles: [admin], operations: [embeddings], when: { region: [eu] }',
      'id: d, effect: deny, operations: [embeddings], when: { region: [us] }',
    ),
    ['idle_deny rules.2.id'],
  ],
  [
    'a region in which nothing is',
    spoken('id: d, effect: deny, operations: [chat], when: { region: [us] }'),
    ['idle_deny rules.1.when.region'],
    { upstreams: eu },
  ],
  [
    'an upstream that does not say its region',
    spoken('id: d, effect: deny, operations: [chat], when: { region: [us] }'),
    [],
    { upstreams: [{ region: null, labels: {}, models: ['gpt-*'] }] },
  ],
  [
    'an operation for which no upstream is known',
    spoken(
      'id: a, effect: allow, roles: [admin], operations: [models.list]',
      'id: d, effect: deny, operations: [models.list], when: { region: [us] }',
    ),
    [],
    { upstreams: eu },
  ],
  [
    'other labels on every upstream',
    spoken('id: d, effect: deny, operations: [chat], when: { upstream: { labels: { tier: external } } }'),
    ['idle_deny rules.1.when.upstream'],
    { upstreams: eu },
  ],
  [
    'one other label on every upstream, and one that it has not',
    spoken('id: d, effect: deny, operations: [chat], when: { upstream: { labels: { tier: external, zone: a } } }'),
    ['idle_deny rules.1.when.upstream'],
    { upstreams: eu },
  ],
  [
    'a label that an upstream has not',
    spoken('id: d, effect: deny, operations: [chat], when: { upstream: { labels: { zone: a } } }'),
    [],
    { upstreams: eu },
  ],
  [
    'the label of the upstream',
    spoken('id: d, effect: deny, operations: [chat], when: { upstream: { labels: { tier: internal } } }'),
    [],
    { upstreams: eu },
  ],
  [
    'the label of one of two upstreams',
    spoken('id: d, effect: deny, operations: [chat], when: { upstream: { labels: { tier: internal } } }'),
    [],
  ],
  [
    'an operation on models, for which no upstream may be known',
    small(
      'id: a, effect: allow, roles: [admin], operations: [models.get]',
      'id: d, effect: deny, operations: [models.get], when: { region: [us] }',
    ),
    [],
    { upstreams: eu },
  ],
  [
    'a method that the config has not',
    spoken('id: d, effect: deny, when: { method: [ldap] }'),
    ['idle_deny rules.1.when.method'],
  ],
  [
    'factors of a key cannot be told, and that is enough for a deny',
    spoken('id: d, effect: deny, operations: [chat], when: { method: [api_key], mfa: true }'),
    [],
  ],
]

const wide: readonly Row[] = [
  ['no roles, models and operations', 'rules: [{ id: a, effect: allow }]\n', ['wide_allow rules.0.id']],
  [
    'the same with a second factor',
    'rules: [{ id: a, effect: allow, when: { mfa: true } }]\n',
    ['wide_allow rules.0.id'],
  ],
  ['the same in shadow mode', 'rules: [{ id: a, effect: allow, mode: shadow }]\n', []],
  ['a claim says who', 'rules: [{ id: a, effect: allow, when: { claim: { path: team, equals: platform } } }]\n', []],
  ['operations alone', 'rules: [{ id: a, effect: allow, operations: [models.list] }]\n', []],
  [
    'a star for models',
    small('id: a, effect: allow, roles: [admin], models: ["*"], operations: [chat]'),
    ['wide_allow rules.1.models.0'],
  ],
  [
    'a star in a set',
    `models: { all: [gpt-4o, "*"] }\n${small('id: a, effect: allow, roles: [admin], models: ["@all"], operations: [chat]')}`,
    ['wide_allow rules.1.models.0'],
  ],
  ['a star with more', small('id: a, effect: allow, roles: [admin], models: ["gpt-*"], operations: [chat]'), []],
  ['a star for models in a deny', small('id: a, effect: deny, models: ["*"], operations: [moderations]'), []],
  [
    'a star for operations',
    small('id: a, effect: allow, roles: [admin], models: [gpt-4o], operations: ["*"]'),
    ['wide_allow rules.1.operations.0'],
  ],
  ['a star for verbs', small('id: a, effect: allow, roles: [admin], operations: ["files.*"]'), []],
  [
    'every address',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { network: [10.0.0.0/8, 0.0.0.0/0] }'),
    ['wide_allow rules.1.when.network.1'],
  ],
  [
    'every address of IPv6',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { network: ["::/0"] }'),
    ['wide_allow rules.1.when.network.0'],
  ],
  [
    'half of all addresses',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { network: [0.0.0.0/1] }'),
    [],
  ],
  [
    'a header is the only guard',
    'rules: [{ id: a, effect: allow, operations: [chat], when: { header: { name: x-team, equals: a } } }]\n',
    ['wide_allow rules.0.when.header'],
  ],
  [
    'a header beside a network',
    'rules: [{ id: a, effect: allow, operations: [chat], when: { network: [10.0.0.0/8], header: { name: x-team, equals: a } } }]\n',
    [],
  ],
  ...['mfa: true', 'acr: [phr]', 'method: [jwt]', 'claim: { path: a, equals: b }'].map(
    (who): Row => [
      `a header beside \`${who}\``,
      `rules: [{ id: a, effect: allow, operations: [chat], when: { ${who}, header: { name: x-team, equals: a } } }]\n`,
      [],
    ],
  ),
  [
    'a header beside roles',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { header: { name: x-team, equals: a } }'),
    [],
  ],
  [
    'a header beside workspaces',
    'workspaces: { w: {} }\nrules: [{ id: a, effect: allow, workspaces: [w], operations: [chat], when: { header: { name: x-team, equals: a } } }]\n',
    [],
  ],
  ['roles alone', `${ROLES}rules: [{ id: a, effect: allow, roles: [employee, analyst, admin] }]\n`, []],
  ['workspaces alone', 'workspaces: { w: {} }\nrules: [{ id: a, effect: allow, workspaces: [w] }]\n', []],
  [
    'a star in a set whose name is the end of a model’s',
    `models: { pt-4o: ["*"] }\n${small('id: a, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat]')}`,
    ['unused_set models.pt-4o'],
  ],
  [
    'all hours of all days',
    small(
      'id: a, effect: allow, roles: [admin], operations: [chat], when: { time: { from: "00:00", to: "24:00", zone: UTC } }',
    ),
    ['wide_allow rules.1.when.time'],
  ],
  [
    'all hours of some days',
    small(
      'id: a, effect: allow, roles: [admin], operations: [chat], when: { time: { days: [mon], from: "00:00", to: "24:00", zone: UTC } }',
    ),
    [],
  ],
  [
    'all hours but a minute',
    small(
      'id: a, effect: allow, roles: [admin], operations: [chat], when: { time: { from: "00:01", to: "00:00", zone: UTC } }',
    ),
    [],
  ],
]

for (const [code, table] of Object.entries({ idle, wide })) {
  t.test(code, async (t) => {
    for (const [name, policy, found, facts] of table) t.same(linted(policy, facts), found, name)
  })
}
