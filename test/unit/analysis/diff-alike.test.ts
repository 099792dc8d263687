import t from 'tap'
import { diffPolicies } from '../../../src/analysis/diff.ts'
import { reportOf } from '../../../src/analysis/diff-report.ts'
import { compiled, deny, large, type Parts, ROLES, report, rules, texts } from '../../support/diffed.ts'

const alike = [
  [
    'a rule is split by model',
    rules({ ...large, models: ['a', 'b'] }),
    rules({ ...large, models: ['a'] }, { ...large, models: ['b'] }),
  ],
  [
    'a range is split',
    rules({ ...large, when: { network: ['10.0.0.0/8'] } }),
    rules({ ...large, when: { network: ['10.0.0.0/9'] } }, { ...large, when: { network: ['10.128.0.0/9'] } }),
  ],
  ['a rule is within another one', rules(large, { ...large, when: { mfa: true } }), rules(large)],
  ['a deny denies what nothing allows', rules(large), rules(large, { ...deny, models: ['o1'] })],
  [
    'rules have other names, reasons and order',
    rules({ ...large, reason: 'x' }, { operations: ['models.list'] }),
    rules({ operations: ['models.list'] }, large),
  ],
  ['a shadow rule is added', rules(large), rules(large, { ...large, models: ['o1'], mode: 'shadow' })],
  [
    'hours that go round',
    rules({ ...large, when: { time: { days: ['mon'], zone: 'UTC' } } }),
    rules(
      { ...large, when: { time: { days: ['mon'], from: '00:00', to: '12:00', zone: 'UTC' } } },
      { ...large, when: { time: { days: ['mon'], from: '12:00', to: '24:00', zone: 'UTC' } } },
    ),
  ],
] as const

for (const [name, before, after] of alike) {
  t.test(`nothing changes when ${name}`, async (t) => {
    t.same(texts(before, after), [])
    t.same(report(after, before).widens, false)
  })
}

t.test('what is decided more openly widens, a step-up in place of a denial too', async (t) => {
  const strong = { ...large, when: { mfa: true, method: ['jwt'] } }
  t.equal(report(rules(large), rules(strong)).widens, false)
  t.equal(report(rules(strong), rules(large)).widens, true)
  const [change] = report(
    rules({ operations: ['models.list'] }),
    rules({ operations: ['models.list'] }, strong),
  ).changes
  t.same(
    change?.witnesses.map(({ before, after }) => [before, after]),
    [['deny', 'allow']],
  )
})

t.test('a search that is too large says so, and that widens', async (t) => {
  const [before, after] = [compiled(rules(large)), compiled(rules({ ...large, when: { mfa: true } }))]
  const places = [
    [{ classes: 10, question: 1_000_000, total: 1_000_000 }, 'everything'],
    [{ classes: 1_000_000, question: 0, total: 1_000_000 }, 'chat with gpt-4o'],
    [{ classes: 1_000_000, question: 1_000_000, total: 0 }, 'chat with gpt-4o'],
  ] as const
  for (const [limits, where] of places) {
    const diff = diffPolicies(before, after, limits)
    const { undecided, widens, changes } = reportOf(diff, before.outline(), after.outline())
    t.same(changes, [])
    t.equal(widens, true)
    t.same(
      undecided.map((one) => one.where),
      [where],
    )
  }
})

t.test('too many conditions or workspaces are named as what is too large, and fewer are compared', async (t) => {
  const ranges = (count: number) =>
    rules(
      large,
      ...Array.from({ length: count }, (_, n) => ({ ...deny, when: { network: [`10.${n >> 8}.${n & 255}.0/24`] } })),
    )
  const workspaces = (count: number) => ({
    ...rules(large),
    workspaces: Object.fromEntries(Array.from({ length: count }, (_, n) => [`w${n}`, {}])),
  })
  const changed = (parts: Parts) => ({ ...parts, roles: { ...ROLES, robot: { includes: ['analyst'] } } })
  const whyOf = (parts: Parts) => report(parts, changed(parts)).undecided.map(({ where, why }) => [where, why])
  t.same(whyOf(ranges(4_001)), [
    ['everything', 'more than 4000 rules with conditions of their own may meet what changes'],
  ])
  t.same(whyOf(workspaces(401)), [['everything', 'there are more than 400 workspaces']])
  t.same([whyOf(ranges(50)), whyOf(workspaces(20))], [[], []])
  const apart = (...more: Parts[]) => rules(...(ranges(4_001).rules as Parts[]).slice(1), ...more)
  const list = { id: 'x', roles: ['lead'], operations: ['models.list'] }
  t.same(report(apart(), apart(list)).undecided, [], 'what cannot meet a changed rule is not counted')
})

t.test('where a claim cannot be told, a new deny takes something from callers who have no name', async (t) => {
  const members = { roles: { ...ROLES, out: { members: [{ claim: { path: 'status', equals: 'left' } }] } } }
  const before = { ...members, ...rules(large) }
  const after = { ...members, ...rules(large, { ...deny, roles: ['out'] }) }
  t.same(texts(before, after), [
    'chat with gpt-4o for some callers: now denied where the caller has, or may have, the role out (narrower; rule r1)',
  ])
})

t.test('a claim with members is no text, so that only one who carries the role gains by both', async (t) => {
  const roles = { ...ROLES, nested: { members: [{ claim: { path: 'a.b', equals: 'y' } }] } }
  const before = { roles, ...rules(large) }
  const after = { roles, ...rules(large, { ...large, roles: ['nested'], when: { claim: { path: 'a', equals: 'x' } } }) }
  t.same(texts(before, after), ['nested gains chat with gpt-4o, with the claim a x (rule r1)'])
  const [change] = report(before, after).changes
  t.same(change?.witnesses[0]?.line.as, {
    user: 'somebody',
    issuer: 'another-issuer',
    groups: [],
    roles: ['nested'],
    claims: { a: 'x' },
    method: 'jwt',
    mfa: true,
  })
})

t.test('a step-up in place of a denial is a change, though nobody is allowed more', async (t) => {
  const before = rules(large, { ...deny, when: { acr: ['weak'] } })
  const after = rules(large, { ...deny, when: { acr: ['weak'] } }, { ...large, when: { acr: ['phr'] } })
  t.same(texts(before, after), [
    'chat with gpt-4o for analyst and lead: who was denied is asked to sign in again (wider; rule r2)',
  ])
  t.equal(report(before, after).widens, true)
  t.same(texts(after, before), [
    'chat with gpt-4o for analyst and lead: who was asked to sign in again is denied (narrower; rule r2)',
  ])
  t.equal(report(after, before).widens, false)
})
