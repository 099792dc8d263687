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

const unreachable: readonly Row[] = [
  [
    'a deny without conditions covers all of an allow',
    spoken(
      'id: no-o3, effect: deny, models: [o3]',
      'id: o3, effect: allow, roles: [admin], models: [o3], operations: [chat]',
    ),
    ['unreachable_rule rules.2.id'],
  ],
  [
    'the deny covers one of its models only',
    spoken(
      'id: no-o3, effect: deny, models: [o3]',
      'id: o3, effect: allow, roles: [admin], models: [o3, text-1], operations: [chat]',
    ),
    [],
  ],
  [
    'the deny is for other roles',
    spoken(
      'id: no-o3, effect: deny, roles: [employee], models: [o3]',
      'id: o3, effect: allow, roles: [admin], models: [o3], operations: [chat]',
    ),
    [],
  ],
  [
    'the deny is for a role that is included',
    spoken(
      'id: no-o3, effect: deny, roles: [employee], models: [o3]',
      'id: o3, effect: allow, roles: [analyst], models: [o3], operations: [chat]',
    ),
    ['unreachable_rule rules.2.id'],
  ],
  [
    'the deny has a condition',
    spoken(
      'id: no-o3, effect: deny, models: [o3], when: { stream: true }',
      'id: o3, effect: allow, roles: [admin], models: [o3], operations: [chat]',
    ),
    [],
  ],
  [
    'the deny has a condition that the allow asks for',
    spoken(
      'id: no-o3, effect: deny, models: [o3], when: { stream: true }',
      'id: o3, effect: allow, roles: [admin], models: [o3], operations: [chat], when: { stream: true }',
    ),
    ['unreachable_rule rules.2.id'],
  ],
  [
    'the deny is in shadow mode',
    spoken(
      'id: no-o3, effect: deny, mode: shadow, models: [o3]',
      'id: o3, effect: allow, roles: [admin], models: [o3], operations: [chat]',
    ),
    [],
  ],
  [
    'the deny and the allow are in shadow mode',
    spoken(
      'id: no-o3, effect: deny, mode: shadow, models: [o3]',
      'id: o3, effect: allow, mode: shadow, roles: [admin], models: [o3], operations: [chat]',
    ),
    ['unreachable_rule rules.2.id'],
  ],
  [
    'a deny of models does not speak of operations without one',
    spoken(
      'id: no-gpt, effect: deny, models: ["gpt-*"], when: { stream: true }',
      'id: list, effect: allow, roles: [admin], models: ["gpt-*"], operations: [models.list], when: { stream: true }',
    ),
    [],
  ],
  [
    'factors are asked of API keys',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [api_key], mfa: true }'),
    ['unreachable_rule rules.1.when.mfa'],
  ],
  [
    'factors are asked of keys or of tokens',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [api_key, jwt], mfa: true }'),
    [],
  ],
  [
    'a claim is asked of API keys',
    small(
      'id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [api_key], claim: { path: a, equals: b } }',
    ),
    ['unreachable_rule rules.1.when.claim'],
  ],
  [
    'an `acr` is asked of API keys',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [api_key], acr: [phr] }'),
    ['unreachable_rule rules.1.when.acr'],
  ],
  [
    'nothing else is asked of API keys',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [api_key] }'),
    [],
  ],
  [
    'a method that the config has, and one that it has not',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [saml, jwt] }'),
    [],
  ],
  [
    'a set and a name, of which nothing is served',
    `models: { s: [o4] }\n${small('id: a, effect: allow, roles: [admin], models: ["@s", o5], operations: [chat]')}`,
    ['unreachable_rule rules.1.models', 'unserved_model models.s.0', 'unserved_model rules.1.models.1'],
  ],
  [
    'a method that the config has not',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [saml] }'),
    ['unreachable_rule rules.1.when.method'],
  ],
  [
    'a method that the config has',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { method: [jwt] }'),
    [],
  ],
  [
    'a region that no upstream has',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { region: [cn] }'),
    ['unreachable_rule rules.1.when.region'],
  ],
  [
    'one region of two that an upstream has',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { region: [cn, eu] }'),
    [],
  ],
  [
    'labels that no upstream has',
    small('id: a, effect: allow, roles: [admin], operations: [chat], when: { upstream: { labels: { tier: secret } } }'),
    ['unreachable_rule rules.1.when.upstream'],
  ],
  [
    'a region and labels of two upstreams',
    small(
      'id: a, effect: allow, roles: [admin], operations: [chat], when: { region: [us], upstream: { labels: { tier: internal } } }',
    ),
    ['unreachable_rule rules.1.when.region'],
  ],
  [
    'a region and labels of one upstream',
    small(
      'id: a, effect: allow, roles: [admin], operations: [chat], when: { region: [eu], upstream: { labels: { tier: internal } } }',
    ),
    [],
  ],
  [
    'models that the region does not serve',
    small('id: a, effect: allow, roles: [admin], models: [o3], operations: [chat], when: { region: [us] }'),
    ['unreachable_rule rules.1.when.region'],
  ],
  [
    'models that the region serves',
    small('id: a, effect: allow, roles: [admin], models: [o3], operations: [chat], when: { region: [eu] }'),
    [],
  ],
  [
    'files are of no model',
    small('id: a, effect: allow, roles: [admin], models: [o3], operations: ["files.*"], when: { region: [us] }'),
    [],
  ],
]

const shadowed: readonly Row[] = [
  [
    'a narrower allow',
    spoken(
      'id: mini, effect: allow, roles: [analyst], models: [gpt-4o-mini, "gpt-5-*"], operations: [chat], when: { mfa: true }',
    ),
    ['shadowed_rule rules.1.id'],
  ],
  [
    'an operation more',
    spoken('id: mini, effect: allow, roles: [analyst], models: [gpt-4o-mini], operations: [chat, embeddings]'),
    [],
  ],
  [
    'a model more',
    spoken('id: mini, effect: allow, roles: [analyst], models: [gpt-4o-mini, o3], operations: [chat]'),
    [],
  ],
  [
    'a pattern that is wider at its end',
    spoken('id: mini, effect: allow, roles: [analyst], models: ["g*"], operations: [chat]'),
    [],
  ],
  ['a role more', spoken('id: all, effect: allow, models: [gpt-4o], operations: [chat]'), []],
  ['the same rule twice: the later one', spoken(everyone.replace('use', 'zoo')), ['shadowed_rule rules.1.id']],
  ['the same rule twice: the later one by `id`', spoken(everyone.replace('use', 'a')), ['shadowed_rule rules.0.id']],
  [
    'a wider rule behind one with more conditions',
    small(
      'id: a, effect: deny, operations: [chat], when: { stream: true, region: [eu] }',
      'id: m, effect: deny, operations: [chat], models: [o3], when: { stream: true }',
      'id: z, effect: deny, operations: [chat]',
      'id: u, effect: allow, roles: [admin], operations: [chat], when: { urls: [a.example] }',
    ),
    ['unreachable_rule rules.4.id', 'shadowed_rule rules.2.id', 'shadowed_rule rules.1.id'],
  ],
  [
    'the same rule twice, behind another one',
    small(
      'id: a, effect: allow, roles: [admin], operations: [embeddings]',
      'id: b, effect: allow, roles: [admin], operations: [chat]',
      'id: c, effect: allow, roles: [admin], operations: [chat]',
    ),
    ['shadowed_rule rules.3.id'],
  ],
  [
    'a narrower rule whose `id` comes first',
    spoken('id: a, effect: allow, roles: [analyst], models: [gpt-4o], operations: [chat]'),
    ['shadowed_rule rules.1.id'],
  ],
  [
    'hosts that the other does not grant',
    spoken(
      'id: mini, effect: allow, roles: [analyst], models: [gpt-4o], operations: [chat], when: { urls: [files.example] }',
    ),
    [],
  ],
  [
    'another mode',
    spoken('id: mini, effect: allow, mode: shadow, roles: [analyst], models: [gpt-4o], operations: [chat]'),
    [],
  ],
  ['another effect', spoken('id: mini, effect: deny, roles: [analyst], models: [gpt-4o], operations: [chat]'), []],
  [
    'a way out of a deny on `acr`',
    spoken(
      'id: d, effect: deny, operations: [chat], when: { acr: [weak] }',
      'id: e, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat], when: { acr: [phr] }',
    ),
    [],
  ],
  [
    'an `acr`, and a deny that does not speak of it',
    spoken(
      'id: d, effect: deny, operations: [chat], when: { stream: true }',
      'id: e, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat], when: { acr: [phr] }',
    ),
    ['shadowed_rule rules.2.id'],
  ],
  [
    'no `acr`, and a deny that speaks of one',
    spoken(
      'id: d, effect: deny, operations: [chat], when: { acr: [weak] }',
      'id: e, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat]',
    ),
    ['shadowed_rule rules.2.id'],
  ],
  [
    'an `acr` of another allow, and a deny that speaks of one',
    spoken(
      'id: d, effect: deny, operations: [chat], when: { acr: [weak] }',
      'id: e, effect: allow, roles: [admin], operations: [chat], when: { acr: [phr, hw] }',
      'id: f, effect: allow, roles: [admin], models: [o3], operations: [chat], when: { acr: [phr] }',
    ),
    ['shadowed_rule rules.3.id'],
  ],
  [
    'a deny on `acr` in a wider deny',
    spoken('id: d, effect: deny, operations: [chat]', 'id: e, effect: deny, operations: [chat], when: { acr: [weak] }'),
    ['shadowed_rule rules.2.id'],
  ],
  [
    'an `acr` that no deny speaks of',
    spoken('id: e, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat], when: { acr: [phr] }'),
    ['shadowed_rule rules.1.id'],
  ],
  [
    'a narrower deny',
    spoken(
      'id: d, effect: deny, operations: [chat], when: { network: [10.0.0.0/8] }',
      'id: e, effect: deny, models: [gpt-4o], operations: [chat], when: { network: [10.1.0.0/16, 10.2.0.1] }',
    ),
    ['shadowed_rule rules.2.id'],
  ],
  [
    'a deny of a wider network',
    spoken(
      'id: d, effect: deny, operations: [chat], when: { network: [10.0.0.0/8] }',
      'id: e, effect: deny, models: [gpt-4o], operations: [chat], when: { network: [10.0.0.0/7] }',
    ),
    [],
  ],
  [
    'models of a rule without operations, and an operation without a model',
    small(
      'id: a, effect: allow, roles: [admin], models: ["gpt-*"]',
      'id: b, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat, models.list]',
    ),
    [],
  ],
  [
    'models of a rule without operations, and operations with a model',
    small(
      'id: a, effect: allow, roles: [admin], models: ["gpt-*"]',
      'id: b, effect: allow, roles: [admin], models: [gpt-4o], operations: [chat]',
    ),
    ['shadowed_rule rules.2.id'],
  ],
]

for (const [code, table] of Object.entries({ unreachable, shadowed })) {
  t.test(code, async (t) => {
    for (const [name, policy, found, facts] of table) t.same(linted(policy, facts), found, name)
  })
}
