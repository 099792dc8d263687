import t from 'tap'
import type { RuleId } from '../../../src/model/decision.ts'
import { ALLOWED, event, MIXED, policy } from '../../support/recorded-traffic.ts'

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
