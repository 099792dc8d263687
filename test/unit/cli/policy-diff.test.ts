import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderOf, runCli } from '../../support/cli.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }] }
upstreams: [{ name: us, url: https://us.example/v1, api_key: { env: NOBODY_HAS_IT }, models: ["gpt-*"] }]
policies: [new.yaml]
`
const OLD = `version: 1
roles: { analyst: { members: [{ issuer: corp, group: analysts }] } }
rules: [{ id: small, effect: allow, roles: [analyst], models: [gpt-4o-mini], operations: [chat] }]
`
const NEW = OLD.replace('models: [gpt-4o-mini]', 'models: [gpt-4o-mini, gpt-4o]')

function diff(files: { [name: string]: string }, ...argv: string[]) {
  const cwd = folderOf(t, { 'old.yaml': OLD, 'new.yaml': NEW, ...files })
  return runCli(['policy', 'diff', ...argv, '--config', 'config.yaml'], cwd)
}

const GAINS = 'analyst gains chat with gpt-4o (rule small)\naccess widens\n'
const LOSES = 'analyst loses chat with gpt-4o (rule small)\naccess does not widen\n'
const NOTE = 'note: there is no config to read, so that the names of issuers and upstreams are not checked\n'

const CAPPED = `${NEW}transforms: [{ id: short, set: { max_output_tokens: 100 }, system: { prepend: secret words } }]\n`
const SAME = 'no change in access: the two policies decide every request alike\n'
const NO_CAP = 'transform short is removed, and with it max_output_tokens 100, a text in front (weaker)'

const table = [
  [
    'a transform goes, which is no access and no widening',
    { 'old.yaml': CAPPED },
    ['old.yaml', 'new.yaml', '--fail-on-widening'],
    0,
    `${SAME}beside access:\n  ${NO_CAP}\n`,
  ],
  [
    'a transform goes, and access is gained',
    { 'old.yaml': OLD.replace('rules:', 'transforms: [{ id: short, set: { store: false } }]\nrules:') },
    ['old.yaml', 'new.yaml', '--fail-on-widening'],
    1,
    `${GAINS}beside access:\n  transform short is removed, and with it store false (weaker)\n`,
  ],
  [
    'a rule in shadow mode is enforced',
    { 'old.yaml': NEW.replace('id: small,', 'id: small, mode: shadow,') },
    ['old.yaml', 'new.yaml'],
    0,
    'analyst gains chat with gpt-4o-mini, gpt-4o (rule small)\naccess widens\nbeside access:\n' +
      '  rule small was in shadow mode and is enforced now: that changes access, as said\n',
  ],
  ['access is gained', {}, ['old.yaml', 'new.yaml'], 0, GAINS],
  ['access is gained, and must not be', {}, ['old.yaml', 'new.yaml', '--fail-on-widening'], 1, GAINS],
  ['access is lost, which is no widening', {}, ['new.yaml', 'old.yaml', '--fail-on-widening'], 0, LOSES],
  ['nothing changes', {}, ['new.yaml', 'new.yaml', '--fail-on-widening'], 0, SAME],
  [
    'folders are read whole',
    {
      'before/a.yaml': OLD,
      'after/a.yaml': OLD.replace(/rules.*\n/, ''),
      'after/b.yaml': NEW.replace(/roles.*\n/, ''),
    },
    ['before', 'after'],
    0,
    GAINS,
  ],
] as const

for (const [name, files, argv, code, out] of table) {
  t.test(name, async (t) => {
    t.same(await diff({ 'config.yaml': CONFIG, ...files }, ...argv), { code, out, err: '' })
    t.same(await diff(files, ...argv), { code, out, err: NOTE }, 'without a config, too')
  })
}

t.test('the JSON answer has the change in words and in parts, and a request that shows it', async (t) => {
  const { code, out, err } = await diff({ 'config.yaml': CONFIG }, 'old.yaml', 'new.yaml', '--json')
  t.same([code, err], [0, ''])
  const [change, ...more] = JSON.parse(out)
  t.same(more, [])
  const { witnesses, ...rest } = change
  t.same(rest, {
    change: 'gained',
    sentence: 'analyst gains chat with gpt-4o (rule small)',
    who: ['analyst'],
    roles: ['analyst'],
    operations: ['chat'],
    models: ['gpt-4o'],
    before: null,
    after: { allowed: [{ rule: 'small', conditions: [] }], denied: [] },
    rules: ['small'],
  })
  t.equal(witnesses.length, 1)
  const [{ request, before, after, roles }] = witnesses
  t.same([before, after, roles], ['deny', 'allow', { before: ['analyst'], after: ['analyst'] }])
  t.same(request.as.groups, ['analysts'])
  t.same(request.request.model, 'gpt-4o')
  t.same(JSON.parse((await diff({}, 'new.yaml', 'new.yaml', '--json')).out), [])
})

t.test('the JSON answer has what changes beside access, after what changes in it', async (t) => {
  const files = { 'config.yaml': CONFIG, 'old.yaml': CAPPED }
  const beside = {
    change: 'beside_access',
    what: 'transform',
    how: 'removed',
    names: ['short'],
    weaker: true,
    sentence: NO_CAP,
  }
  t.same(JSON.parse((await diff(files, 'old.yaml', 'new.yaml', '--json')).out), [beside])
  const both = JSON.parse((await diff({ ...files, 'small.yaml': OLD }, 'old.yaml', 'small.yaml', '--json')).out)
  t.same([both.length, both[0].change, both[1]], [2, 'lost', beside])
})

t.test('the request of a change is one that explain decides as it says', async (t) => {
  const { out } = await diff({ 'config.yaml': CONFIG }, 'old.yaml', 'new.yaml', '--json')
  const [{ witnesses }] = JSON.parse(out)
  const cwd = folderOf(t, { 'config.yaml': CONFIG, 'batch.ndjson': JSON.stringify(witnesses[0].request) })
  for (const [policy, effect] of [
    [OLD, 'deny'],
    [NEW, 'allow'],
  ] as const) {
    writeFileSync(join(cwd, 'new.yaml'), policy)
    const argv = ['policy', 'explain', '--batch', 'batch.ndjson', '--config', 'config.yaml']
    const { code, out } = await runCli(argv, cwd)
    t.equal(code, 0)
    t.equal(JSON.parse(out).effect, effect)
  }
})

t.test('files that do not compile are told of as check does, and nothing is compared', async (t) => {
  const broken = NEW.replace('[analyst], models', '[analist], models')
  for (const argv of [
    ['old.yaml', 'new.yaml', '--fail-on-widening'],
    ['new.yaml', 'old.yaml', '--json'],
  ]) {
    const { code, out, err } = await diff({ 'config.yaml': CONFIG, 'new.yaml': broken }, ...argv)
    t.same([code, out], [2, ''])
    t.match(err, /^new\.yaml:3:\d+: no role has this name; did you mean `analyst`\?\n/)
    t.match(err, /\n1 error\n$/)
  }
  const { code, err } = await diff({ 'config.yaml': CONFIG }, 'old.yaml', 'absent.yaml')
  t.equal(code, 2)
  t.match(err, /^absent\.yaml:1:1: /)
})

t.test('an issuer that the config does not have is a problem, and without a config it is none', async (t) => {
  const other = NEW.replaceAll('issuer: corp', 'issuer: partner')
  t.equal((await diff({ 'config.yaml': CONFIG, 'new.yaml': other }, 'old.yaml', 'new.yaml')).code, 2)
  t.equal((await diff({ 'new.yaml': other }, 'old.yaml', 'new.yaml')).code, 0)
})

t.test('names cannot write to the terminal', async (t) => {
  const hostile = OLD.replaceAll('analyst:', '"a\\u001b[31m\\u202e":').replace('[analyst]', '["a\\u001b[31m\\u202e"]')
  const { code, out } = await diff({ 'new.yaml': hostile }, 'old.yaml', 'new.yaml')
  t.equal(code, 0)
  t.notMatch(out, /[[\p{Cf}\p{Cc}]--[\n]]/v)
  t.match(out, /gains chat with gpt-4o-mini/)
  const label = (value: string) => `${OLD}workspaces: { w: { labels: { l: "${value}" } } }\n`
  const files = { 'old.yaml': label('a'), 'new.yaml': label('a\\u001b[31m\\u202e') }
  const { out: said } = await diff(files, 'old.yaml', 'new.yaml')
  t.notMatch(said, /[[\p{Cf}\p{Cc}]--[\n]]/v)
  t.match(said, /\n {2}the label l of the workspace w is .* instead of a\n$/)
})
