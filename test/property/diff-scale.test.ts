import t from 'tap'
import { diffPolicies } from '../../src/analysis/diff.ts'
import { reportOf } from '../../src/analysis/diff-report.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { SCENARIOS, type Scenario } from './scale-policies.ts'

const FEW = 1_000
const MANY = 10_000
/** Ten times as many rules are read; what is beyond that would be rules that are analysed without need. */
const MAX_RATIO = 40
const ATTEMPTS = 3

/** Those whose rules differ in what they are for. Conditions that all differ are compared one with the other. */
const NAMES = [
  'rules of every kind for many teams',
  'one model for many roles',
  'one role for many models',
  'patterns that begin differently',
  'patterns that end differently',
  'the same selectors and the same condition',
]

interface Document {
  readonly rules: readonly object[]
}

function compiled(document: object): CompiledPolicy {
  const source = { name: 'policy.yaml', document: document as JsonValue, digest: '0' }
  const { policy, problems } = compilePolicy([source], { issuers: ['corp'], upstreams: [] })
  if (policy === null) throw new Error(JSON.stringify(problems[0]))
  return policy
}

/** Three rules are others: one is for another model, one has a condition more, one denies. */
function pairOf(scenario: Scenario, count: number): readonly [CompiledPolicy, CompiledPolicy] {
  const document = scenario.policy(count) as Document
  const rules = document.rules.map((rule, index) => {
    if (index === 5) return { ...rule, effect: 'allow', models: ['a-new-model'] }
    if (index === count / 2) return { ...rule, when: { ...(rule as { when?: object }).when, stream: false } }
    return index === count - 2 ? { ...rule, effect: 'deny', operations: ['chat'] } : rule
  })
  return [compiled(document), compiled({ ...document, rules })]
}

function compared([before, after]: readonly [CompiledPolicy, CompiledPolicy]) {
  const began = performance.now()
  const { changes, undecided } = reportOf(diffPolicies(before, after), before.outline(), after.outline())
  return { took: performance.now() - began, changes: changes.length, undecided: undecided.length }
}

for (const scenario of SCENARIOS.filter(({ name }) => NAMES.includes(name))) {
  t.test(`${scenario.name}: three of ${MANY} rules are compared as three of ${FEW} are`, async (t) => {
    const ratios: number[] = []
    do {
      const [few, many] = [compared(pairOf(scenario, FEW)), compared(pairOf(scenario, MANY))]
      t.same([few.undecided, many.undecided], [0, 0])
      t.equal(many.changes, few.changes, 'the same number of changes')
      ratios.push(many.took / few.took)
    } while (Math.min(...ratios) > MAX_RATIO && ratios.length < ATTEMPTS)
    const best = Math.min(...ratios)
    t.ok(best <= MAX_RATIO, `${best.toFixed(1)} times`)
  })
}
