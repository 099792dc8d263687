import fc from 'fast-check'
import t from 'tap'
import { diffPolicies } from '../../src/analysis/diff.ts'
import { openness, type Witness } from '../../src/analysis/diff-witness.ts'
import type { PolicyInput } from '../../src/model/decision.ts'
import { STORED_OPERATIONS } from '../../src/model/operations.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { describedRequest } from '../../src/policy/described.ts'
import { cellAlike, isAskable } from '../support/diffed.ts'
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
        const asked = [...inputs, ...targeted].filter(isAskable).map((input) => ({
          ...input,
          storedSettings: STORED_OPERATIONS.includes(input.operation) || random() < 0.25,
        }))
        for (const input of asked) {
          const change = openness(decided(before, input).effect, decided(after, input).effect)
          if (change === 0) continue
          const said = findings.filter(({ opens, closes }) => (change > 0 ? opens : closes))
          if (!said.some(({ cells }) => cells.some((cell) => cellAlike(rules, before, after, cell, input)))) {
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
