import t from 'tap'
import { linted, ROLES, type Row, small } from './linted.ts'

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

for (const [name, policy, found, facts] of wide) {
  t.test(name, async (t) => t.same(linted(policy, facts), found))
}
