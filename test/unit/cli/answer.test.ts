import t from 'tap'
import { type Answer, explanationJson, explanationText } from '../../../src/cli/answer.ts'
import type { RuleId } from '../../../src/model/decision.ts'

const rule = 'small' as RuleId
const plain: Answer = {
  decision: { effect: 'allow', rule, reason: 'allowed', roles: [] },
  shadow: null,
  obligations: [],
  matched: [rule],
  unmet: [],
  served: true,
  note: undefined,
}
const shadow = { effect: 'deny', rule: 'trial\u001b[31m' as RuleId, reason: 'denied_by_rule' } as const

t.test('a plain answer has the keys of the contract and no other', async (t) => {
  t.same(explanationJson(plain), {
    effect: 'allow',
    rule: 'small',
    reason: 'allowed',
    matched: ['small'],
    unmet: [],
    shadow: null,
  })
  t.equal(explanationText(plain), 'allow  by rule small  (allowed)\nmatched: small\n')
})

t.test('what the shadow rules would do, and what is done to the request', async (t) => {
  const answer = { ...plain, shadow, obligations: ['transform:a', 'transform:b'] }
  t.match(explanationJson(answer), { shadow, obligations: ['transform:a', 'transform:b'] })
  const [first, second, third] = explanationText(answer).split('\n')
  t.equal(first, 'allow  by rule small  (allowed)')
  t.match(second, /^with the shadow rules enforced: deny {2}by rule trial.*\(denied_by_rule\)$/)
  t.notOk(second?.includes('\u001b'), 'nothing of a file moves the terminal')
  t.equal(third, 'applied: transform:a, transform:b')
})
