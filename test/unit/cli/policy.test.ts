import t from 'tap'
import { folderOf, runCli, writeFiles } from '../../support/cli.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }] }
upstreams:
  - { name: us, url: https://us.example/v1, api_key: { env: NOBODY_HAS_IT }, models: ["gpt-*"], region: us }
  - { name: eu, url: https://eu.example/v1, models: [gpt-4o], region: eu, priority: 2 }
policies: [policy.yaml]
`
const POLICY = `version: 1
roles: { analyst: { members: [{ issuer: corp, group: analysts }] } }
aliases: { fast: gpt-4o-mini }
rules:
  - { id: small, effect: allow, roles: [analyst], models: [gpt-4o-mini], operations: [chat], when: { mfa: true } }
  - { id: europe, effect: allow, operations: [embeddings], when: { region: [eu] } }
tests:
  - name: with mfa
    as: { issuer: corp, groups: analysts, mfa: true }
    request: { operation: chat, model: fast }
    expect: { effect: allow, rule: small }
`

const folder = folderOf(t)

async function cli(files: { [name: string]: string }, ...argv: string[]) {
  writeFiles(folder, { 'config.yaml': CONFIG, 'policy.yaml': POLICY, ...files })
  return runCli(['policy', ...argv, '--config', 'config.yaml'], folder)
}

const ANALYST = ['--as', 'bob', '--issuer', 'corp', '--group', 'analysts', '--operation', 'chat', '--model', 'fast']

t.test('the tests of a policy pass', async (t) => {
  const out = 'ok      with mfa\n1 tests, 0 failed\n1 of 2 rules exercised (50 %); no test exercises:\n        europe\n'
  t.same(await cli({}, 'test'), { code: 0, out, err: '' })
})

t.test('a test that fails is exit 1, with what was expected and what came', async (t) => {
  const broken = POLICY.replace('mfa: true }\n    request', 'mfa: false }\n    request')
  const { code, out } = await cli({ 'policy.yaml': broken }, 'test', '--json')
  t.equal(code, 1)
  const { ok, tests } = JSON.parse(out)
  t.equal(ok, false)
  t.same(tests, [
    {
      file: 'policy.yaml',
      policy: 'config',
      name: 'with mfa',
      ok: false,
      expected: 'allow by small',
      got: 'step_up by small (step_up_required) unmet small.mfa, europe.operations, europe.region',
    },
  ])
  t.match(
    (await cli({ 'policy.yaml': broken }, 'test')).out,
    /^FAILED {2}with mfa\n {8}expected allow by small\n {8}got /,
  )
})

t.test('a broken policy is exit 2, with its place', async (t) => {
  const { code, out, err } = await cli({ 'policy.yaml': 'version: 1\nguards: []\n' }, 'test')
  t.equal(code, 2)
  t.equal(out, '')
  t.match(err, /^policy\.yaml:2:1: `guards` is part of the contract but not built yet\n/)
})

t.test('explain answers as the contract says', async (t) => {
  const { code, out } = await cli({}, 'explain', ...ANALYST, '--json')
  t.equal(code, 0)
  t.same(JSON.parse(out), {
    effect: 'step_up',
    shadow: null,
    rule: 'small',
    reason: 'step_up_required',
    matched: [],
    unmet: [
      { rule: 'small', condition: 'mfa', want: 'several factors', got: 'cannot tell, no sign-in time' },
      { rule: 'europe', condition: 'operations', want: 'one of "embeddings"', got: '"chat"' },
      { rule: 'europe', condition: 'region', want: 'one of "eu"', got: '"us"' },
    ],
  })
  const allowed = JSON.parse((await cli({}, 'explain', ...ANALYST, '--mfa', '--json')).out)
  t.same([allowed.effect, allowed.rule, allowed.reason, allowed.matched], ['allow', 'small', 'allowed', ['small']])
})

t.test('explain for people', async (t) => {
  const { code, out } = await cli({}, 'explain', '--as', 'bob', '--operation', 'chat', '--model', 'gpt-9')
  t.equal(code, 0)
  t.match(out, /^deny {2}by no rule {2}\(endpoint_not_allowed\)\n/)
  t.match(out, /small does not apply:\n {2}roles: wants one of "analyst"; got none\n/)
})

t.test('explain shows the verdict of the shadow rules beside the decision', async (t) => {
  const files = {
    'policy.yaml': `${POLICY.slice(0, POLICY.indexOf('tests:'))}
  - { id: no-us, effect: deny, mode: shadow, operations: [chat], when: { region: [us] } }
`,
  }
  const verdict = { effect: 'deny', rule: 'no-us', reason: 'denied_by_rule' }
  t.match(JSON.parse((await cli(files, 'explain', ...ANALYST, '--mfa', '--json')).out), {
    effect: 'allow',
    rule: 'small',
    shadow: verdict,
  })
  t.match(
    (await cli(files, 'explain', ...ANALYST, '--mfa')).out,
    /^allow {2}by rule small {2}\(allowed\)\nwith the shadow rules enforced: deny {2}by rule no-us {2}\(denied_by_rule\)\n/,
  )
  const large = ['--as', 'bob', '--operation', 'embeddings', '--model', 'gpt-4o', '--json']
  t.match(JSON.parse((await cli(files, 'explain', ...large)).out), { effect: 'allow', shadow: null })
  // Two upstreams serve the model: the shadow rule would have the other one serve it, and the effect is the same.
  const both = { 'policy.yaml': files['policy.yaml'].replace('[gpt-4o-mini]', '[gpt-4o-mini, gpt-4o]') }
  const asked = [...ANALYST.slice(0, -1), 'gpt-4o', '--mfa', '--json']
  t.match(JSON.parse((await cli(both, 'explain', ...asked)).out), { effect: 'allow', shadow: null })
  t.match(JSON.parse((await cli(both, 'explain', ...asked, '--upstream', 'us')).out), { shadow: verdict })
})

t.test('explain shows the reason of the rule that decides, and of no other', async (t) => {
  const policy = POLICY.replace('when: { mfa: true }', "when: { mfa: true }, reason: 'small is enough'").replace(
    'when: { region',
    'reason: not this one, when: { region',
  )
  const files = { 'policy.yaml': policy }
  t.equal(JSON.parse((await cli(files, 'explain', ...ANALYST, '--json')).out).note, 'small is enough')
  t.match(
    (await cli(files, 'explain', ...ANALYST, '--mfa')).out,
    /^allow {2}by rule small {2}\(allowed\)\nnote: small is enough\n/,
  )
  const nobody = ['--as', 'bob', '--operation', 'moderations', '--json']
  t.notMatch((await cli(files, 'explain', ...nobody)).out, /note/)
  const batch = { ...files, 'batch.ndjson': line({ as: { user: 'bob', issuer: 'corp', groups: ['analysts'] } }) }
  t.match(JSON.parse((await cli(batch, 'explain', '--batch', 'batch.ndjson')).out), {
    rule: 'europe',
    note: 'not this one',
  })
})

const slips: readonly (readonly [name: string, argv: string[], said: RegExp, fine: string[]])[] = [
  [
    'an operation',
    ['--operation', 'chta'],
    /no operation is named `chta`; did you mean `chat`\?/,
    ['--operation', 'chat'],
  ],
  ['a pattern', ['--operation', 'files.*'], /no operation is named `files\.\*`/, ['--operation', 'files.get']],
  [
    'an issuer',
    ['--issuer', 'crop'],
    /config has no issuer named `crop`; did you mean `corp`\?/,
    ['--issuer', 'api_keys'],
  ],
  [
    'an upstream',
    ['--upstream', 'moon'],
    /config has no upstream named `moon`; known are `us`, `eu`/,
    ['--upstream', 'eu'],
  ],
  ['a workspace', ['--workspace', 'w'], /policies have no workspace named `w`$/m, ['--workspace', 'lab']],
  ['a key', ['--key', 'sp_01'], /`--key` must be the id of a key/, ['--key', 'key_01J']],
  ['an address', ['--ip', '10.0.0'], /`--ip` must be an address/, ['--ip', '::1']],
]
for (const [name, argv, said, fine] of slips) {
  t.test(`a slip in ${name} is no fact`, async (t) => {
    const base = ['explain', '--as', 'bob', '--operation', 'chat', '--model', 'gpt-4o']
    const policy = argv[1] === 'w' ? POLICY : POLICY.replace('rules:', 'workspaces: { lab: {} }\nrules:')
    const { code, out, err } = await cli({ 'policy.yaml': policy }, ...base, ...argv)
    t.same([code, out], [2, ''])
    t.match(err, said)
    const whole = POLICY.replace('rules:', 'workspaces: { lab: {} }\nrules:')
    const sound = await cli({ 'policy.yaml': whole }, ...base, ...fine)
    t.same([sound.code, sound.err], [0, ''])
  })
}

t.test('explain without a principal is unusable', async (t) => {
  const { code, err } = await cli({}, 'explain', '--operation', 'chat')
  t.equal(code, 2)
  t.match(err, /`--as` is missing/)
})

const line = (more: object) =>
  JSON.stringify({ as: { user: 'bob' }, request: { operation: 'embeddings', model: 'gpt-4o' }, ...more })

t.test('a batch is answered line by line, in order', async (t) => {
  const lines = [
    line({}),
    line({ upstream: 'us' }),
    line({ upstream: 'eu' }),
    line({ upstream: 'nowhere' }),
    'not JSON',
    line({ request: { model: 'gpt-4o' } }),
    line({ as: { usr: 'x' } }),
    '[]',
    '',
    line({ request: { operation: 'embeddings', model: 'gpt-4' } }),
    line({ as: { groups: 5, mfa: 'yes', claims: [], acr: null, auth_time: 'x', roles: {} } }),
    line({ at: 'yesterday' }),
    line({ request: { operation: 'embeddings', model: 'gpt-4o', stream: 'true' } }),
  ]
  const { code, out } = await cli(
    { 'batch.ndjson': `${lines.join('\n')}\n` },
    'explain',
    '--batch',
    'batch.ndjson',
    '--json',
  )
  t.equal(code, 2, 'some lines cannot be understood')
  const answers = out
    .trimEnd()
    .split('\n')
    .map((answer) => JSON.parse(answer))
  t.same(
    answers.map(({ effect, error }) => effect ?? (typeof error.message === 'string' ? 'error' : 'silent')),
    ['allow', 'deny', 'allow', 'error', 'error', 'error', 'error', 'error', 'deny', 'allow', 'error', 'error'],
  )
  t.same(Object.keys(answers[0]), ['effect', 'rule', 'reason', 'matched', 'unmet', 'shadow'])
})

t.test('a sound batch is exit 0, and a large one is quick', async (t) => {
  const lines = new Array(2000).fill(line({ as: { user: 'bob', issuer: 'corp', groups: ['analysts'] } }))
  const started = performance.now()
  const { code, out } = await cli({ 'batch.ndjson': lines.join('\n') }, 'explain', '--batch', 'batch.ndjson')
  t.comment(`${Math.round(lines.length / ((performance.now() - started) / 1000))} lines a second`)
  t.equal(code, 0)
  t.equal(out.split('\n').length, lines.length + 1)
})

t.test('a batch that is not there is unusable', async (t) => {
  const { code, err } = await cli({}, 'explain', '--batch', 'absent.ndjson')
  t.equal(code, 2)
  t.match(err, /cannot be read \(ENOENT\)/)
})
