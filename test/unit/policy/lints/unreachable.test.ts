import t from 'tap'
import { linted, type Row, small, spoken } from './linted.ts'

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

for (const [name, policy, found, facts] of unreachable) {
  t.test(name, async (t) => t.same(linted(policy, facts), found))
}
