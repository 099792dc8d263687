import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CONFIG, folderOf, runCli, writeFiles } from '../../support/cli.ts'

const WITH_TESTS = CONFIG.replace('[policy.yaml]', '[policy.yaml, tests.yaml]')
/** The policy in force: its rules and its tests are in two files. */
const POLICY = `version: 1
roles: { staff: { members: [{ issuer: corp }] } }
rules: [{ id: chat, effect: allow, roles: [staff], operations: [chat] }]
`
const test = (expect: string) =>
  `tests: [{ name: a chat, as: { issuer: corp }, request: { operation: chat }, expect: { ${expect} } }]\n`
const ALLOWED = test('effect: allow, rule: chat')
const DENIED = test('effect: deny')
const OWN = `policy:
  version: 1
  roles: { guest: { members: [{ issuer: elsewhere }] } }
  rules: [{ id: guests, effect: allow, roles: [guest], operations: [chat] }]
requests:
  - { name: a guest, as: { issuer: elsewhere }, request: { operation: chat }, expect: { effect: allow, rule: guests } }
`

const folder = folderOf(t)

async function cli(files: { [name: string]: string }, ...argv: string[]) {
  const standing = { 'config.yaml': WITH_TESTS, 'policy.yaml': POLICY, 'tests.yaml': `version: 1\n${ALLOWED}` }
  writeFiles(folder, { ...standing, ...files })
  return runCli(['policy', 'test', ...argv, '--config', 'config.yaml'], folder)
}

const CONFIGS = 'asked of the policies of config.yaml\nok      a chat'
const ITS_OWN = 'asked of its own policy\nok      a chat'
const asked: readonly (readonly [sentence: string, text: string, said: string])[] = [
  ['tests alone', ALLOWED, CONFIGS],
  ['tests alone, as a policy file has them', `version: 1\n${ALLOWED}`, CONFIGS],
  ['tests, and upstreams for them', `upstreams: [{ name: x }]\n${ALLOWED}`, CONFIGS],
  ['tests beside a `policy`', `policy: { version: 1 }\n${DENIED}`, ITS_OWN],
  ['a policy file with rules', `version: 1\nrules: [{ id: none, effect: deny }]\n${DENIED}`, ITS_OWN],
  ['a policy file with roles and no rules', `version: 1\nroles: { a: {} }\n${DENIED}`, ITS_OWN],
  [
    'a policy file with sets and aliases alone',
    `version: 1\nmodels: { a: [b] }\naliases: { c: b }\n${DENIED}`,
    ITS_OWN,
  ],
]
for (const [sentence, text, said] of asked) {
  t.test(`which policy is asked: ${sentence}`, async (t) => {
    const { code, out, err } = await cli({ 'more.yaml': text }, 'more.yaml')
    t.same([code, err], [0, ''])
    t.equal(out, `tests.yaml, ${CONFIGS}\n\nmore.yaml, ${said}\n\n2 tests, 0 failed\n1 of 1 rules exercised (100 %)\n`)
    const { tests } = JSON.parse((await cli({ 'more.yaml': text }, 'more.yaml', '--json')).out)
    t.equal(tests[1].policy, said === CONFIGS ? 'config' : 'own')
  })
}

t.test('tests of a file count for the rules of the policy that they are asked of', async (t) => {
  const files = { 'tests.yaml': 'version: 1\n', 'more.yaml': ALLOWED }
  t.equal((await cli(files, 'more.yaml', '--min-coverage', '100')).code, 0)
  const alone = { ...files, 'more.yaml': `${POLICY}${ALLOWED}` }
  t.match(await cli(alone, 'more.yaml', '--min-coverage', '100'), {
    code: 1,
    out: /ok {6}a chat\n\n1 tests, 0 failed\n0 of 1 rules exercised/,
  })
})

t.test('a file of the policies in force is not run twice, nor taken for a policy of its own', async (t) => {
  for (const files of [['tests.yaml'], ['policy.yaml'], ['policy.yaml', 'tests.yaml']]) {
    const { code, out, err } = await cli({}, ...files)
    t.same([code, err], [0, ''], files.join())
    t.match(out, /^tests\.yaml, asked of the policies of config\.yaml\nok {6}a chat\n\n1 tests/)
  }
})

t.test('a file without tests says so', async (t) => {
  t.match(
    (await cli({ 'more.yaml': 'version: 1\nroles: { a: {} }\n' }, 'more.yaml')).out,
    /\nmore\.yaml has no tests\n/,
  )
  const { code, out } = await cli({ 'tests.yaml': 'version: 1\n', 'more.yaml': 'version: 1\n' }, 'more.yaml')
  t.same([code, out.split('\n').slice(0, 3)], [0, ['more.yaml has no tests', '', '0 tests, 0 failed']])
})

t.test('cases with a policy of their own', async (t) => {
  const { code, out } = await cli({ 'own.yaml': OWN }, 'own.yaml', '--json')
  t.equal(code, 0)
  const { tests, coverage } = JSON.parse(out)
  t.same(tests[1], {
    file: 'own.yaml',
    policy: 'own',
    name: 'a guest',
    ok: true,
    expected: 'allow by guests',
    got: 'allow by guests (allowed)',
  })
  t.same([coverage.rules, coverage.missing], [1, []], 'and its rules are not those that are in force')
  const without = await cli({ 'own.yaml': OWN.replace(', rule: guests', '') }, 'own.yaml')
  t.match(without, { code: 1, out: /expected allow by no rule\n/ }, 'no rule is said: none may decide')
})

const broken: readonly (readonly [name: string, file: string, text: string, said: RegExp])[] = [
  ['no such file', 'nowhere.yaml', '', /^nowhere\.yaml:1:1: there is no such file\n/],
  [
    'a key that nobody knows',
    'b.yaml',
    'request: []\n',
    /^b\.yaml:1:1: `request` is not a known key; did you mean `requests`\?/,
  ],
  ['a case without an expectation', 'b.yaml', 'requests: [{ name: a }]\n', /^b\.yaml:1:12: .*`expect`/],
  ['an effect that there is not', 'b.yaml', 'tests: [{ name: a, expect: { effect: alow } }]\n', /^b\.yaml:1:38: /],
  ['no YAML', 'b.yaml', 'a: b: c\n', /^b\.yaml:1:/],
  [
    'an error in its policy',
    'b.yaml',
    'policy: { version: 1, rules: [{ id: a, effect: allow, roles: [b] }] }\n',
    /^b\.yaml:1:63: no role has this name/,
  ],
  [
    'an error in a policy file',
    'b.yaml',
    'version: 1\nrules: [{ id: a, effect: allow, roles: [b] }]\n',
    /^b\.yaml:2:41: no role has this name/,
  ],
  [
    'a rule that the policies of the config do not have, in a file that is written as one of them',
    'b.yaml',
    'version: 1\ntests: [{ name: a, as: {}, request: { operation: chat }, expect: { effect: allow, rule: none } }]\n',
    /^b\.yaml:2:\d+: no rule has this `id`/,
  ],
  [
    'an operation that there is not, in a file of tests alone',
    'b.yaml',
    'tests: [{ name: a, request: { operation: chatt }, expect: { effect: deny } }]\n',
    /^b\.yaml:1:\d+: no operation has this name; did you mean `chat`\?/,
  ],
  [
    'a rule that the policy beside a test does not have',
    'b.yaml',
    'policy: { version: 1 }\ntests: [{ name: a, request: { operation: chat }, expect: { effect: deny, rule: b } }]\n',
    /^b\.yaml:2:\d+: no rule has this `id`/,
  ],
  [
    'a slip in what it describes, there',
    'b.yaml',
    'version: 1\ntests: [{ name: a, as: { usr: bob }, request: { operation: chat }, expect: { effect: deny } }]\n',
    /^b\.yaml:2:\d+: `usr` is not a known key; did you mean `user`\?/,
  ],
  ['an empty folder', 'empty', '', /^empty:1:1: the folder has no `\*\.yaml` file\n/],
]
for (const [name, file, text, said] of broken) {
  t.test(`unusable: ${name}`, async (t) => {
    mkdirSync(join(folder, 'empty'), { recursive: true })
    const { code, out, err } = await cli(text === '' ? {} : { [file]: text }, file)
    t.same([code, out], [2, ''])
    t.match(err, said)
  })
}

t.test('a test that describes no request fails by itself, and is not read for what it refers to', async (t) => {
  const text = 'tests: [{ name: a, request: { operation: 5 }, expect: { effect: deny } }]\n'
  const { code, out, err } = await cli({ 'b.yaml': text }, 'b.yaml')
  t.same([code, err], [1, ''])
  t.match(out, /FAILED +a\n/)
})
