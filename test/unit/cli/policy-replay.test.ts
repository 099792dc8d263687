import t from 'tap'
import { ALLOWED, DENIED, event, MIXED, policy } from '../../support/recorded-traffic.ts'

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

const unusable: readonly (readonly [string, string[], RegExp])[] = [
  ['a file that is not there is unusable', ['replay', 'none.ndjson'], /`none\.ndjson`: there is no such file/],
  ['so is a folder', ['replay', '.'], /`\.`: the file cannot be read/],
  ['so is a file of something else', ['replay', 'config.yaml'], /no line is an audit event of Sallyport/],
]
for (const [name, argv, said] of unusable) {
  t.test(name, async (t) => {
    const { code, stdout, stderr } = await policy(argv)
    t.same([code, stdout], [2, ''])
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
