import fc from 'fast-check'
import t from 'tap'
import { diffPolicies, type PolicyDiff } from '../../src/analysis/diff.ts'
import type { Cell } from '../../src/analysis/diff-cells.ts'
import { openness, type Witness } from '../../src/analysis/diff-witness.ts'
import type { PolicyInput } from '../../src/model/decision.ts'
import { MODEL_OPERATIONS, SPELLED_OPERATIONS } from '../../src/model/operations.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { describedRequest } from '../../src/policy/described.ts'
import { nearPolicies } from '../support/near-policies.ts'
import { KNOWN, sources } from '../support/policies.ts'
import { inputArbitrary } from '../support/requests.ts'
import { constantsOf, seeded, targetedRequest } from '../support/targeted-requests.ts'

/** `SALLYPORT_PAIRS=10000` goes on for as long as it takes. */
const pairs = Number(process.env.SALLYPORT_PAIRS ?? 70)
const TARGETED = 2_000
const ANY = 40

function compiled(documents: readonly unknown[]): CompiledPolicy {
  const { policy, problems } = compilePolicy(sources(documents), KNOWN)
  if (!policy) throw new Error(`the generated policy has problems: ${JSON.stringify(problems)}`)
  return policy
}

/** A chat without a model and a list of models that names one are no requests. */
function isAskable({ operation, model }: Pick<PolicyInput, 'operation' | 'model'>): boolean {
  if (MODEL_OPERATIONS.includes(operation)) return model !== null
  return model === null || !SPELLED_OPERATIONS.includes(operation)
}

/** Each rule that was looked at speaks of the cell exactly when it speaks of the request. */
function isAlike(
  rules: PolicyDiff['rules'],
  before: CompiledPolicy,
  after: CompiledPolicy,
  { operation, model }: Cell,
  input: PolicyInput,
): boolean {
  if (isAskable({ operation, model: null }) !== isAskable({ operation: input.operation, model: null })) return false
  return [before, after].every((policy, index) => {
    const named = index === 0 ? model.before : model.after
    const asked = typeof input.model === 'string' ? policy.resolveModel(input.model).model : input.model
    return rules[index === 0 ? 'before' : 'after'].every(({ operations, models }) => {
      const isOf = (list: readonly string[] | null, name: string) =>
        list === null || list.some((one) => compilePattern(one)(name))
      if (isOf(operations, operation) !== isOf(operations, input.operation)) return false
      if (typeof named !== 'string' || typeof asked !== 'string') return named === asked
      return isOf(models, named) === isOf(models, asked)
    })
  })
}

const decided = (policy: CompiledPolicy, input: PolicyInput) =>
  policy.decide(typeof input.model === 'string' ? { ...input, model: policy.resolveModel(input.model).model } : input)

/** The request as a line says it, decided again. */
function again(before: CompiledPolicy, after: CompiledPolicy, { line, upstream }: Witness): number {
  const read = describedRequest(line, 0)
  if (!read.ok) throw new Error(`the request cannot be read: ${read.fault}`)
  const { input } = read.value
  const facts = upstream ? { name: 'x', region: upstream.region, labels: upstream.labels } : undefined
  const whole = { ...input, upstream: facts }
  return openness(decided(before, whole).effect, decided(after, whole).effect)
}

t.test(`diff is silent exactly when nothing is decided differently, on ${pairs} pairs of policies`, async (t) => {
  const seen = { same: 0, opens: 0, closes: 0, requests: 0 }
  fc.assert(
    fc.property(
      nearPolicies,
      fc.array(inputArbitrary, { minLength: ANY, maxLength: ANY, size: 'max' }),
      fc.nat(),
      (pair, inputs, seed) => {
        const [before, after] = [compiled(pair.before), compiled(pair.after)]
        const { findings, undecided, rules } = diffPolicies(before, after)
        if (undecided.length > 0) throw new Error(`undecided: ${undecided[0]?.why}`)
        for (const { opens, closes } of findings) {
          if (opens && !(again(before, after, opens) > 0)) throw new Error('does not open')
          if (closes && !(again(before, after, closes) < 0)) throw new Error('does not close')
        }
        const random = seeded(seed)
        const constants = constantsOf([before.outline(), after.outline()])
        const targeted = Array.from({ length: TARGETED }, () => targetedRequest(constants, random))
        for (const input of [...inputs, ...targeted].filter(isAskable)) {
          const change = openness(decided(before, input).effect, decided(after, input).effect)
          if (change === 0) continue
          const said = findings.filter(({ opens, closes }) => (change > 0 ? opens : closes))
          if (!said.some(({ cells }) => cells.some((cell) => isAlike(rules, before, after, cell, input)))) {
            throw new Error(`${change > 0 ? 'opens' : 'closes'}, unsaid: ${JSON.stringify(input)}`)
          }
        }
        seen.requests += inputs.length + targeted.length
        if (findings.some(({ opens }) => opens)) seen.opens++
        if (findings.some(({ closes }) => closes)) seen.closes++
        if (findings.length === 0) seen.same++
      },
    ),
    { numRuns: pairs, endOnFailure: process.env.SALLYPORT_SHRINK === undefined, interruptAfterTimeLimit: 3_600_000 },
  )
  t.comment(JSON.stringify(seen))
  t.ok(seen.same > pairs / 10, 'many are alike')
  t.ok(seen.opens > pairs / 10, 'many open something')
  t.ok(seen.closes > pairs / 10, 'many close something')
})
