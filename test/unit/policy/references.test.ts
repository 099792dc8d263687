import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { sources } from '../../support/policies.ts'

const known = { issuers: ['corp'], upstreams: [{ name: 'main', region: 'eu', labels: { tier: 'internal' } }] }
const rule = (more: object) => ({ version: 1, rules: [{ id: 'r', effect: 'allow', ...more }] })
const member = (written: object) => ({ version: 1, workspaces: { w: { members: [{ user: 'a' }, written] } } })

type Row = readonly [sentence: string, document: object, where: string | null, code?: string, message?: string]
const table: readonly Row[] = [
  [
    'a role',
    { ...rule({ roles: ['analyst', 'analist'] }), roles: { analyst: {} } },
    'rules.0.roles.1',
    'unknown_role',
    'no role has this name; did you mean `analyst`?',
  ],
  ['a role that is like no other', rule({ roles: ['x'] }), 'rules.0.roles.0', 'unknown_role', 'no role has this name'],
  [
    'an included role',
    { version: 1, roles: { analyst: { includes: ['employe'] }, employee: {} } },
    'roles.analyst.includes.0',
    'unknown_role',
    'no role has this name; did you mean `employee`?',
  ],
  [
    'a workspace',
    { ...rule({ workspaces: ['researhc'] }), workspaces: { research: {} } },
    'rules.0.workspaces.0',
    'unknown_workspace',
    'no workspace has this name; did you mean `research`?',
  ],
  [
    'a set of models',
    { ...rule({ models: ['o1', '@smal'] }), models: { small: ['m'] } },
    'rules.0.models.1',
    'unknown_set',
    'no set of models has this name; did you mean `small`?',
  ],
  [
    'an alias in a set',
    { version: 1, models: { small: ['m', 'fast'] }, aliases: { fast: 'm' } },
    'models.small.1',
    'alias_in_rule',
    'this is an alias, which is resolved before rules are asked; name the model that it stands for',
  ],
  [
    'an issuer of a workspace',
    member({ issuer: 'crop' }),
    'workspaces.w.members.1.issuer',
    'unknown_issuer',
    'the config has no issuer of this name; did you mean `corp`?',
  ],
  [
    'users of the store that are not asked for',
    member({ issuer: 'local' }),
    'workspaces.w.members.1.issuer',
    'unknown_issuer',
    'the config has no users of the store: set `identity.local.enabled: true`, or take this away',
  ],
  [
    'client certificates that are not asked for',
    member({ issuer: 'mtls' }),
    'workspaces.w.members.1.issuer',
    'unknown_issuer',
    'the config takes no client certificates: set `identity.mtls`, or take this away',
  ],
  [
    'tokens of the proxy, which vouch for nobody',
    member({ issuer: 'tokens' }),
    'workspaces.w.members.1.issuer',
    'unknown_issuer',
    'tokens of the proxy are of whom the person signed in with: name that issuer, directory or provider, or `local`',
  ],
  ['an issuer that there is', member({ issuer: 'corp' }), null],
  ['the issuer of API keys', member({ issuer: 'api_keys' }), null],
  [
    'a claim without a test',
    member({ claim: { path: 'a' } }),
    'workspaces.w.members.1.claim',
    'incomplete',
    '`claim` needs exactly one of `equals`, `in` and `matches`',
  ],
  ['a claim with a test', member({ claim: { path: 'a', equals: 'x' } }), null],
  [
    'a claim with a test of another type, which is told once',
    member({ claim: { path: 'a', equals: 5 } }),
    'workspaces.w.members.1.claim.equals',
    'wrong_type',
    '`equals` must be text; put it in quotes',
  ],
  [
    'an alias with an at sign',
    { version: 1, aliases: { '@a': 'm' } },
    'aliases.@a~',
    'wrong_name',
    'an alias is one plain name, without `*` and `@`',
  ],
  [
    'an alias of a pattern',
    { version: 1, aliases: { a: 'm*' } },
    'aliases.a',
    'wrong_value',
    'an alias stands for one model, not for a pattern or a set',
  ],
  [
    'an alias of an alias',
    { version: 1, aliases: { a: 'b', b: 'c' } },
    'aliases.a',
    'alias_of_alias',
    'this is an alias itself; name the model that it stands for',
  ],
  [
    'a role that includes itself',
    { version: 1, roles: { a: { includes: ['a'] }, b: { includes: ['a'] } } },
    'roles.a~',
    'cycle',
    'this role contains itself by way of others; take one reference out',
  ],
  [
    'a set that contains itself',
    { version: 1, models: { a: ['m', '@a'], b: ['@a'] } },
    'models.a~',
    'cycle',
    'this set contains itself by way of others; take one reference out',
  ],
  ['a set that contains a model of its own name', { version: 1, models: { a: ['a', 'xa', '@b'], b: ['a'] } }, null],
  [
    'an operation',
    rule({ operations: ['chat', 'chta'] }),
    'rules.0.operations.1',
    'unknown_operation',
    'no operation has this name; did you mean `chat`?',
  ],
  [
    'an operation of a resource',
    rule({ operations: ['files.crate'] }),
    'rules.0.operations.0',
    'unknown_operation',
    'no operation has this name; did you mean `files.create`?',
  ],
  [
    'a pattern of operations',
    rule({ operations: ['thread.runs.*'] }),
    'rules.0.operations.0',
    'unknown_operation',
    'no operation has this name; did you mean `threads.runs.*`?',
  ],
  [
    'an operation that is like none',
    rule({ operations: ['everything'] }),
    'rules.0.operations.0',
    'unknown_operation',
    'no operation has this name; write one such as `chat`, `models.list` or `files.*`',
  ],
  ['operations and patterns that there are', rule({ operations: ['files.create', 'threads.runs.*'] }), null],
  [
    'a region',
    rule({ when: { region: ['eu', 'us'] } }),
    'rules.0.when.region.1',
    'unknown_region',
    'no upstream of the config has this region; correct it, or give it to an upstream',
  ],
  [
    'a label that has another value',
    rule({ when: { upstream: { labels: { tier: 'external' } } } }),
    'rules.0.when.upstream.labels.tier',
    'unknown_label',
    'no upstream of the config has this label; correct it, or give it to an upstream',
  ],
  [
    'a label that every object has',
    rule({ when: { upstream: { labels: { constructor: 'x', tier: 'internal' } } } }),
    'rules.0.when.upstream.labels.constructor',
    'unknown_label',
    'no upstream of the config has this label; correct it, or give it to an upstream',
  ],
  [
    'a region and a label that an upstream has',
    rule({ when: { region: ['eu'], upstream: { labels: { tier: 'internal' } } } }),
    null,
  ],
  [
    'a condition that contradicts itself',
    rule({ when: { stream: true, time: { days: ['mon'], zone: 'Nowhere' } } }),
    'rules.0.when.time.zone',
    'unknown_zone',
    '`zone` must be a time zone such as `Europe/Berlin`',
  ],
]

for (const [sentence, document, where, code, message] of table) {
  t.test(`${where === null ? 'sound' : 'told of'}: ${sentence}`, async (t) => {
    const { policy, problems } = compilePolicy(sources([document]), known)
    t.same(
      problems.map((found) => [`${found.path.join('.')}${found.at === 'key' ? '~' : ''}`, found.code, found.message]),
      where === null ? [] : [[where, code, message]],
    )
    const isWarning = code === 'unknown_region' || code === 'unknown_label'
    t.same(
      problems.map(({ severity }) => severity),
      where === null ? [] : [isWarning ? 'warning' : 'error'],
    )
    t.equal(policy !== null, where === null || isWarning)
  })
}
