import t from 'tap'
import { CONFIG, folderOf, runCli, writeFiles } from '../../support/cli.ts'

const POLICY = `version: 1
roles: { staff: { members: [{ issuer: corp }] } }
rules:
  - { id: staff, effect: allow, roles: [staff], operations: [chat] }
`
const WIDE = `${POLICY}  - { id: wide, effect: allow, operations: [chat], models: [o5] }
`

const folder = folderOf(t, { 'config.yaml': CONFIG })

async function check(policy: string, ...argv: string[]) {
  writeFiles(folder, { 'policy.yaml': policy })
  return runCli(['check', ...argv, '--config', 'config.yaml'], folder)
}

t.test('a warning has its place, its line and what to do, and is no error', async (t) => {
  t.same(await check(WIDE), {
    code: 0,
    out: `policy.yaml:5:61: warning: no upstream of the config serves \`o5\`; correct it, delete it, or add it to the \`models\` of an upstream
    - { id: wide, effect: allow, operations: [chat], models: [o5] }
                                                              ^
config.yaml and its policies are sound
`,
    err: '',
  })
  t.same(await check(POLICY), { code: 0, out: 'config.yaml and its policies are sound\n', err: '' })
})

t.test('--strict makes warnings errors', async (t) => {
  const { code, out, err } = await check(WIDE, '--strict')
  t.same([code, out], [1, ''])
  t.match(err, /^policy\.yaml:5:61: no upstream of the config serves `o5`;/)
  t.match(err, /\n1 error\n$/)
  t.same(await check(POLICY, '--strict'), { code: 0, out: 'config.yaml and its policies are sound\n', err: '' })
})

t.test('the severity of a warning, and under --strict', async (t) => {
  const plain = await check(WIDE, '--json')
  t.equal(plain.code, 0)
  t.match(JSON.parse(plain.out), [
    { file: 'policy.yaml', line: 5, column: 61, severity: 'warning', code: 'unserved_model' },
  ])
  const strict = await check(WIDE, '--json', '--strict')
  t.equal(strict.code, 1)
  t.match(JSON.parse(strict.out), [{ severity: 'error', code: 'unserved_model' }])
  t.same(await check(POLICY, '--json', '--strict'), { code: 0, out: '[]\n', err: '' })
})

t.test('other warnings are errors under --strict, too', async (t) => {
  const policy = `${POLICY}  - { id: d, effect: deny, operations: [chat], when: { tools: { hosted: [a] } } }\n`
  t.equal((await check(policy)).code, 0)
  t.match(await check(policy, '--strict'), { code: 1, err: /evades the rule/ })
})

t.test('a policy with an error is not linted', async (t) => {
  const { code, err } = await check(`${WIDE}  - { id: d, effect: deny, roles: [stuff] }\n`)
  t.equal(code, 1)
  t.match(err, /no role has this name; did you mean `staff`\?/)
  t.notMatch(err, /serves/)
})

t.test('what is shown stands alone, and warnings beside it', async (t) => {
  const { code, out, err } = await check(WIDE, '--show', '--json')
  t.equal(code, 0)
  t.equal(JSON.parse(out).version, 1)
  t.match(err, /warning: no upstream/)
})
