import t from 'tap'
import { type ReachAnswer, whoCan } from '../../../src/analysis/access.ts'
import { reachLines } from '../../../src/analysis/access-text.ts'
import { operationsOf, targetOf } from '../../../src/analysis/access-universe.ts'
import { allow, analysed, deny, MFA } from '../../support/analysed.ts'

function reached(rules: readonly object[], model: string, operation = 'chat'): ReachAnswer {
  const policy = analysed(rules)
  const operations = operationsOf(policy.outline).filter(({ label }) => label === operation)
  return whoCan(policy, targetOf(policy.outline, model), operations)
}

/** The lines below the model and the operation. */
const table: readonly (readonly [sentence: string, rules: readonly object[], lines: readonly string[]])[] = [
  ['nothing is allowed but by a rule', [deny('d', { models: ['o'] })], ['nobody can']],
  ['a rule for everybody', [allow('a', {})], ['  everybody  [rule a]']],
  [
    'who includes a role may do what it may',
    [allow('a', { roles: ['employee'] })],
    ['  analyst  [through employee; rule a]', '  contractor  [through employee; rule a]', '  employee  [rule a]'],
  ],
  [
    'conditions remain, in words',
    [
      allow('a', {
        roles: ['analyst'],
        workspaces: ['research'],
        when: { ...MFA, network: ['10.0.0.0/8'], max_output_tokens: { at_most: 4096 } },
      }),
    ],
    [
      '  analyst, in the workspace research, with MFA younger than 12 h, from 10.0.0.0/8, up to 4096 output tokens  [rule a]',
    ],
  ],
  [
    'a deny that always applies takes an allow away',
    [allow('a', { roles: ['analyst'] }), deny('d', { models: ['gpt-4*'] })],
    ['  taken away from analyst  [rule a, by d]', 'nobody can'],
  ],
  [
    'a deny for an included role takes it away, too',
    [allow('a', { roles: ['analyst'] }), deny('d', { roles: ['employee'] })],
    ['  taken away from analyst  [rule a, by d]', 'nobody can'],
  ],
  [
    'a deny for another role is an exception, and takes away from that role',
    [allow('a', { roles: ['employee'] }), deny('d', { roles: ['contractor'] })],
    [
      '  analyst, unless the caller has, or may have, the role contractor (rule d)  [through employee; rule a]',
      '  taken away from contractor  [rule a, by d]',
      '  employee, unless the caller has, or may have, the role contractor (rule d)  [rule a]',
    ],
  ],
  [
    'a conditional deny is an exception',
    [allow('a', { roles: ['analyst'] }), deny('no-images', { when: { input: { images: true } } })],
    ['  analyst, unless the request has images (rule no-images)  [rule a]'],
  ],
  [
    'what cannot be told is denied, too',
    [allow('a', {}), deny('d', { when: { claim: { path: 'type', equals: 'temp' } } })],
    ['  everybody, unless the claim type is temp or cannot be told (rule d)  [rule a]'],
  ],
  [
    'a fact that the allow asks for can be told',
    [allow('a', { when: { acr: ['phr', 'weak'] } }), deny('d', { when: { acr: ['weak'] } })],
    ['  everybody, with the acr phr or weak, unless the acr is weak (rule d)  [rule a]'],
  ],
  [
    'a deny that contradicts the allow takes nothing',
    [allow('a', { when: { input: { images: false } } }), deny('d', { when: { input: { images: true } } })],
    ['  everybody, without images  [rule a]'],
  ],
  [
    'a deny that follows from the allow takes all',
    [allow('a', { when: { network: ['10.1.0.0/16'] } }), deny('d', { when: { network: ['10.0.0.0/8'] } })],
    ['  taken away from everybody  [rule a, by d]', 'nobody can'],
  ],
  [
    'denies that leave nothing together are named, and no others',
    [
      allow('a', {}),
      deny('d1', { when: { stream: true } }),
      deny('d2', { when: { stream: false } }),
      deny('d3', { when: { input: { audio: true } } }),
    ],
    ['  taken away from everybody  [rule a, by d1, d2]', 'nobody can'],
  ],
  [
    'an allow that contradicts its upstreams is not there',
    [allow('a', { when: { region: ['asia'] } })],
    ['nobody can'],
  ],
  [
    'one that an upstream fulfils is',
    [allow('a', { when: { region: ['eu'] } })],
    ['  everybody, served in eu  [rule a]'],
  ],
  [
    'one that every upstream fulfils asks for nothing',
    [allow('a', { when: { region: ['eu', 'us'] } })],
    ['  everybody  [rule a]'],
  ],
  [
    'a way that allows no more than another is told with it',
    [allow('a', { when: MFA }), allow('b', { roles: ['analyst'], when: { mfa: true } }), allow('c', { when: MFA })],
    ['  everybody, with MFA younger than 12 h  [rule a, also c]', '  analyst, with MFA  [rule b, also a, c]'],
  ],
  [
    'a rule in shadow mode decides nothing',
    [allow('a', { mode: 'shadow' }), allow('b', { roles: ['analyst'] }), deny('d', { mode: 'shadow' })],
    ['  analyst  [rule b]'],
  ],
]
for (const [sentence, rules, lines] of table) {
  t.test(sentence, async (t) => {
    const said = reachLines(reached(rules, 'gpt-4o'))
    t.same(said.slice(said[1] === 'chat:' ? 2 : 1), lines)
    t.equal(said[0], 'gpt-4o, served by eu, us')
  })
}

t.test('an answer as a whole', async (t) => {
  const rules = [
    allow('a', { roles: ['employee'], when: { ...MFA, tools: { hosted: [] } } }),
    deny('d', {
      roles: ['contractor'],
      when: { input: { images: true }, header: { name: 'X-Class', in: ['secret'] } },
    }),
  ]
  const { model, groups } = reached(rules, 'fast')
  t.same(model, { asked: 'fast', name: 'gpt-4o-mini', alias: true, upstreams: ['us'] })
  t.same(groups[0]?.operations, ['chat'])
  t.same(groups[0]?.access[1], {
    role: 'contractor',
    ways: [
      {
        rule: 'a',
        also: [],
        everybody: false,
        through: ['employee'],
        conditions: [
          { condition: 'mfa', text: 'with MFA younger than 12 h' },
          { condition: 'tools', text: 'without hosted tools' },
        ],
        unless: [
          {
            rule: 'd',
            conditions: [
              { condition: 'header', text: 'the header x-class is secret or cannot be told' },
              { condition: 'input', text: 'the request has images' },
            ],
          },
        ],
        step_up: true,
      },
    ],
    removed: [],
  })
})

t.test('operations with equal answers stand together', async (t) => {
  const policy = analysed([
    allow('a', { operations: ['chat', 'responses', 'files.*', 'models.list'] }),
    allow('b', { operations: ['files.list'], when: { mfa: true } }),
    deny('c', { operations: ['files.delete'] }),
  ])
  const lines = reachLines(whoCan(policy, null, operationsOf(policy.outline)))
  t.same(lines, [
    'chat, files.*, models.list, responses:',
    '  everybody  [rule a]',
    'files.delete:',
    '  taken away from everybody  [rule a, by c]',
    'files.list:',
    '  everybody  [rule a, also b]',
  ])
})

const targets: readonly (readonly [sentence: string, model: string, first: string, lines: readonly string[]])[] = [
  ['an alias is resolved', 'fast', 'fast, an alias of gpt-4o-mini, served by us', ['  everybody, with MFA  [rule s]']],
  [
    'a set is asked about as a whole',
    '@small',
    '@small, served by us',
    ['  everybody, with MFA, unless the model is gpt-4-nano (rule d)  [rule s]'],
  ],
  [
    'a rule for a part of a pattern says which',
    'gpt-4*',
    'gpt-4*, served by eu, us',
    [
      '  everybody, for the models gpt-4o-mini or gpt-*-nano, with MFA, unless the model is gpt-4-nano (rule d)  [rule s]',
      '  analyst, for the model gpt-4o  [rule o]',
    ],
  ],
  [
    'a model that nobody serves',
    'o3',
    'o3: no upstream of the config serves it, so that the proxy answers 404 `model_not_found`',
    ['  everybody  [rule z]'],
  ],
]
for (const [sentence, model, first, lines] of targets) {
  t.test(sentence, async (t) => {
    const rules = [
      allow('s', { models: ['@small'], when: { mfa: true } }),
      allow('o', { roles: ['analyst'], models: ['gpt-4o'] }),
      allow('z', { models: ['o3'] }),
      deny('d', { models: ['gpt-4-nano'] }),
    ]
    const said = reachLines(reached(rules, model))
    t.equal(said[0], first)
    t.same(said.slice(2), lines)
  })
}

t.test('a rule that adds nothing but what a stronger sign-in is asked for makes its way one of those', async (t) => {
  const wide = allow('a', {})
  const strong = allow('b', { when: { acr: ['gold'] } })
  const stepUps = (...rules: object[]) => {
    const ways = reached(rules, 'o').groups.flatMap(({ access }) => access.flatMap((one) => one.ways))
    return [...new Set(ways.map((way) => way.step_up))]
  }
  t.same(stepUps(wide, strong, deny('d', { when: { acr: ['silver'] } })), [true], 'who showed silver is asked for gold')
  t.same(stepUps(wide, deny('d', { when: { acr: ['silver'] } })), [false], 'without it nothing is asked')
  t.same(stepUps(wide, strong), [false], 'without the deny nobody has to be asked')
})
