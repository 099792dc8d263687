import type { Explanation } from '../model/decision.ts'
import type { JsonValue } from '../model/json.ts'
import type { CompiledPolicy, PolicyTest } from '../policy/compile.ts'
import { type DecidedUpstream, describedOutcome } from './policy-outcome.ts'

export interface TestResult {
  readonly file: string
  readonly name: string
  readonly ok: boolean
  /** False, and only then there, where no upstream serves the model: the test is of the policy alone. */
  readonly served?: false
  readonly expected: string
  readonly got: string
}

/** Runs the `tests` of a policy. `now` stands where a test does not say when. Unit: epoch milliseconds. */
export function runTests(policy: CompiledPolicy, upstreams: readonly DecidedUpstream[], now: number): TestResult[] {
  return policy.tests.map((one) => runTest(policy, upstreams, one, now))
}

function runTest(
  policy: CompiledPolicy,
  upstreams: readonly DecidedUpstream[],
  { file, test }: PolicyTest,
  now: number,
): TestResult {
  const { name, expect } = test
  const { effect, rule, reason, unmet = [] } = expect
  const words = [effect, rule && `by ${rule}`, reason && `(${reason})`, unmet.length > 0 && `unmet ${unmet.join(', ')}`]
  const expected = words.filter((word) => typeof word === 'string').join(' ')
  const described = describedOutcome(policy, upstreams, test as unknown as JsonValue, now)
  if (!described.ok) return { file, name, ok: false, expected, got: described.fault }
  const { input, served } = described.value
  const explanation = policy.explain(input)
  const result = { file, name, ok: meets(expect, explanation), expected, got: outcome(explanation) }
  return served ? result : { ...result, served }
}

function meets({ effect, rule, reason, unmet = [] }: PolicyTest['test']['expect'], explanation: Explanation): boolean {
  const { decision } = explanation
  const missing = new Set(explanation.unmet.map((row) => `${row.rule}.${row.condition}`))
  return (
    decision.effect === effect &&
    (rule === undefined || decision.rule === rule) &&
    (reason === undefined || decision.reason === reason) &&
    unmet.every((row) => missing.has(row))
  )
}

function outcome({ decision, unmet }: Explanation): string {
  const by = decision.rule === null ? 'by no rule' : `by ${decision.rule}`
  const missing = unmet.slice(0, 5).map((row) => `${row.rule}.${row.condition}`)
  const rest = missing.length > 0 && decision.effect !== 'allow' ? ` unmet ${missing.join(', ')}` : ''
  return `${decision.effect} ${by} (${decision.reason})${rest}`
}
