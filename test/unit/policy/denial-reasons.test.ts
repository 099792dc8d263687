import t from 'tap'
import type { PolicyInput } from '../../../src/model/decision.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { plain } from '../../property/scale-policies.ts'
import { sources } from '../../support/policies.ts'

const roles = { analyst: { members: [{ group: 'analysts' }] }, lead: { members: [{ group: 'leads' }] } }
const workspaces = { here: { members: [{ group: 'here' }] }, there: {} }
const who = (...groups: string[]): Partial<PolicyInput> => ({ principal: { ...plain.principal, groups } })
const chat = { roles: ['analyst'], models: ['gpt-4o'], operations: ['chat'] }
const office = { network: ['10.0.0.0/8'] }
const hours = { time: { from: '01:00', to: '02:00', zone: 'UTC' } }
const noTools = { tools: { functions: [], hosted: [] } }
const offers = { tools: { functions: ['rm'], hosted: [] } }
const small = { max_output_tokens: { at_most: 10 } }

/** Rules that only make a selector common, so that others are found by something else. */
const others = (count: number, rule: object) =>
  Array.from({ length: count }, (_, n) => ({ ...rule, when: { max_output_tokens: { at_most: n + 1 } } }))

type Row = readonly [sentence: string, allows: readonly object[], facts: Partial<PolicyInput>, reason: string]
const table: readonly Row[] = [
  ['there is no allow at all', [], {}, 'default_deny'],
  ['there is a deny alone, which does not apply', [{ ...chat, effect: 'deny', when: office }], {}, 'default_deny'],
  [
    'a deny that does not apply is not near',
    [
      { ...chat, effect: 'deny', when: office },
      { ...chat, models: ['o1'] },
    ],
    {},
    'model_not_allowed',
  ],
  ['no allow is for the caller', [{ ...chat, roles: ['lead'] }], {}, 'role_missing'],
  ['an allow is for everybody, and not for the operation', [{ operations: ['files.*'] }], {}, 'endpoint_not_allowed'],
  ['no allow of the role is for the operation', [chat], { operation: 'embeddings' }, 'endpoint_not_allowed'],
  ['a pattern is for other operations', [{ ...chat, operations: ['chat.*'] }], {}, 'endpoint_not_allowed'],
  [
    'an allow of another role is for the operation',
    [chat, { roles: ['lead'] }],
    { operation: 'x' },
    'endpoint_not_allowed',
  ],
  ['no allow is for the model', [chat], { model: 'o3' }, 'model_not_allowed'],
  ['an allow without operations is for another model', [{ models: ['o1'] }], {}, 'model_not_allowed'],
  ['the model is not named', [chat], { model: undefined }, 'model_not_allowed'],
  [
    'the operation has no model, and rules on models do not name it',
    [{ models: ['o1'] }],
    { model: null },
    'endpoint_not_allowed',
  ],
  ['the allow is for another workspace', [{ ...chat, workspaces: ['there'] }], {}, 'workspace_not_allowed'],
  [
    'the allow is for another workspace, and for the operation by a pattern',
    [{ roles: ['analyst'], workspaces: ['there'], operations: ['files.*'] }],
    { operation: 'files.list', model: null },
    'workspace_not_allowed',
  ],
  ['and for another model, too', [{ ...chat, workspaces: ['there'] }], { model: 'o3' }, 'model_not_allowed'],
  [
    'the allow of another workspace is for another role',
    [{ roles: ['lead'], workspaces: ['there'] }, chat],
    { model: 'o3' },
    'model_not_allowed',
  ],
  [
    'the allow is for the own workspace and a condition is missing',
    [{ ...chat, workspaces: ['here'], when: office }],
    who('analysts', 'here'),
    'ip_not_allowed',
  ],
  ['the address is another', [{ ...chat, when: office }], {}, 'ip_not_allowed'],
  ['the hours are others', [{ ...chat, when: hours }], {}, 'schedule'],
  ['a tool is not granted', [{ ...chat, when: noTools }], offers, 'tool_not_allowed'],
  ['a host is not granted', [chat], { urls: ['a.example'] }, 'url_not_allowed'],
  ['another condition is missing', [{ ...chat, when: { stream: true } }], {}, 'condition_unmet'],
  ['a fact cannot be told', [{ ...chat, when: small }], {}, 'condition_unmet'],
  [
    'of two conditions the first of the list counts',
    [{ ...chat, when: { ...hours, ...office } }],
    {},
    'ip_not_allowed',
  ],
  [
    'the nearest allow counts',
    [
      { ...chat, when: { ...office, stream: true } },
      { ...chat, when: hours },
    ],
    {},
    'schedule',
  ],
  [
    'the nearest allow counts, wherever it stands',
    [
      { ...chat, when: hours },
      { ...chat, when: { ...office, stream: true } },
    ],
    {},
    'schedule',
  ],
  [
    'of two as near the first counts',
    [
      { ...chat, when: office },
      { ...chat, when: hours },
    ],
    {},
    'ip_not_allowed',
  ],
  [
    'of two as near the first counts, in the other order',
    [
      { ...chat, when: hours },
      { ...chat, when: office },
    ],
    {},
    'schedule',
  ],
  [
    'of two as far the first counts',
    [
      { ...chat, when: { ...hours, stream: true } },
      { ...chat, when: { ...office, stream: true } },
    ],
    {},
    'schedule',
  ],
  [
    'of two as near that are found differently the first counts',
    [
      { models: ['gpt-4o'], when: hours },
      { roles: ['analyst'], when: office },
      { models: ['gpt-4o'], roles: ['lead'] },
    ],
    {},
    'schedule',
  ],
  [
    'of two as near that are found differently the first counts, in the other order',
    [
      { roles: ['analyst'], when: office },
      { models: ['gpt-4o'], when: hours },
      { models: ['gpt-4o'], roles: ['lead'] },
    ],
    {},
    'ip_not_allowed',
  ],
  [
    'an allow of another role is not near',
    [
      { ...chat, roles: ['lead'], when: office },
      { ...chat, when: { ...hours, stream: true } },
    ],
    {},
    'schedule',
  ],
  [
    'an allow for another model is not near, although it is found by the role',
    [
      { roles: ['analyst'], models: ['o1'], when: office },
      { ...chat, when: { ...hours, stream: true } },
      ...others(3, { roles: ['lead'], models: ['o1'] }),
    ],
    {},
    'schedule',
  ],
  [
    'the nearest counts before the first, although they are found differently',
    [
      { models: ['gpt-4o'], when: { ...hours, stream: true } },
      { roles: ['analyst'], when: office },
    ],
    {},
    'ip_not_allowed',
  ],
  [
    'one of several allows is for another workspace',
    [
      { ...chat, workspaces: ['there'], models: ['o1'] },
      { ...chat, workspaces: ['there'] },
      ...others(3, { roles: ['lead'], models: ['o1', 'gpt-4o'], operations: ['chat'] }),
    ],
    {},
    'workspace_not_allowed',
  ],
  [
    'the allow of another workspace is for another operation',
    [
      { roles: ['analyst'], workspaces: ['there'], operations: ['embeddings'] },
      { ...chat, models: ['o1'] },
      ...others(3, { roles: ['lead'], operations: ['embeddings'] }),
    ],
    {},
    'model_not_allowed',
  ],
  [
    'the allow of another workspace is for another role, although it is found by the model',
    [
      { roles: ['lead'], workspaces: ['there'], models: ['gpt-4o'] },
      { ...chat, models: ['o1'] },
      ...others(3, { roles: ['lead'], models: ['o2'] }),
    ],
    {},
    'model_not_allowed',
  ],
  [
    'the allow of another workspace is for another model, although it is found by the role',
    [
      { roles: ['analyst'], workspaces: ['there'], models: ['o2'] },
      { ...chat, models: ['o1'] },
      ...others(3, { roles: ['lead'], models: ['o2'] }),
    ],
    {},
    'model_not_allowed',
  ],
]

for (const [sentence, allows, facts, reason] of table) {
  t.test(`${sentence}: ${reason}`, async (t) => {
    const rules = allows.map((rule, index) => ({ id: `r${index}`, effect: 'allow', ...rule }))
    const document = { version: 1, roles, workspaces, ...(rules.length > 0 ? { rules } : {}) }
    const { policy, problems } = compilePolicy(sources([document]), { issuers: [], upstreams: [] })
    t.same(problems, [])
    const decision = policy?.decide({ ...plain, ...facts })
    t.same([decision?.effect, decision?.rule, decision?.reason], ['deny', null, reason])
  })
}

t.test('what a rule is found by makes no difference to the reason', async (t) => {
  const many = Array.from({ length: 20 }, (_, n) => ({
    id: `m${n}`,
    effect: 'allow',
    ...chat,
    when: { header: { name: 'x-class', equals: `c${n}` }, stream: true },
  }))
  const nearest = {
    id: 'z',
    effect: 'allow',
    ...chat,
    when: { header: { name: 'x-class', equals: 'public' }, ...office },
  }
  const { policy } = compilePolicy(sources([{ version: 1, roles, rules: [...many, nearest] }]), {
    issuers: [],
    upstreams: [],
  })
  t.equal(policy?.decide(plain).reason, 'ip_not_allowed')
})
