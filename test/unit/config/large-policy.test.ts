import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPolicySources } from '../../../src/config/policy-sources.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'

const MANY = 10_000

const rule = (index: number) => `  - id: team-${index}-small-models
    effect: allow
    roles: [staff]
    models: [gpt-4o-mini, "team-${index}-*"]
    operations: [chat, responses, embeddings]
    when:
      mfa: { max_age: 12h }
      network: [10.0.0.0/8, "2001:db8::/32"]
      claim: { path: team, equals: team-${index} }
      max_output_tokens: { at_most: 4096 }
    reason: what team ${index} uses`

t.test(`${MANY} rules of eleven lines stand in one file`, async (t) => {
  const rules = Array.from({ length: MANY }, (_, index) => rule(index))
  const head = 'version: 1\nroles:\n  staff: { members: [{ group: staff }] }\nrules:\n'
  writeFileSync(join(t.testdir(), 'rules.yaml'), `${head}${rules.join('\n')}\n`)
  const { sources, problems } = await loadPolicySources([t.testdirName])
  t.same(problems, [])
  const { policy, problems: found } = compilePolicy(sources, { issuers: ['corp'], upstreams: [] })
  t.same(
    found.filter(({ severity }) => severity === 'error'),
    [],
  )
  t.equal(policy?.outline().rules.length, MANY)
  t.same(sources[0]?.place(['rules', MANY - 1, 'when', 'claim', 'equals']), { line: 5 + MANY * 11 - 3, column: 36 })
})
