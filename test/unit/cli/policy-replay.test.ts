import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { main } from '../../../src/cli/main.ts'
import type { Decision, PolicyInput, RuleId } from '../../../src/model/decision.ts'
import { realRequest, recordedLine } from '../../support/recorded.ts'

const CONFIG = `version: 1
listen: { proxy: 127.0.0.1:0 }
identity: { issuers: [{ name: corp, issuer: https://idp.example, audience: [sallyport] }] }
upstreams: [{ name: us, url: https://us.example/v1, models: ["gpt-*"] }]
policies: [policy.yaml]
`
const POLICY = `version: 1
roles:
  analyst: { members: [{ issuer: corp, group: analysts }] }
  staff: { members: [{ claim: { path: type, equals: staff } }] }
aliases: { fast: gpt-4o-mini }
rules:
  - { id: finance, effect: allow, models: [gpt-4o], operations: [chat], when: { claim: { path: dept, equals: finance } } }
  - { id: mail, effect: allow, roles: [staff], operations: [embeddings] }
  - { id: no-search, effect: deny, models: [gpt-4o-mini], when: { tools: { functions: [search] }, stream: true } }
  - { id: small, effect: allow, roles: [analyst], models: [gpt-4o-mini], operations: [chat], when: { mfa: true } }
`

const folder = mkdtempSync(join(tmpdir(), 'sallyport-replay-'))
t.teardown(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'config.yaml'), CONFIG)
writeFileSync(join(folder, 'policy.yaml'), POLICY)

async function policy(argv: string[], stdin?: string) {
  const out = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      out[name] += text
    },
  })
  const piped = stdin === undefined ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }
  const io = { stdout: sink('stdout'), stderr: sink('stderr'), env: {}, cwd: folder, ...piped }
  const code = await main(['policy', ...argv, '--config', 'config.yaml'], io)
  return { code, ...out }
}

const PRINCIPAL: PolicyInput['principal'] = {
  id: 'bob',
  issuer: 'corp',
  method: 'jwt',
  groups: ['analysts'],
  roles: [],
  workspaces: [],
  claims: {},
  mfa: 'yes',
  acr: undefined,
  authTime: undefined,
  key: null,
}
const INPUT: PolicyInput = {
  principal: PRINCIPAL,
  operation: 'chat',
  model: 'gpt-4o-mini',
  stream: true,
  maxOutputTokens: undefined,
  tools: { functions: ['other'], hosted: [] },
  input: { bytes: 10, images: false, files: false, audio: false },
  urls: [],
  header: () => undefined,
  project: undefined,
  at: Date.UTC(2026, 2, 2, 9),
  ip: '10.0.0.1',
  upstream: undefined,
}
const ALLOWED: Decision = { effect: 'allow', rule: 'old' as RuleId, reason: 'allowed', roles: ['analyst'] }
const DENIED: Decision = { effect: 'deny', rule: null, reason: 'role_missing', roles: [] }

interface Change {
  readonly id?: string
  readonly alias?: string
  readonly ruleset?: string
  readonly principal?: Partial<PolicyInput['principal']>
  readonly was?: Decision
}
function event(change: Change & Omit<Partial<PolicyInput>, 'principal'>): string {
  const { id = 'req_1', alias, ruleset = 'sha256:old', principal, was = ALLOWED, ...input } = change
  const request = realRequest({ ...INPUT, ...input, principal: { ...PRINCIPAL, ...principal } })
  return recordedLine(request, was, { ruleset, id, ...(alias === undefined ? {} : { alias }) })
}

const rows: readonly (readonly [string, string, string, string | null, string])[] = [
  ['what is allowed still is unchanged', event({}), 'unchanged', null, ''],
  ['an alias is resolved by the present files', event({ alias: 'fast', model: 'gpt-4' }), 'unchanged', null, ''],
  [
    'one that is gone is a model that no rule allows',
    event({ alias: 'gpt-quick' }),
    'newly_denied',
    null,
    'model_not_allowed',
  ],
  ['another group is denied', event({ principal: { groups: [] } }), 'newly_denied', null, 'model_not_allowed'],
  [
    'a deny that applies is named',
    event({ tools: { functions: ['search'], hosted: [] } }),
    'newly_denied',
    'no-search',
    'denied_by_rule',
  ],
  [
    'without a second factor it is a step-up',
    event({ principal: { mfa: 'no' } }),
    'newly_stepped_up',
    'small',
    'step_up_required',
  ],
  [
    'an API key cannot sign in again',
    event({ principal: { mfa: 'no', method: 'api_key' } }),
    'newly_denied',
    null,
    'condition_unmet',
  ],
  ['what was denied may be allowed', event({ was: DENIED }), 'newly_allowed', 'small', 'allowed'],
  [
    'what hangs on a claim cannot be told',
    event({ model: 'gpt-4o', was: DENIED }),
    'cannot_tell',
    'finance',
    'not_recorded',
  ],
  ['so it is if it was allowed', event({ model: 'gpt-4o' }), 'cannot_tell', 'finance', 'not_recorded'],
  ['a role by a claim cannot be told', event({ operation: 'embeddings' }), 'cannot_tell', 'mail', 'not_recorded'],
  [
    'a model that nobody serves any more is refused',
    event({ model: 'claude' }),
    'newly_denied',
    null,
    'model_not_found',
  ],
  ['a URL that no rule grants is denied', event({ urls: ['a.example'] }), 'newly_denied', null, 'url_not_allowed'],
]
for (const [name, line, change, rule, reason] of rows) {
  t.test(name, async (t) => {
    const { code, stdout, stderr } = await policy(['replay', '-', '--json'], line)
    t.same([code, stderr], [0, ''])
    const { changes, ...counts } = JSON.parse(stdout)
    t.equal(counts.decisions, 1)
    t.equal(counts[change], 1)
    const [group] = changes
    if (change !== 'unchanged')
      t.match(group, { change, rule, reason, count: 1, people: [{ user: 'bob', issuer: 'corp' }] })
    else t.same(changes, [])
    const failing = await policy(['replay', '-', '--fail-on-change'], line)
    t.equal(failing.code, change === 'unchanged' || change === 'cannot_tell' ? 0 : 1)
  })
}

t.test('with --assume-roles a role by a claim is taken as it was', async (t) => {
  const held = { ...ALLOWED, roles: ['staff'] }
  const told = async (line: string) =>
    JSON.parse((await policy(['replay', '-', '--json', '--assume-roles'], line)).stdout)
  t.equal((await told(event({ operation: 'embeddings', was: held }))).unchanged, 1)
  t.equal((await told(event({ operation: 'embeddings', was: ALLOWED }))).newly_denied, 1)
})

const MIXED = [
  event({ id: 'req_a' }),
  event({ id: 'req_b', principal: { id: 'eve\u001b[31m', groups: [] } }),
  event({ id: 'req_c', principal: { groups: [] } }),
  event({ id: 'req_d', principal: { groups: [] } }),
  event({ id: 'req_e', model: 'gpt-4o', was: DENIED }),
  event({ id: 'req_f', was: { ...DENIED, reason: 'schedule' } }).replace('policy.schedule', 'request.schedule'),
  '{"message":"of somebody else"}\n',
  '\n',
  '{"broken\n',
].join('')

t.test('for people: changes by rule and person, with an example', async (t) => {
  const { code, stdout, stderr } = await policy(['replay', '-'], MIXED)
  t.equal(code, 0)
  t.equal(stderr, 'line 9: the line is not JSON\n')
  t.equal(
    stdout,
    [
      '5 decisions: 1 unchanged, 3 newly denied, 1 cannot be told',
      'not decided again: 1 event of requests that no policy decided, 1 line of somebody else, 1 broken line',
      '',
      'newly denied:',
      '  by no rule (model_not_allowed); was allow by `old`: 3 requests',
      '         2  bob (corp): chat gpt-4o-mini, such as req_c',
      '         1  eve\\u{1b}[31m (corp): chat gpt-4o-mini, such as req_b',
      '',
      'cannot be told:',
      '  near `finance`, which depends on claims; was deny by no rule (role_missing): 1 request',
      '         1  bob (corp): chat gpt-4o, such as req_e',
      '',
    ].join('\n'),
  )
})

const unusable: readonly (readonly [string, string[], string | undefined, RegExp])[] = [
  [
    'a file that is not there is unusable',
    ['replay', 'none.ndjson'],
    undefined,
    /`none\.ndjson`: there is no such file/,
  ],
  ['so is a folder', ['replay', '.'], undefined, /`\.`: the file cannot be read/],
  ['so is a file of something else', ['replay', 'config.yaml'], undefined, /no line is an audit event of Sallyport/],
  [
    'an event that is not there cannot be explained',
    ['explain', '--event', 'none'],
    undefined,
    /there is no such file/,
  ],
  [
    'nor a request that is not in the file',
    ['explain', '--event', '-', '--request', 'x'],
    MIXED,
    /no event of the request `x`/,
  ],
  ['`--request` needs events', ['explain', '--request', 'x'], undefined, /`--request` goes with `--event`/],
  ['a batch is another thing', ['explain', '--event', '-', '--batch', '-'], '', /cannot be used together/],
  ['flags are not ignored', ['explain', '--event', '-', '--auth-time', '1'], '', /`--auth-time` and `--event` cannot/],
]
for (const [name, argv, stdin, said] of unusable) {
  t.test(name, async (t) => {
    const { code, stdout, stderr } = await policy(argv, stdin)
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, said)
  })
}

t.test('no traffic is no change', async (t) => {
  t.match(await policy(['replay', '-', '--fail-on-change'], ''), { code: 0, stdout: '0 decisions: 0 unchanged\n' })
})

t.test('a line of any length does not fill the memory, and the next one is read', async (t) => {
  const { stdout, stderr } = await policy(['replay', '-', '--json'], `${'x'.repeat(3_000_000)}\n\ufeff\n${event({})}`)
  t.match(stderr, /^line 1: the line is longer than any event\n/)
  t.equal(JSON.parse(stdout).unchanged, 1)
})

t.test('explain --event explains each request once, and says what is not recorded', async (t) => {
  const line = event({ id: 'req_9', alias: 'fast' })
  const { code, stdout } = await policy(['explain', '--event', '-'], line + line)
  t.equal(code, 0)
  t.equal(
    stdout,
    [
      'request req_9 of 2026-03-02T09:00:00.000Z: bob (corp), chat fast',
      'recorded: allow  by rule old  (allowed), under other policies (sha256:old)',
      'not recorded, and *cannot tell* below: claims, headers',
      'allow  by rule small  (allowed)',
      'matched: small',
      'finance does not apply:',
      '  models: wants one of "gpt-4o"; got "gpt-4o-mini"',
      '  claim: wants "dept" equals "finance"; got cannot tell',
      'mail does not apply:',
      '  roles: wants one of "staff"; got "analyst"',
      '  operations: wants one of "embeddings"; got "chat"',
      'as recorded',
      '',
    ].join('\n'),
  )
})

t.test('explain --event --json has the answer of explain, and what was recorded', async (t) => {
  const { code, stdout } = await policy(['explain', '--event', '-', '--json', '--request', 'req_e'], MIXED)
  t.equal(code, 0)
  const { effect, reason, event: recorded } = JSON.parse(stdout)
  t.same([effect, reason], ['deny', 'condition_unmet'])
  t.same(recorded, {
    request: 'req_e',
    at: '2026-03-02T09:00:00.000Z',
    was: { effect: 'deny', rule: null, reason: 'role_missing', ruleset: 'sha256:old' },
    same_ruleset: false,
    change: 'cannot_tell',
    not_recorded: ['claims', 'headers'],
    open: [{ rule: 'finance', facts: ['claims'] }],
  })
})

t.test('an event of the present policies says so, and what could explain another answer', async (t) => {
  const { ruleset } = JSON.parse((await policy(['replay', '-', '--json'], '')).stdout)
  const line = event({ model: 'gpt-4o', ruleset, was: { ...ALLOWED, rule: 'finance' as RuleId } })
  const { stdout } = await policy(['explain', '--event', '-'], line)
  t.match(stdout, /under the present policies\n/)
  t.match(stdout, /\ndiffers from the record; it depends on what is not recorded: claims \(`finance`\)\n$/)
  t.match(JSON.parse((await policy(['replay', '-', '--json'], line)).stdout), { unchanged: 1, same_ruleset: 1 })
})
