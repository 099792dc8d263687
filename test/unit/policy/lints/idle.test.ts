import t from 'tap'
import { linted, type Row, small, spoken } from './linted.ts'

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

for (const [name, policy, found, facts] of idle) {
  t.test(name, async (t) => t.same(linted(policy, facts), found))
}
