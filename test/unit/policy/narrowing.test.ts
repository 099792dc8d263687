import t from 'tap'
import type { Decision, PolicyInput } from '../../../src/model/decision.ts'
import { narrowed } from '../../../src/policy/narrowing.ts'
import { plain } from '../../property/scale-policies.ts'

const allow = { effect: 'allow', rule: 'r', reason: 'allowed', roles: ['a'], workspace: 'w' } as unknown as Decision
const stepUp = { ...allow, effect: 'step_up', reason: 'step_up_required' } as unknown as Decision
const deny = { ...allow, effect: 'deny', rule: null, reason: 'role_missing' } as unknown as Decision

const of = (models: readonly string[] | undefined, more: Partial<PolicyInput>): PolicyInput => ({
  ...plain,
  ...more,
  principal: { ...plain.principal, ...(models === undefined ? {} : { models }) },
})

type Row = readonly [
  name: string,
  models: readonly string[] | undefined,
  asked: Partial<PolicyInput>,
  isAllowed: boolean,
]
const table: readonly Row[] = [
  ['a key without limits', undefined, { model: 'gpt-4o' }, true],
  ['a key without limits, and a model that cannot be told', undefined, { model: undefined }, true],
  ['the model itself', ['gpt-4o'], { model: 'gpt-4o' }, true],
  ['another one', ['gpt-4o'], { model: 'gpt-4o-mini' }, false],
  ['another case', ['gpt-4o'], { model: 'GPT-4o' }, false],
  ['a pattern', ['gpt-*'], { model: 'gpt-4o' }, true],
  ['the second of two', ['o1', 'gpt-*'], { model: 'gpt-4o' }, true],
  ['a star in the request means nothing', ['gpt-4o'], { model: 'gpt-*' }, false],
  ['no model where there is none', ['gpt-4o'], { operation: 'models.list', model: null }, true],
  ['no model where there could be one', ['gpt-4o'], { operation: 'realtime', model: null }, false],
  ['a model that cannot be told', ['*'], { operation: 'responses', model: undefined }, false],
  ['a batch of somebody', ['*'], { operation: 'batches.create', model: undefined }, false],
  ['a route that nobody reads', ['*'], { operation: 'passthrough.vendor', model: undefined }, false],
  ['a list that is empty gives nothing', [], { model: 'gpt-4o' }, false],
]

t.test('a key is for its own models alone', async (t) => {
  for (const [name, models, asked, isAllowed] of table) {
    const input = of(models, asked)
    const none = { effect: 'deny', rule: null, reason: 'key_model_not_allowed', roles: ['a'], workspace: 'w' }
    t.same(narrowed(allow, input), isAllowed ? allow : none, name)
    t.same(narrowed(stepUp, input), isAllowed ? stepUp : none, `${name}: nobody is asked for more that does not help`)
    t.same(narrowed(deny, input), deny, `${name}: what the policy denies stays denied, for its own reason`)
  }
})
