import t from 'tap'
import { CONFIG, folderOf, runCli, writeFiles } from '../../support/cli.ts'

const RULES = `version: 1
rules:
  - { id: chat, effect: allow, operations: [chat] }
  - { id: no-streams, effect: deny, mode: shadow, operations: [chat], when: { stream: true } }
`
const folder = folderOf(t, { 'config.yaml': CONFIG })

async function tested(request: string, expect: string, ...argv: string[]) {
  const test = `tests: [{ name: a, as: {}, request: { operation: chat, ${request} }, expect: ${expect} }]\n`
  writeFiles(folder, { 'policy.yaml': RULES + test })
  return runCli(['policy', 'test', '--config', 'config.yaml', ...argv], folder)
}

const STREAM = 'stream: true'
const PLAIN = 'stream: false'
const DENIED = 'in shadow deny by no-streams (denied_by_rule)'
type Row = readonly [sentence: string, request: string, shadow: string, failure: readonly [string, string] | null]
const table: readonly Row[] = [
  ['an effect alone', STREAM, '{ effect: deny }', null],
  ['a rule', STREAM, '{ effect: deny, rule: no-streams }', null],
  ['a reason', STREAM, '{ effect: deny, reason: denied_by_rule }', null],
  ['nothing where nothing would change', PLAIN, 'none', null],
  ['another effect', STREAM, '{ effect: allow }', ['in shadow allow', DENIED]],
  ['another rule', STREAM, '{ effect: deny, rule: chat }', ['in shadow deny by chat', DENIED]],
  ['another reason', STREAM, '{ effect: deny, reason: schedule }', ['in shadow deny (schedule)', DENIED]],
  ['nothing where something would change', STREAM, 'none', ['in shadow nothing else', DENIED]],
  [
    'something where nothing would change',
    PLAIN,
    '{ effect: deny, rule: no-streams }',
    ['in shadow deny by no-streams', 'in shadow nothing else'],
  ],
]
for (const [sentence, request, shadow, failure] of table) {
  t.test(`a test may expect of the shadow rules: ${sentence}`, async (t) => {
    const { code, out, err } = await tested(request, `{ effect: allow, shadow: ${shadow} }`)
    t.same([code, err], [failure === null ? 0 : 1, ''])
    const [line, expected, got] = out.split('\n')
    if (failure === null) return void t.equal(line, 'ok      a')
    t.equal(line, 'FAILED  a')
    t.equal(expected, `        expected allow; ${failure[0]}`, 'what was wanted')
    t.equal(got, `        got      allow by chat (allowed); ${failure[1]}`, 'and what came')
  })
}

t.test('what is enforced fails a test as before, whatever the shadow rules say', async (t) => {
  const { code, out } = await tested(STREAM, '{ effect: deny, rule: no-streams, shadow: { effect: deny } }')
  t.equal(code, 1)
  t.match(out, `got      allow by chat (allowed); ${DENIED}\n`)
})

t.test('coverage counts the shadow rule that a test reaches, and no other', async (t) => {
  const missing = async (request: string, shadow: string) =>
    JSON.parse((await tested(request, `{ effect: allow, shadow: ${shadow} }`, '--json')).out).coverage.missing
  t.same(await missing(STREAM, '{ effect: deny, rule: no-streams }'), [])
  t.same(await missing(PLAIN, 'none'), ['no-streams'])
  t.same(await missing(STREAM, 'none'), ['chat', 'no-streams'], 'a test that fails shows nothing')
})

const unusable: readonly (readonly [sentence: string, shadow: string, said: RegExp])[] = [
  ['a rule that there is not', '{ effect: deny, rule: no-stream }', /^policy\.yaml:5:\d+: no rule has this `id`\n/],
  ['no effect', '{ rule: no-streams }', /`effect` is missing in `shadow`; it is required/],
  ['an effect that there is not', '{ effect: denied }', /`effect` must be one of `allow`, `deny`, `step_up`/],
  ['no value', 'null', /`shadow` has no value; write one or remove the key/],
  ['a word that is no verdict', 'deny', /`shadow` must be `none`/],
  [
    'no verdict',
    '[deny]',
    /`shadow` must be the verdict of the shadow rules such as `\{ effect: deny, rule: ID \}`, or `none`/,
  ],
]
for (const [sentence, shadow, said] of unusable) {
  t.test(`unusable: ${sentence}`, async (t) => {
    const { code, out, err } = await tested(STREAM, `{ effect: allow, shadow: ${shadow} }`)
    t.same([code, out], [2, ''])
    t.match(err, said)
  })
}
