import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { describedRequest } from '../../../src/policy/described.ts'
import type { RuleDocument } from '../../../src/policy/schema.ts'
import { warmingInputs } from '../../../src/policy/warm.ts'
import { sources } from '../../support/policies.ts'

const known = { issuers: [], upstreams: [] }
const document = {
  version: 1,
  roles: { analyst: {} },
  workspaces: { research: {} },
  models: { small: ['gpt-*'] },
  rules: [
    {
      id: 'a',
      effect: 'allow',
      roles: ['analyst'],
      workspaces: ['research'],
      models: ['@small'],
      operations: ['chat'],
    },
    { id: 'b', effect: 'deny', operations: ['files.*'], when: { network: ['10.0.0.0/8'] } },
    { id: 'c', effect: 'allow', when: { mfa: true, time: { days: ['mon'], zone: 'UTC' } } },
  ],
}

t.test('what rules are for is among the inputs', async (t) => {
  const { policy } = compilePolicy(sources([document]), known)
  const inputs = warmingInputs(document.rules as RuleDocument[], () => 'gpt-*')
  const decisions = inputs.map((input) => policy?.decide(input))
  t.same([...new Set(decisions.map((decision) => decision?.effect))].sort(), ['allow', 'deny', 'step_up'])
  t.ok(
    decisions.some((decision) => decision?.rule === 'a'),
    'a rule with every selector',
  )
  t.ok(
    decisions.some((decision) => decision?.rule === 'b'),
    'a deny that cannot be told',
  )
})

t.test('there are few of them, and fewer where each one asks many rules', async (t) => {
  const rules = (count: number) => Array.from({ length: count }, () => ({ id: 'r', effect: 'allow' })) as RuleDocument[]
  const count = (size: number) => warmingInputs(rules(size), () => 'm').length
  t.equal(count(0), 0)
  t.equal(count(1), 3)
  t.equal(count(100), 36)
  t.equal(count(889), 24)
  t.equal(count(1000), 24)
  t.equal(count(100_000), 3)
})

t.test('a policy decides the same after it was warmed', async (t) => {
  const { policy } = compilePolicy(sources([document]), known)
  const read = describedRequest({ as: { roles: 'analyst' }, request: { operation: 'chat', model: 'gpt-4o' } }, 0)
  if (!read.ok || policy === null) throw new Error('not described')
  const before = policy.decide(read.value.input)
  policy.warm()
  t.same(policy.decide(read.value.input), before)
})

t.test('an empty policy is warm', async (t) => {
  compilePolicy(sources([{ version: 1 }]), known).policy?.warm()
  t.pass()
})
