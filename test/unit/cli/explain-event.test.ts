import t from 'tap'
import type { Decision, RuleId } from '../../../src/model/decision.ts'
import type { DecisionReason } from '../../../src/model/reasons.ts'
import { ALLOWED, DENIED, event, MIXED, policy } from '../../support/recorded-traffic.ts'

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
      'the effect is as recorded, but not the rule: `old` decided then, `small` does now',
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

/** A denial of another policy. */
const denied = (rule: string | null, reason: DecisionReason): Decision => ({
  ...DENIED,
  effect: 'deny',
  rule: rule as RuleId | null,
  reason,
})
const SMALL = { ...ALLOWED, rule: 'small' as RuleId }
const verdicts: readonly (readonly [sentence: string, line: string, said: string])[] = [
  ['the same rule', event({ was: SMALL }), 'as recorded'],
  [
    'another rule',
    event({ was: { ...ALLOWED, rule: 'o\u202eld' as RuleId } }),
    'the effect is as recorded, but not the rule: `o\\u{202e}ld` decided then, `small` does now',
  ],
  [
    'a rule where none decided',
    event({ was: DENIED, tools: { functions: ['search'], hosted: [] } }),
    'the effect is as recorded, but not the rule: no rule decided then, `no-search` does now',
  ],
  [
    'no rule where one decided',
    event({ was: denied('old', 'denied_by_rule'), principal: { groups: [] } }),
    'the effect is as recorded, but not the rule: `old` decided then, no rule does now',
  ],
  [
    'a rule that may have decided for what is not recorded',
    event({ was: denied('no-search', 'denied_by_rule'), model: 'gpt-4o-nano', operation: 'embeddings' }),
    'whether it differs from the record cannot be told; it depends on what is not recorded: claims (`mail`)',
  ],
  [
    'no rule, for the same reason',
    event({ was: denied(null, 'endpoint_not_allowed'), operation: 'responses' }),
    'as recorded',
  ],
  [
    'no rule, for another reason',
    event({ was: DENIED, operation: 'responses' }),
    'the effect is as recorded, but not the reason: role_missing then, endpoint_not_allowed here',
  ],
  ['another effect', event({ was: SMALL, principal: { groups: [] } }), 'differs from the record: newly denied'],
]
for (const [sentence, line, said] of verdicts) {
  t.test(`compared with the record: ${sentence}`, async (t) => {
    const { stdout } = await policy(['explain', '--event', '-'], line)
    t.equal(stdout.trimEnd().split('\n').at(-1), said)
  })
}

t.test('events without an id of their request are explained each by itself', async (t) => {
  const nameless = (user: string) => {
    const { http, ...rest } = JSON.parse(event({ principal: { id: user } }))
    const { id: _, ...request } = http.request
    return `${JSON.stringify({ ...rest, http: { ...http, request } })}\n`
  }
  const { code, stdout } = await policy(['explain', '--event', '-'], nameless('ann') + nameless('ben') + event({}))
  t.equal(code, 0)
  t.same(stdout.match(/^request.*|^a request.*/gm), [
    'a request without an id, of 2026-03-02T09:00:00.000Z: ann (corp), chat gpt-4o-mini',
    'a request without an id, of 2026-03-02T09:00:00.000Z: ben (corp), chat gpt-4o-mini',
    'request req_1 of 2026-03-02T09:00:00.000Z: bob (corp), chat gpt-4o-mini',
  ])
  const json = await policy(['explain', '--event', '-', '--json'], nameless('ann') + nameless('ben'))
  t.same(
    json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event.request),
    [null, null],
  )
  const asked = await policy(['explain', '--event', '-', '--request', '-'], nameless('ann'))
  t.match(asked, { code: 2, stderr: /no event of the request `-`/ })
  const replayed = await policy(['replay', '-'], nameless('ann').replace('analysts', 'sales'))
  t.match(replayed.stdout, /\n {9}1 {2}ann \(corp\): chat gpt-4o-mini\n$/)
})

const unusable: readonly (readonly [string, string[], string | undefined, RegExp])[] = [
  ['an event that is not there cannot be explained', ['--event', 'none'], undefined, /there is no such file/],
  ['nor a request that is not in the file', ['--event', '-', '--request', 'x'], MIXED, /no event of the request `x`/],
  ['nor a file without events', ['--event', 'config.yaml'], undefined, /line 1: is not JSON/],
  ['`--request` needs events', ['--request', 'x'], undefined, /`--request` goes with `--event`/],
  ['a batch is another thing', ['--event', '-', '--batch', '-'], '', /cannot be used together/],
  ['flags are not ignored', ['--event', '-', '--auth-time', '1'], '', /`--auth-time` and `--event` cannot/],
]
for (const [name, argv, stdin, said] of unusable) {
  t.test(name, async (t) => {
    const { code, stdout, stderr } = await policy(['explain', ...argv], stdin)
    t.same([code, stdout], [2, ''])
    t.match(stderr, said)
  })
}
