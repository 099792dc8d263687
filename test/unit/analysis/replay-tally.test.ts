import t from 'tap'
import type { RecordedRequest } from '../../../src/analysis/recorded.ts'
import type { Replayed } from '../../../src/analysis/replay.ts'
import { openTally } from '../../../src/analysis/replay-tally.ts'

function request(user: string, id: string): RecordedRequest {
  const principal = { id: user, issuer: 'corp' } as RecordedRequest['input']['principal']
  return {
    id,
    stage: 'decision',
    was: { effect: 'allow', rule: 'old', reason: 'allowed', ruleset: null, roles: null },
    input: { principal, operation: 'chat', model: 'm' } as RecordedRequest['input'],
    nestedModels: [],
    unrecorded: new Set(),
  }
}
const denied: Replayed = { change: 'newly_denied', isSameRuleset: false, rule: 'r', reason: 'denied_by_rule', open: [] }

t.test('requests are counted by rule and person, the most first', async (t) => {
  const tally = openTally()
  tally.add(request('bob', '1'), denied)
  tally.add(request('amy', '2'), denied)
  tally.add(request('amy', '3'), denied)
  tally.add(request('amy', '4'), { ...denied, rule: 'other' })
  tally.add(request('amy', '5'), { ...denied, change: 'unchanged', isSameRuleset: true })
  tally.addIncomplete('6', 'gen_ai.request.model')
  t.same(tally.counts, { unchanged: 1, newly_allowed: 0, newly_denied: 4, newly_stepped_up: 0, cannot_tell: 1 })
  t.equal(tally.sameRuleset, 1)
  const [most, , least] = tally.groups()
  t.same(
    most?.people.map(({ user, count, example }) => [user, count, example.request]),
    [
      ['amy', 2, '2'],
      ['bob', 1, '1'],
    ],
  )
  t.match(least, { change: 'cannot_tell', rule: null, not_recorded: ['gen_ai.request.model'], count: 1 })
})

t.test('people without end are counted together', async (t) => {
  const tally = openTally()
  for (let index = 0; index < 20_500; index++) tally.add(request(`user-${index}`, 'x'), denied)
  const [group] = tally.groups()
  t.same([group?.count, group?.people.length, group?.others], [20_500, 20_000, 500])
})

t.test('rules without end are counted together', async (t) => {
  const tally = openTally()
  for (let index = 0; index < 5_600; index++) tally.add(request('bob', 'x'), { ...denied, rule: `rule-${index}` })
  const groups = tally.groups()
  t.equal(groups.length, 5_001)
  t.match(groups[0], { change: 'newly_denied', rule: null, count: 600 })
})

t.test('rules that decided then, and none does now, are counted together when they are without end', async (t) => {
  const tally = openTally()
  for (let index = 0; index < 5_600; index++) {
    const before = request('bob', 'x')
    tally.add({ ...before, was: { ...before.was, rule: `rule-${index}` } }, { ...denied, rule: null })
  }
  const groups = tally.groups()
  t.equal(groups.length, 5_001)
  t.match(groups[0], { change: 'newly_denied', reason: 'not_recorded', count: 600 })
})
