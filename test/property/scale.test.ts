import t from 'tap'
import type { JsonValue } from '../../src/model/json.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { SCENARIOS, type Scenario } from './scale-policies.ts'

const FEW = 10
const MANY = 10_000
/** What many rules may cost, as a multiple of what few cost: far below what asking each of them would. */
const MAX_RATIO = 3
const ATTEMPTS = 5
const BATCHES = 15

function compiled(scenario: Scenario, rules: number): CompiledPolicy {
  const source = { name: 'policy.yaml', document: scenario.policy(rules) as JsonValue, digest: '0' }
  const { policy, problems } = compilePolicy([source], { issuers: ['corp'], upstreams: [] })
  if (policy === null) throw new Error(JSON.stringify(problems[0]))
  return policy
}

/** How long so many calls take. */
function batch(run: () => unknown, calls: number): number {
  const began = performance.now()
  for (let call = 0; call < calls; call++) run()
  return performance.now() - began
}

/** The cost of `many` as a multiple of that of `few`, in turns: the least of many batches, which nothing disturbed. */
function ratio(few: () => unknown, many: () => unknown): number {
  let calls = 16
  while (batch(few, calls) < 0.5) calls *= 2
  const least = { few: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY }
  for (let turn = 0; turn < BATCHES; turn++) {
    least.few = Math.min(least.few, batch(few, calls))
    least.many = Math.min(least.many, batch(many, calls))
    // Each one of ten thousand rules asked: no need to wait for the rest.
    if (turn === 0 && least.many > 50 * least.few) break
  }
  return least.many / least.few
}

for (const scenario of SCENARIOS) {
  t.test(`${scenario.name}: ${MANY} rules cost what ${FEW} cost`, async (t) => {
    const few = compiled(scenario, FEW)
    const many = compiled(scenario, MANY)
    for (const [index, { effect, input }] of scenario.asked.entries()) {
      t.same([few.decide(input).effect, many.decide(input).effect], [effect, effect], `request ${index}: ${effect}`)
      const ratios: number[] = []
      do
        ratios.push(
          ratio(
            () => few.decide(input),
            () => many.decide(input),
          ),
        )
      while (Math.min(...ratios) > MAX_RATIO && ratios.length < ATTEMPTS)
      const best = Math.min(...ratios)
      t.ok(best <= MAX_RATIO, `request ${index}: ${best.toFixed(2)} times`)
    }
  })
}
