import t from 'tap'
import type { JsonValue } from '../../../src/model/json.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { describedRequest } from '../../../src/policy/described.ts'
import { sources } from '../../support/policies.ts'

const known = { issuers: [], upstreams: [{ name: 'eu', region: 'eu', labels: {} }] }

function compiled(rules: readonly object[]) {
  const { policy } = compilePolicy(sources([{ version: 1, rules }]), known)
  if (policy === null) throw new Error('the policy has problems')
  return policy
}

const chat = { as: { user: 'bob', mfa: false, acr: 'weak' }, request: { operation: 'chat', model: 'm' } }

function explained(rules: readonly object[], described: JsonValue = chat) {
  const read = describedRequest(described, 0)
  if (!read.ok) throw new Error(read.fault)
  const { decision, shadow, matched } = compiled(rules).explain(read.value.input)
  return { is: `${decision.effect} ${decision.rule}`, shadow: shadow && `${shadow.effect} ${shadow.rule}`, matched }
}

const shadow = { mode: 'shadow' }
const allow = { id: 'allow', effect: 'allow' }
const deny = { id: 'deny', effect: 'deny', ...shadow }
const strong = { id: 'strong', effect: 'allow', when: { mfa: true } }

type Row = readonly [sentence: string, rules: readonly object[], is: string, shadow: string | null]
const table: readonly Row[] = [
  ['no shadow rule', [allow], 'allow allow', null],
  ['a shadow deny does not deny', [allow, deny], 'allow allow', 'deny deny'],
  ['its twin that is enforced does', [allow, { ...deny, mode: 'enforce' }], 'deny deny', null],
  ['a shadow deny that does not match', [allow, { ...deny, models: ['other'] }], 'allow allow', null],
  ['a shadow allow does not allow', [{ ...allow, ...shadow }], 'deny null', 'allow allow'],
  ['its twin that is enforced does', [{ ...allow, mode: 'enforce' }], 'allow allow', null],
  [
    'an enforced deny wins over a shadow allow',
    [
      { ...allow, ...shadow },
      { ...deny, mode: 'enforce' },
    ],
    'deny deny',
    null,
  ],
  ['a shadow allow behind an enforced one', [allow, { ...allow, ...shadow, id: 'b' }], 'allow allow', null],
  [
    'a shadow allow before an enforced one would decide',
    [allow, { ...allow, ...shadow, id: 'a' }],
    'allow allow',
    'allow a',
  ],
  ['a shadow allow asks for no step-up', [{ ...strong, ...shadow }], 'deny null', 'step_up strong'],
  [
    'a shadow allow spares a step-up in its verdict alone',
    [strong, { ...allow, ...shadow }],
    'step_up strong',
    'allow allow',
  ],
  ['a shadow deny takes no step-up away', [strong, deny], 'step_up strong', 'deny deny'],
  [
    'a shadow deny of what a step-up would lead to',
    [strong, { ...deny, when: { acr: ['strong'], mfa: true } }],
    'step_up strong',
    null,
  ],
  [
    'a shadow deny of several factors takes the step-up away in its verdict',
    [strong, { ...deny, when: { mfa: true } }],
    'step_up strong',
    'deny null',
  ],
]
for (const [sentence, rules, is, verdict] of table) {
  t.test(sentence, async (t) => {
    for (const list of [rules, [...rules].reverse()]) {
      const { matched, ...rest } = explained(list)
      t.same(rest, { is, shadow: verdict })
      t.notOk(matched.includes('deny' as never) && is === 'allow allow', 'a shadow rule is not among what matched')
    }
  })
}

t.test('the reason of a denial is that of the enforced rules', async (t) => {
  const read = describedRequest(chat, 0)
  if (!read.ok) throw new Error(read.fault)
  const rules = [{ ...strong, ...shadow, when: { network: ['10.0.0.0/8'] } }]
  t.equal(compiled(rules).decide(read.value.input).reason, 'default_deny')
  t.same(compiled(rules).explain(read.value.input).unmet, [])
})

t.test('a policy without shadow rules has no second set of rules', async (t) => {
  t.equal(compiled([allow]).shadow, null)
  t.not(compiled([allow, deny]).shadow, null)
  const read = describedRequest(chat, 0)
  if (!read.ok) throw new Error(read.fault)
  t.equal(compiled([allow]).explain(read.value.input).shadow, null, 'and no verdict of it')
  t.equal(compiled([allow, deny]).explain(read.value.input).shadow?.rule, 'deny')
})

t.test('a shadow rule that speaks of the upstream makes only its own verdict do so', async (t) => {
  const policy = compiled([allow, { ...deny, when: { region: ['eu'] } }])
  t.same([policy.speaksOfUpstream, policy.shadow?.speaksOfUpstream], [false, true])
})

t.test('a deny in shadow mode is not warned of before it is enforced', async (t) => {
  const rule = (mode: string) => ({ id: 'r', effect: 'deny', mode, when: { urls: ['a.example'] } })
  const codes = (mode: string) =>
    compilePolicy(sources([{ version: 1, rules: [rule(mode)] }]), known).problems.map(({ code }) => code)
  t.same([codes('shadow'), codes('enforce')], [[], ['deny_holds_for_all']])
})
