import t from 'tap'
import { FACTS, findings, rules } from './linted.ts'

const ROLES = 'roles: { one: { members: [{ group: g }] } }\n'
const base = 'id: a, effect: allow, roles: [one], operations: [chat]'
const eu = { upstreams: FACTS.upstreams.slice(0, 1) }

type Row = readonly [sentence: string, policy: string, told: readonly string[], facts?: Partial<typeof FACTS>]
const table: readonly Row[] = [
  [
    'an allow within another one',
    ROLES + rules(base, 'id: b, effect: allow, roles: [one], operations: [chat], models: [o3]'),
    ['shadowed_rule rules.1.id: `a` allows all that this rule does; delete this one, or narrow the other'],
  ],
  [
    'an allow and a deny within a deny',
    ROLES +
      rules(base, 'id: b, effect: deny, operations: [chat]', 'id: c, effect: deny, operations: [chat], models: [o3]'),
    [
      'unreachable_rule rules.0.id: this allow never decides: the deny `b` applies to all that it covers; delete the allow, or narrow the deny',
      'shadowed_rule rules.2.id: `b` denies all that this rule does; delete this one, or narrow the other',
    ],
  ],
  [
    'a deny of what nobody may do',
    ROLES + rules(base, 'id: b, effect: deny, operations: [embeddings]'),
    [
      'idle_deny rules.1.id: no rule allows anything that this deny covers, and nothing is allowed but by a rule; delete it, or correct its operations, models or conditions',
    ],
  ],
  [
    'a way to sign in that the config has not',
    ROLES + rules(`${base}, when: { method: [saml] }`),
    [
      'unreachable_rule rules.0.when.method: this allow never holds: the config lets nobody sign in in one of these ways; name one that it has (`jwt`, `api_key`), or configure this one',
    ],
  ],
  [
    'factors of an API key',
    ROLES + rules(`${base}, when: { method: [api_key], mfa: true }`),
    [
      'unreachable_rule rules.0.when.mfa: this allow never holds: an API key never shows `mfa`, and `method` lets nothing else in; take `mfa` out, or add a method that can show it',
    ],
  ],
  [
    'a region without an upstream',
    ROLES + rules(`${base}, when: { region: [cn] }`),
    [
      'unreachable_rule rules.0.when.region: this allow never holds: no upstream of the config is what these conditions ask for; correct the region or the labels, here or in the config',
    ],
  ],
  [
    'a model that a region has not',
    ROLES + rules(`${base}, models: [o3], when: { region: [us] }`),
    [
      'unreachable_rule rules.0.when.region: this allow never holds: the upstreams that its conditions ask for serve none of its models; name models that they serve, or other upstreams',
    ],
  ],
  [
    'a set of which nothing is served',
    `models: { s: [o4] }\n${ROLES}${rules(`${base}, models: ['@s']`)}`,
    [
      'unreachable_rule rules.0.models: this allow never holds: no upstream of the config serves one of its models; name models that one serves',
      'unserved_model models.s.0: no upstream of the config serves `o4`; did you mean `o3`?',
    ],
  ],
  [
    'a name that is like nothing that is served',
    ROLES + rules(`${base}, models: [gpt-4o, claude-opus]`),
    [
      'unserved_model rules.0.models.1: no upstream of the config serves `claude-opus`; correct it, delete it, or add it to the `models` of an upstream',
    ],
  ],
  [
    'a deny of a region without an upstream',
    ROLES + rules(base, 'id: d, effect: deny, operations: [chat], when: { region: [us] }'),
    [
      'idle_deny rules.1.when.region: this deny never applies: every upstream of the config is in another region; correct the region or the labels, here or in the config',
    ],
    eu,
  ],
  [
    'a deny of labels that no upstream has',
    ROLES + rules(base, 'id: d, effect: deny, operations: [chat], when: { upstream: { labels: { tier: x } } }'),
    [
      'idle_deny rules.1.when.upstream: this deny never applies: every upstream of the config has other labels; correct the region or the labels, here or in the config',
    ],
  ],
  [
    'an allow without selectors',
    rules('id: a, effect: allow'),
    [
      'wide_allow rules.0.id: this allow is for everybody, every model and every operation; say who in `roles` and what in `operations`',
    ],
  ],
  [
    'an allow that a header guards',
    rules('id: a, effect: allow, operations: [chat], when: { header: { name: x-team, equals: a } }'),
    [
      'wide_allow rules.0.when.header: a header is all that guards this allow, and anybody can send any header; say who in `roles`',
    ],
  ],
  [
    'stars for models and operations',
    ROLES + rules('id: a, effect: allow, roles: [one], models: ["*"], operations: ["*"]'),
    [
      'wide_allow rules.0.models.0: this allows every model, those of tomorrow, too; name some, or a pattern such as `gpt-*`; leave `models` out where every model is meant',
      'wide_allow rules.0.operations.0: this allows every operation, those without a model, too (files, batches, …), whatever `models` says; name those that are meant, or leave `operations` out for all that have a model',
    ],
  ],
  [
    'a star for operations',
    ROLES + rules('id: a, effect: allow, roles: [one], operations: ["*"]'),
    [
      'wide_allow rules.0.operations.0: this allows every operation; name those that are meant, or leave `operations` out where all are',
    ],
  ],
  [
    'conditions that always hold',
    ROLES + rules(`${base}, when: { network: ['::/0'], time: { zone: UTC, from: '00:00', to: '24:00' } }`),
    [
      'wide_allow rules.0.when.network.0: every address is in this range; narrow it, or leave `network` out',
      'wide_allow rules.0.when.time: this is every hour of every day; narrow it, or leave `time` out',
    ],
  ],
  [
    'roles that nobody can hold',
    `roles: { one: {}, two: { members: [{ key: k }] } }\n${rules('id: a, effect: allow, roles: [one, two], operations: [models.list]')}`,
    [
      'unheld_role roles.one~: nobody can hold this role: it has no members, no role that somebody holds includes it, and the config has neither API keys nor users of the store, which could carry it; give it members such as `[{ group: … }]`, or delete it',
      'unheld_role roles.two~: nobody can hold this role: its members ask for an API key, and the config accepts none; give it members such as `[{ group: … }]`, or delete it',
    ],
    { methods: ['jwt'] },
  ],
  [
    'what nothing uses',
    `roles: { one: { members: [{ group: g }] }, two: { members: [{ group: h }] } }
models: { s: [gpt-4o] }
aliases: { fast: gpt-5 }
workspaces: { w: {}, v: {} }
${rules('id: a, effect: allow, roles: [one], workspaces: [w], models: [gpt-4o]')}`,
    [
      'unused_role roles.two~: no rule names this role, nor one that it includes: who holds it may no more and no less; delete it, or name it in a rule',
      'unused_set models.s~: no rule names this set; delete it, or write `@` and its name in a rule',
      'unused_alias aliases.fast: no rule allows the model that this alias stands for; delete it, or allow the model in a rule',
      'unused_workspace workspaces.v~: no rule names this workspace, though rules name others: in it only rules without `workspaces` hold; name it in a rule, or delete it',
    ],
  ],
]
for (const [sentence, policy, told, facts] of table) {
  t.test(sentence, async (t) => {
    const found = findings(policy, facts)
    t.same(
      found.map(({ code, path, at, message }) => `${code} ${path.join('.')}${at === 'key' ? '~' : ''}: ${message}`),
      told,
    )
  })
}
