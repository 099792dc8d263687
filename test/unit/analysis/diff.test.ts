import t from 'tap'
import { deny, large, ROLES, rules, texts } from '../../support/diffed.ts'

const table = [
  [
    'a rule is added',
    [
      rules({ roles: ['lead'], operations: ['models.list'] }),
      rules({ roles: ['lead'], operations: ['models.list'] }, large),
    ],
    ['analyst and lead gain chat with gpt-4o (rule r1)'],
  ],
  [
    'a rule is added with conditions',
    [
      rules({ operations: ['models.list'] }),
      rules({ operations: ['models.list'] }, { ...large, when: { mfa: { max_age: '12h' } } }),
    ],
    ['analyst and lead gain chat with gpt-4o, with MFA younger than 12 h (rule r1)'],
  ],
  [
    'a rule for everybody goes',
    [rules(large, { operations: ['models.list'] }), rules(large)],
    ['everybody loses models.list (rule r1)'],
  ],
  [
    'a condition is added',
    [rules(large), rules({ ...large, when: { network: ['10.0.0.0/8'] } })],
    ['chat with gpt-4o for analyst and lead: now also only from 10.0.0.0/8 (narrower; rule r0)'],
  ],
  [
    'a condition goes',
    [rules({ ...large, when: { mfa: true, stream: false } }), rules({ ...large, when: { mfa: true } })],
    ['chat with gpt-4o for analyst and lead: no longer only not streamed (wider; rule r0)'],
  ],
  [
    'a condition is another one',
    [
      rules({ ...large, when: { network: ['10.0.0.0/8'] } }),
      rules({ ...large, when: { network: ['192.168.0.0/16'] } }),
    ],
    [
      'chat with gpt-4o for analyst and lead: now from 192.168.0.0/16 instead of from 10.0.0.0/8 (wider for some requests, narrower for others; rule r0)',
    ],
  ],
  [
    'MFA must be younger',
    [rules({ ...large, when: { mfa: { max_age: '12h' } } }), rules({ ...large, when: { mfa: { max_age: '1h' } } })],
    [
      'chat with gpt-4o for analyst and lead: now with MFA younger than 1 h instead of with MFA younger than 12 h (narrower; rule r0)',
    ],
  ],
  [
    'a deny is added',
    [rules(large), rules(large, { ...deny, when: { input: { images: true } } })],
    ['chat with gpt-4o for analyst and lead: now denied where the request has images (narrower; rule r1)'],
  ],
  [
    'a deny takes everything away',
    [rules(large), rules(large, deny)],
    ['analyst and lead lose chat with gpt-4o (rule r1)'],
  ],
  ['a deny goes', [rules(large, deny), rules(large)], ['analyst and lead gain chat with gpt-4o (rule r1)']],
  [
    'a set gets another model',
    [
      { models: { s: ['a-*'] }, ...rules({ ...large, models: ['@s'] }) },
      { models: { s: ['a-*', 'b'] }, ...rules({ ...large, models: ['@s'] }) },
    ],
    ['analyst and lead gain chat with b (rule r0)'],
  ],
  [
    'a pattern becomes a name',
    [rules({ ...large, models: ['gpt-*'] }), rules({ ...large, models: ['gpt-4o'] })],
    ['analyst and lead lose chat with gpt-* but gpt-4o (rule r0)'],
  ],
  [
    'every model but one',
    [rules(large), rules({ ...large, models: ['*'] })],
    ['analyst and lead gain chat with * but gpt-4o (rule r0)'.replace('* but', 'any model but')],
  ],
  [
    'an alias stands for another model',
    [
      { aliases: { fast: 'gpt-4o' }, ...rules(large) },
      { aliases: { fast: 'o1' }, ...rules(large) },
    ],
    ['analyst and lead lose chat with fast (rule r0)'],
  ],
  [
    'a group becomes a member',
    [
      rules(large),
      {
        roles: {
          ...ROLES,
          analyst: { members: [{ group: 'analysts' }, { group: 'interns' }], includes: ['employee'] },
        },
        ...rules(large),
      },
    ],
    ['the group interns (new in the role analyst) gains chat with gpt-4o (rule r0)'],
  ],
  [
    'a role no longer includes another one',
    [rules(large), { roles: { ...ROLES, lead: { members: [{ group: 'leads' }] } }, ...rules(large) }],
    ['lead loses chat with gpt-4o (rule r0)'],
  ],
  [
    'a role goes, and its rule stays for another one',
    [rules({ ...large, roles: ['analyst', 'robot'] }), rules(large)],
    ['robot loses chat with gpt-4o (rule r0)'],
  ],
  [
    'a workspace is asked for',
    [
      { workspaces: { w: {} }, ...rules(large) },
      { workspaces: { w: {} }, ...rules({ ...large, workspaces: ['w'] }) },
    ],
    ['chat with gpt-4o for analyst and lead: now also only in the workspace w (narrower; rule r0)'],
  ],
  [
    'a workspace has another member',
    [
      { workspaces: { w: { members: [{ group: 'a' }] } }, ...rules({ workspaces: ['w'], operations: ['chat'] }) },
      {
        workspaces: { w: { members: [{ group: 'a' }, { group: 'b' }] } },
        ...rules({ workspaces: ['w'], operations: ['chat'] }),
      },
    ],
    ['the group b (new in the workspace w) gains chat with any model, in the workspace w (rule r0)'],
  ],
  [
    'names are hostile',
    [
      rules({ operations: ['models.list'] }),
      {
        roles: { constructor: { members: [{ group: '__proto__' }] }, 'a, b (rule x)': {} },
        ...rules(
          { operations: ['models.list'] },
          { ...large, roles: ['constructor', 'a, b (rule x)'], models: ['__proto__', 'to String'] },
        ),
      },
    ],
    ['"a, b (rule x)" and constructor gain chat with __proto__, "to String" (rule r1)'],
  ],
] as const

for (const [name, [before, after], expected] of table) {
  t.test(name, async (t) => {
    t.same(texts(before, after), expected)
    t.same(texts(after, after), [], 'and nothing changes from the new policy to itself')
  })
}
