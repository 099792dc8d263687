import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { found, known, rule, when } from '../../support/found-problems.ts'
import { sources } from '../../support/policies.ts'

const test = (more: object) => ({
  ...rule({}),
  tests: [{ name: 't', as: {}, request: { operation: 'chat' }, expect: { effect: 'allow' }, ...more }],
})

const NO_IDS = ['rules.0~ missing_key', 'rules.1~ missing_key']
type Row = readonly [sentence: string, document: unknown, problems: readonly string[]]
const table: readonly Row[] = [
  ['the smallest policy', { version: 1 }, []],
  ['a list is no policy', [], [' wrong_type']],
  ['no version', {}, ['~ missing_key']],
  ['another version', { version: 2 }, ['version wrong_value']],
  ['an unknown key', { version: 1, rule: [] }, ['rule~ unknown_key']],
  ['limits', { version: 1, limits: [] }, ['limits~ not_built']],
  ['guards', { version: 1, guards: [] }, ['guards~ not_built']],
  ['no transforms in a list of transforms', { version: 1, transforms: [] }, ['transforms empty_list']],
  ['audit of a rule', rule({ audit: { content: 'sealed' } }), ['rules.0.audit~ not_built']],
  ['shadow mode', rule({ mode: 'shadow' }), []],
  ['enforce mode', rule({ mode: 'enforce' }), []],
  ['a mode that nobody knows', rule({ mode: 'enfroce' }), ['rules.0.mode wrong_value']],
  ['no rules in a list of rules', { version: 1, rules: [] }, ['rules empty_list']],
  ['no effect', { version: 1, rules: [{ id: 'r' }] }, ['rules.0~ missing_key']],
  ['two rules without an id', { version: 1, rules: [{ effect: 'deny' }, { effect: 'deny' }] }, NO_IDS],
  ['a role without a name', { version: 1, roles: { '': {} } }, ['roles.~ wrong_name']],
  ['an effect in capitals', rule({ effect: 'Allow' }), ['rules.0.effect wrong_value']],
  ['an id with a control character', rule({ id: 'a\nb' }), ['rules.0.id wrong_value']],
  ['an empty list of roles', rule({ roles: [] }), ['rules.0.roles empty_list']],
  ['an empty list of models', rule({ models: [] }), ['rules.0.models empty_list']],
  ['an empty list of operations', rule({ operations: [] }), ['rules.0.operations empty_list']],
  ['an empty list of workspaces', rule({ workspaces: [] }), ['rules.0.workspaces empty_list']],
  ['an empty list of hosts means none', when({ urls: [] }), []],
  ['an empty list of tools means none', when({ tools: { functions: [], hosted: [] } }), []],
  ['an empty list of networks', when({ network: [] }), ['rules.0.when.network empty_list']],
  ['an empty list of a claim', when({ claim: { path: 'a', in: [] } }), ['rules.0.when.claim.in empty_list']],
  ['a number among models of a set', { version: 1, models: { a: [5, '@b'], b: ['m'] } }, ['models.a.0 wrong_type']],
  [
    'a number among included roles',
    { version: 1, roles: { a: { includes: [5, 'b'] }, b: {} } },
    ['roles.a.includes.0 wrong_type'],
  ],
  ['an empty set of models', { version: 1, models: { a: [] } }, ['models.a empty_list']],
  ['no conditions in `when`', when({}), ['rules.0.when empty_map']],
  ['nothing asked of the input', when({ input: {} }), ['rules.0.when.input empty_map']],
  ['nothing asked of labels', when({ upstream: { labels: {} } }), ['rules.0.when.upstream.labels empty_map']],
  ['a member that anybody is', { version: 1, roles: { a: { members: [{}] } } }, ['roles.a.members.0 empty_map']],
  ['roles that are one text', rule({ roles: 'a' }), ['rules.0.roles wrong_type']],
  ['a role that nobody defines', rule({ roles: ['a'] }), ['rules.0.roles.0 unknown_role']],
  ['a name that every object has', rule({ roles: ['constructor'] }), ['rules.0.roles.0 unknown_role']],
  ['a hostile name that is defined', { ...rule({ roles: ['constructor'] }), roles: { constructor: {} } }, []],
  ['a workspace that nobody defines', rule({ workspaces: ['a'] }), ['rules.0.workspaces.0 unknown_workspace']],
  ['a set that nobody defines', rule({ models: ['@a'] }), ['rules.0.models.0 unknown_set']],
  ['a set in a set that nobody defines', { version: 1, models: { a: ['@b'] } }, ['models.a.0 unknown_set']],
  [
    'a set that contains itself',
    { version: 1, models: { a: ['@b'], b: ['@a', 'x'], c: ['@a'] } },
    ['models.a~ cycle', 'models.b~ cycle'],
  ],
  ['a role that includes itself', { version: 1, roles: { a: { includes: ['a'] } } }, ['roles.a~ cycle']],
  [
    'roles that include one another',
    { version: 1, roles: { a: { includes: ['b'] }, b: { includes: ['c'] }, c: { includes: ['a'] } } },
    ['roles.a~ cycle', 'roles.b~ cycle', 'roles.c~ cycle'],
  ],
  [
    'an included role that nobody defines',
    { version: 1, roles: { a: { includes: ['b'] } } },
    ['roles.a.includes.0 unknown_role'],
  ],
  [
    'an issuer that the config does not have',
    { version: 1, roles: { a: { members: [{ issuer: 'crop' }] } } },
    ['roles.a.members.0.issuer unknown_issuer'],
  ],
  ['the keys of this proxy', { version: 1, roles: { a: { members: [{ issuer: 'api_keys' }] } } }, []],
  [
    'a claim that asks nothing',
    { version: 1, roles: { a: { members: [{ claim: { path: 'x' } }] } } },
    ['roles.a.members.0.claim incomplete'],
  ],
  [
    'a rule that names an alias',
    { ...rule({ models: ['fast'] }), aliases: { fast: 'gpt-4o' } },
    ['rules.0.models.0 alias_in_rule'],
  ],
  [
    'a set that names an alias',
    { version: 1, models: { a: ['fast'] }, aliases: { fast: 'gpt-4o' } },
    ['models.a.0 alias_in_rule'],
  ],
  ['an alias of an alias', { version: 1, aliases: { a: 'b', b: 'c' } }, ['aliases.a alias_of_alias']],
  ['an alias of itself', { version: 1, aliases: { a: 'a' } }, ['aliases.a alias_of_alias']],
  ['an alias of a number', { version: 1, aliases: { a: 5 } }, ['aliases.a wrong_type']],
  ['an alias of a pattern', { version: 1, aliases: { a: 'gpt-*' } }, ['aliases.a wrong_value']],
  ['an alias of a set', { version: 1, aliases: { a: '@b' } }, ['aliases.a wrong_value']],
  ['an alias with a star', { version: 1, aliases: { 'a*': 'b' } }, ['aliases.a*~ wrong_name']],
  ['an operation that does not exist', rule({ operations: ['chats'] }), ['rules.0.operations.0 unknown_operation']],
  ['a slip in a verb', rule({ operations: ['models.lst'] }), ['rules.0.operations.0 unknown_operation']],
  ['operations of a resource', rule({ operations: ['files.*', 'models.list', '*'] }), []],
  ['a star inside a verb', rule({ operations: ['models.l*'] }), ['rules.0.operations.0 unknown_operation']],
  [
    'an unknown condition',
    when({ mfaa: true }),
    ['rules.0.when.mfaa~ unknown_key', 'rules.0.when empty_map'].slice(0, 1),
  ],
  ['`mfa: false`', when({ mfa: false }), ['rules.0.when.mfa wrong_value']],
  ['an age without a unit', when({ mfa: { max_age: '12' } }), ['rules.0.when.mfa.max_age wrong_value']],
  ['a method that nobody knows', when({ method: ['oidc'] }), ['rules.0.when.method.0 wrong_value']],
  [
    'a network with too many bits',
    when({ network: ['10.0.0.0/33', '10.0.0.0/8'] }),
    ['rules.0.when.network.0 invalid_network'],
  ],
  [
    'a zone that is not one',
    when({ time: { days: ['mon'], zone: 'Europe/Berln' } }),
    ['rules.0.when.time.zone unknown_zone'],
  ],
  ['no zone', when({ time: { days: ['mon'] } }), ['rules.0.when.time~ missing_key']],
  ['neither a zone nor an end', when({ time: { from: '07:00' } }), ['rules.0.when.time~ missing_key']],
  ['a zone that is a number', when({ time: { from: '07:00', zone: 5 } }), ['rules.0.when.time.zone wrong_type']],
  ['a range that is a number', when({ network: [5, '10.0.0.0/33'] }), ['rules.0.when.network.0 wrong_type']],
  ['a number among regions', when({ region: [5, 'eu'] }), ['rules.0.when.region.0 wrong_type']],
  ['an hour without an end', when({ time: { from: '07:00', zone: 'UTC' } }), ['rules.0.when.time incomplete']],
  ['neither days nor hours', when({ time: { zone: 'UTC' } }), ['rules.0.when.time incomplete']],
  [
    'a window without length',
    when({ time: { from: '07:00', to: '07:00', zone: 'UTC' } }),
    ['rules.0.when.time.to wrong_value'],
  ],
  [
    'an hour that is none',
    when({ time: { from: '7:00', to: '08:00', zone: 'UTC' } }),
    ['rules.0.when.time.from wrong_value'],
  ],
  ['a claim with two tests', when({ claim: { path: 'a', equals: 'b', in: ['c'] } }), ['rules.0.when.claim incomplete']],
  [
    'a claim path with an empty step',
    when({ claim: { path: 'a..b', equals: 'c' } }),
    ['rules.0.when.claim.path wrong_value'],
  ],
  ['a claim path as a list', when({ claim: { path: ['a.b', 'c'], equals: 'c' } }), []],
  ['a number in a claim', when({ claim: { path: 'a', equals: 5 } }), ['rules.0.when.claim.equals wrong_type']],
  [
    'a header that carries a credential',
    when({ header: { name: 'Authorization', matches: '*' } }),
    ['rules.0.when.header.name secret_header'],
  ],
  ['a host in capitals', when({ urls: ['Files.example'] }), ['rules.0.when.urls.0 wrong_value']],
  ['a URL for a host', when({ urls: ['https://a.example'] }), ['rules.0.when.urls.0 wrong_value']],
  [
    'a limit of tokens in text',
    when({ max_output_tokens: { at_most: '4096' } }),
    ['rules.0.when.max_output_tokens.at_most wrong_type'],
  ],
  ['a stream in words', when({ stream: 'yes' }), ['rules.0.when.stream wrong_type']],
  ['a region that no upstream has', when({ region: ['us', 'eu'] }), ['rules.0.when.region.0 unknown_region']],
  [
    'a label that no upstream has',
    when({ upstream: { labels: { tier: 'x' } } }),
    ['rules.0.when.upstream.labels.tier unknown_label'],
  ],
  ['a test of an unknown rule', test({ expect: { effect: 'allow', rule: 'x' } }), ['tests.0.expect.rule unknown_rule']],
  [
    'a test of an unknown rule in shadow mode',
    test({ expect: { effect: 'allow', shadow: { effect: 'deny', rule: 'x' } } }),
    ['tests.0.expect.shadow.rule unknown_rule'],
  ],
  ['a test of a rule in shadow mode', test({ expect: { effect: 'allow', shadow: { effect: 'deny', rule: 'r' } } }), []],
  ['a test that expects nothing of shadow rules', test({ expect: { effect: 'allow', shadow: 'none' } }), []],
  ['a test of a pattern', test({ request: { operation: 'files.*' } }), ['tests.0.request.operation unknown_operation']],
  ['a test at no time', test({ at: '2026-03-02 09:00' }), ['tests.0.at wrong_value']],
  ['a test at a time', test({ at: '2026-03-02T09:00:00+01:00' }), []],
  ['a test on an unknown upstream', test({ upstream: 'x' }), ['tests.0.upstream unknown_upstream']],
  ['a test with a slip', test({ as: { usr: 'x' } }), ['tests.0.as.usr~ unknown_key']],
  [
    'two rules of one id',
    {
      version: 1,
      rules: [
        { id: 'r', effect: 'allow' },
        { id: 'r', effect: 'deny' },
      ],
    },
    ['rules.1.id duplicate'],
  ],
  [
    'everything wrong at once',
    {
      version: 1,
      roles: { a: { includes: ['b'] } },
      rules: [
        { id: 'r', effect: 'alow', models: ['@x'] },
        { effect: 'deny', roles: ['c'], when: { network: ['x'] } },
      ],
    },
    [
      'rules.0.effect wrong_value',
      'rules.1~ missing_key',
      'roles.a.includes.0 unknown_role',
      'rules.0.models.0 unknown_set',
      'rules.1.roles.0 unknown_role',
      'rules.1.when.network.0 invalid_network',
    ],
  ],
]

for (const [sentence, document, problems] of table) {
  t.test(sentence, async (t) => {
    t.same(found(document), problems)
    const { policy, problems: all } = compilePolicy(sources([document]), known)
    t.equal(
      policy === null,
      all.some(({ severity }) => severity === 'error'),
      'no policy exactly when there is an error',
    )
  })
}
