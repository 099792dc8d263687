import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CONFIG, folderOf, runCli, writeFiles } from '../../support/cli.ts'

const RULES = `version: 1
roles: { staff: { members: [{ issuer: corp }] } }
rules:
  - { id: chat, effect: allow, roles: [staff], operations: [chat] }
  - { id: images, effect: allow, roles: [staff], operations: [images.generate], when: { mfa: true } }
  - { id: no-tools, effect: deny, operations: [chat], when: { stream: true } }
`
const as = '{ user: bob, issuer: corp }'
const test = (name: string, request: string, expect: string) =>
  `  - { name: "${name}", as: ${as}, request: { ${request} }, expect: { ${expect} } }\n`
const CHAT = test('chat', 'operation: chat, model: gpt-4o', 'effect: allow, rule: chat')
const POLICY = `${RULES}tests:\n${CHAT}`
/** One case that says all, and one that does not. */
const CASES = `requests:\n${CHAT}tests:\n${test('a stream', 'operation: chat, model: gpt-4o, stream: true', 'effect: deny')}`
const OWN = `policy:
  version: 1
  roles: { guest: { members: [{ issuer: elsewhere }] } }
  rules: [{ id: guests, effect: allow, roles: [guest], operations: [chat] }]
requests:
  - { name: a guest, as: { issuer: elsewhere }, request: { operation: chat }, expect: { effect: allow, rule: guests } }
`

const folder = folderOf(t)

async function cli(files: { [name: string]: string }, ...argv: string[]) {
  writeFiles(folder, { 'config.yaml': CONFIG, 'policy.yaml': POLICY, ...files })
  return runCli(['policy', 'test', ...argv, '--config', 'config.yaml'], folder)
}

t.test('the table of one file, and which rules no test exercises', async (t) => {
  t.same(await cli({}), {
    code: 0,
    out: 'ok      chat\n1 tests, 0 failed\n1 of 3 rules exercised (33.3 %); no test exercises:\n        images\n        no-tools\n',
    err: '',
  })
})

t.test('the table of several files', async (t) => {
  const { code, out } = await cli({ 'cases/one.yaml': CASES }, 'cases')
  t.equal(code, 0)
  t.equal(
    out,
    'policy.yaml, asked of the policies of config.yaml\nok      chat\n\n' +
      'cases/one.yaml, asked of the policies of config.yaml\nok      chat\nok      a stream\n\n3 tests, 0 failed\n' +
      '2 of 3 rules exercised (66.6 %); no test exercises:\n        images\n',
  )
})

t.test('as JSON', async (t) => {
  const { code, out } = await cli({ 'cases/one.yaml': CASES.replace('deny }', 'allow }') }, 'cases/one.yaml', '--json')
  t.equal(code, 1)
  const { ok, tests, coverage } = JSON.parse(out)
  t.equal(ok, false)
  t.same(tests[2], {
    file: 'cases/one.yaml',
    policy: 'config',
    name: 'a stream',
    ok: false,
    expected: 'allow',
    got: 'deny by no-tools (denied_by_rule) unmet images.operations, images.mfa',
  })
  t.same(
    coverage,
    { rules: 3, exercised: 1, percent: 33.3, missing: ['images', 'no-tools'] },
    'what fails shows nothing',
  )
})

const unmet = 'operation: images.generate, model: gpt-image-1'
type Row = readonly [name: string, tests: string, missing: readonly string[], policy?: string]
const shadow = RULES.replace('id: no-tools, effect: deny', 'id: no-tools, effect: deny, mode: shadow')
const rows: readonly Row[] = [
  ['a rule that allows', CHAT, ['images', 'no-tools']],
  ['a rule that denies', test('s', 'operation: chat, stream: true', 'effect: deny'), ['chat', 'images']],
  ['a rule that asks for more', test('s', unmet, 'effect: step_up'), ['chat', 'no-tools']],
  [
    'a condition that is said to be missing',
    test('s', unmet, 'effect: step_up, unmet: [images.mfa]'),
    ['chat', 'no-tools'],
  ],
  [
    'conditions of another rule than the one that decides',
    test('s', 'operation: chat, stream: true', 'effect: deny, unmet: [images.mfa]'),
    ['chat'],
  ],
  ['a test that nothing matches', test('s', 'operation: embeddings', 'effect: deny'), ['chat', 'images', 'no-tools']],
  [
    'a rule in shadow mode that would decide',
    test('s', 'operation: chat, stream: true', 'effect: allow'),
    ['images'],
    shadow,
  ],
  ['a rule in shadow mode that would not', CHAT, ['images', 'no-tools'], shadow],
]
for (const [name, tests, missing, policy = RULES] of rows) {
  t.test(`exercised: ${name}`, async (t) => {
    const { code, out } = await cli({ 'policy.yaml': `${policy}tests:\n${tests}` }, '--json')
    t.equal(code, 0)
    t.same(JSON.parse(out).coverage.missing, missing)
  })
}

t.test('--min-coverage', async (t) => {
  t.equal((await cli({}, '--min-coverage', '33')).code, 0)
  t.match(await cli({}, '--min-coverage', '33.4'), {
    code: 1,
    out: /\n1 of 3 rules exercised \(33\.3 %\); `--min-coverage` asks for 33\.4 %; no test/,
  })
  const { code, out } = await cli({}, '--min-coverage', '100', '--json')
  t.equal(code, 1)
  t.match(JSON.parse(out), { ok: false, coverage: { minimum: 100 } })
  t.equal((await cli({}, '--min-coverage', '0')).code, 0)
  for (const bad of ['', 'x', '-1', '101', '100.1', '1e1', 'NaN', '50%', '0x10']) {
    const { code, out, err } = await cli({}, `--min-coverage=${bad}`)
    t.same([code, out, err], [2, '', 'error: `--min-coverage` must be a number from 0 to 100\n'], JSON.stringify(bad))
  }
})

t.test('a policy without rules is covered, and one without tests says so', async (t) => {
  t.same(await cli({ 'policy.yaml': 'version: 1\n' }, '--min-coverage', '100'), {
    code: 0,
    out: 'the policies have no tests\n0 of 0 rules exercised (100 %)\n',
    err: '',
  })
  t.match((await cli({ 'policy.yaml': RULES })).out, /^the policies have no tests\n0 of 3 rules/)
})

t.test('a case that cannot be understood fails and the others go on', async (t) => {
  const cases =
    'requests: [{ name: a, request: { operation: 5 }, expect: { effect: deny } }, { name: b, request: { operation: chat }, expect: { effect: deny } }]\n'
  const { code, out } = await cli({ 'c.yaml': cases }, 'c.yaml')
  t.equal(code, 1)
  t.match(out, /FAILED {2}a\n {8}expected deny by no rule\n {8}got {6}`request\.operation` must be a text\nok {6}b\n/)
})

t.test('a JUnit report is well-formed whatever names are', async (t) => {
  const hostile = String.raw`<x a=\"1\"> & ' ]]> \u202e\u0000\ufffe\ud800 \t é`
  const tests = `${CHAT}${test(hostile, 'operation: chat', 'effect: deny')}`
  const { code } = await cli(
    { 'policy.yaml': `${RULES}tests:\n${tests}`, 'own.yaml': OWN },
    'own.yaml',
    '--junit',
    'report.xml',
  )
  t.equal(code, 1)
  const name = '&lt;x a=&quot;1&quot;&gt; &amp; &apos; ]]&gt; \\u{202e}\\u{0}\ufffd\ufffd   é'
  t.equal(
    readFileSync(join(folder, 'report.xml'), 'utf8'),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="sallyport policy test" tests="3" failures="1" errors="0" skipped="0">
  <testsuite name="policy.yaml" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="policy.yaml" name="chat"/>
    <testcase classname="policy.yaml" name="${name}">
      <failure type="decision" message="expected deny; got allow by chat (allowed)">expected deny; got allow by chat (allowed)</failure>
    </testcase>
  </testsuite>
  <testsuite name="own.yaml" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="own.yaml" name="a guest"/>
  </testsuite>
</testsuites>
`,
  )
  const { code: unusable, out, err } = await cli({}, '--junit', 'nowhere/report.xml')
  t.same([unusable, out, err], [2, '', 'error: the report cannot be written: there is no such file\n'])
})
