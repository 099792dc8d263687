import t from 'tap'
import { everyone, linted, type Row, small, spoken } from './linted.ts'

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

for (const [name, policy, found, facts] of shadowed) {
  t.test(name, async (t) => t.same(linted(policy, facts), found))
}
