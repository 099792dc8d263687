import t from 'tap'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { sources } from '../../support/policies.ts'

const CONDITIONS = [
  ['functions', { tools: { functions: ['crm_*'] } }, ['rules.0.when.tools.functions']],
  ['hosted tools', { tools: { hosted: ['web_search*'] } }, ['rules.0.when.tools.hosted']],
  ['no hosted tools', { tools: { hosted: [] } }, ['rules.0.when.tools.hosted']],
  [
    'functions and hosted tools',
    { tools: { functions: ['a'], hosted: ['b'] } },
    ['rules.0.when.tools.functions', 'rules.0.when.tools.hosted'],
  ],
  ['hosts', { urls: ['evil.example'] }, ['rules.0.when.urls']],
  ['something else', { stream: true, input: { images: true } }, []],
] as const

const compiled = (effect: string, when: object) =>
  compilePolicy(sources([{ version: 1, rules: [{ id: 'r', effect, when }] }]), { issuers: [], upstreams: [] })

for (const [name, when, places] of CONDITIONS) {
  t.test(`a deny on ${name}`, async (t) => {
    const { policy, problems } = compiled('deny', when)
    t.same(
      problems.map(({ path, at, severity, code }) => [path.join('.'), at, severity, code]),
      places.map((place) => [place, 'key', 'warning', 'deny_holds_for_all']),
    )
    t.ok(policy, 'it is in force all the same')
  })
  t.test(`an allow on ${name}`, async (t) => {
    t.same(compiled('allow', when).problems, [])
  })
}

t.test('what is no rule yet is not warned of', async (t) => {
  const codes = (rule: object) =>
    compilePolicy(sources([{ version: 1, rules: [rule] }]), { issuers: [], upstreams: [] }).problems.map(
      ({ code }) => code,
    )
  t.same(codes({ id: 'r', when: { urls: ['a'] } }), ['missing_key'])
  t.same(codes({ id: 'r', effect: 'deny', when: { urls: 'a' } }), ['wrong_type'])
})

const messages: readonly (readonly [what: string, when: object, every: string, grant: string])[] = [
  [
    'functions',
    { tools: { functions: ['rm'] } },
    'function',
    'list what is granted in `tools.functions` of each allow',
  ],
  [
    'hosted tools',
    { tools: { hosted: ['web_search'] } },
    'hosted tool',
    'list what is granted in `tools.hosted` of each allow',
  ],
  ['hosts', { urls: ['a.example'] }, 'host in a URL', 'list the hosts that are granted in `urls` of an allow'],
]
for (const [what, when, every, grant] of messages) {
  t.test(`the message says how to write what was meant: ${what}`, async (t) => {
    const [problem] = compiled('deny', when).problems
    t.equal(
      problem?.message,
      `this deny applies only where every ${every} of the request matches, and where it has none: one that does not ` +
        `match evades the rule; nothing is allowed but by a rule, so leave the deny out and ${grant}`,
    )
  })
}
