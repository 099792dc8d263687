import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { loadAll } from '../../../src/config/load-all.ts'
import { compilePolicies } from '../../../src/serving/compile-policies.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: "https://idp.example", audience: [a] }] }
upstreams: [{ name: main, url: "https://a.example/v1", models: ["*"], api_key: { env: KEY }, region: eu }]
policies: [policies]
`
/** Two semantic errors, and uses of names that are there. */
const WRONG = `version: 1
roles:
  staff: { members: [{ issuer: corp }, { issuer: crop }] }
rules:
  - { id: a, effect: allow, roles: [staff], operations: [chta] }
`
const USES = `version: 1
rules:
  - { id: b, effect: allow, roles: [elsewhere], models: ["@small"], when: { region: [eu] } }
`
const BROKEN = 'version: 1\nroles: { elsewhere: { members: [{ issuer: corp }] }\n'

interface Files {
  readonly [name: string]: string
}

async function found(t: Test, config: string, policies: Files, env: Record<string, string> = { KEY: 'k' }) {
  const folder = t.testdir({})
  mkdirSync(join(folder, 'policies'))
  writeFileSync(join(folder, 'config.yaml'), config)
  for (const [name, text] of Object.entries(policies)) writeFileSync(join(folder, 'policies', name), text)
  const loaded = await loadAll(join(folder, 'config.yaml'), { env, secrets: true, compile: compilePolicies })
  const rows = loaded.problems.map(({ file, line, code }) => `${basename(file)}:${line} ${code}`)
  t.equal(
    loaded.settings === null,
    loaded.problems.some(({ severity }) => severity === 'error'),
  )
  t.equal(loaded.policy === null, loaded.settings === null, 'nothing is used of what has an error')
  return rows.sort()
}

t.test('three kinds of problems in a config and two broken policy files are all reported', async (t) => {
  const config = CONFIG.replace('version: 1', 'version: 1\nlogging: x').replace('127.0.0.1:0', '127.0.0:0')
  t.same(await found(t, config, { 'broken.yaml': BROKEN, 'wrong.yaml': WRONG, 'uses.yaml': USES }, {}), [
    'broken.yaml:3 yaml_syntax',
    'config.yaml:2 unknown_key',
    'config.yaml:3 invalid_address',
    'config.yaml:5 secret_missing',
    'wrong.yaml:3 unknown_issuer',
    'wrong.yaml:5 unknown_operation',
  ])
})

const errors = ['wrong.yaml:3 unknown_issuer', 'wrong.yaml:5 unknown_operation']
const rows: readonly (readonly [string, string, Files, readonly string[]])[] = [
  ['the policy alone is wrong', CONFIG, { 'wrong.yaml': WRONG }, errors],
  [
    'a name is nowhere, and every file is read',
    CONFIG,
    { 'uses.yaml': USES },
    ['uses.yaml:3 unknown_role', 'uses.yaml:3 unknown_set'],
  ],
  [
    'a name may stand in a file that cannot be read',
    CONFIG,
    { 'uses.yaml': USES, 'broken.yaml': BROKEN },
    ['broken.yaml:3 yaml_syntax'],
  ],
  [
    'a name may stand in a file that is not there',
    CONFIG.replace('[policies]', '[policies, absent.yaml]'),
    { 'uses.yaml': USES },
    ['config.yaml:5 file_missing'],
  ],
  [
    'a name may stand below a key with a slip',
    CONFIG,
    { 'uses.yaml': USES, 'slip.yaml': 'version: 1\nrolse: {}\n' },
    ['slip.yaml:2 unknown_key'],
  ],
  [
    'a value is no YAML that all read alike, and the rest of its file is wrong, too',
    CONFIG,
    { 'a.yaml': WRONG.replace('effect: allow', 'effect: no') },
    ['a.yaml:3 unknown_issuer', 'a.yaml:5 old_boolean', 'a.yaml:5 unknown_operation'],
  ],
  [
    'the issuers stand below a key with a slip',
    CONFIG.replace('{ issuers', '{ isuers'),
    { 'wrong.yaml': WRONG },
    ['config.yaml:3 no_identity', 'config.yaml:3 unknown_key', 'wrong.yaml:5 unknown_operation'],
  ],
  [
    'the name of an issuer cannot be read',
    CONFIG.replace('name: corp', 'name: "my corp"'),
    { 'wrong.yaml': WRONG },
    ['config.yaml:3 wrong_value', 'wrong.yaml:5 unknown_operation'],
  ],
  [
    'an issuer has its name and another problem',
    CONFIG.replace(', audience: [a]', ''),
    { 'wrong.yaml': WRONG },
    ['config.yaml:3 missing_key', ...errors],
  ],
  [
    'the region of an upstream cannot be read',
    CONFIG.replace('region: eu', 'region: 4.10'),
    { 'uses.yaml': USES.replace(', roles: [elsewhere], models: ["@small"]', '') },
    ['config.yaml:4 number_form'],
  ],
  [
    'an upstream has another region',
    CONFIG.replace('region: eu', 'region: us'),
    { 'uses.yaml': USES.replace(', roles: [elsewhere], models: ["@small"]', '') },
    ['uses.yaml:3 unknown_region'],
  ],
  [
    'a test names a rule whose id cannot be read',
    CONFIG,
    {
      'a.yaml':
        'version: 1\nrules:\n  - { ID: a, effect: deny }\ntests:\n  - { name: n, as: {}, request: { operation: chat }, expect: { effect: deny, rule: a } }\n',
    },
    ['a.yaml:3 missing_key', 'a.yaml:3 unknown_key'],
  ],
]
for (const [name, config, policies, expected] of rows) {
  t.test(name, async (t) => {
    t.same(await found(t, config, policies), expected)
  })
}
