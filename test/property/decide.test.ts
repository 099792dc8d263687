import fc from 'fast-check'
import t from 'tap'
import type { Decision } from '../../src/model/decision.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { documentsArbitrary, KNOWN, sources } from '../support/policies.ts'
import { type ReferenceAnswer, type ReferenceDocument, reference } from '../support/reference.ts'
import { anyInputArbitrary } from '../support/requests.ts'

/** `SALLYPORT_CASES=10000000` goes on for as long as it takes. */
const cases = Number(process.env.SALLYPORT_CASES ?? 100_000)
const INPUTS = 40

function compiled(documents: readonly ReferenceDocument[]) {
  const { policy, problems } = compilePolicy(sources(documents), KNOWN)
  if (!policy) throw new Error(`the generated policy has problems: ${JSON.stringify(problems)}`)
  return policy
}

function plain(decision: Decision): ReferenceAnswer {
  const { effect, rule } = decision
  if (effect !== 'step_up') return { effect, rule, challenge: null }
  const { acrValues, maxAgeSeconds } = decision.challenge
  return { effect, rule, challenge: { acr: acrValues, maxAge: maxAgeSeconds } }
}

t.test(`decide is the reference evaluator, on ${cases} cases`, async (t) => {
  const seen = { allow: 0, deny: 0, step_up: 0, byRule: 0 }
  fc.assert(
    fc.property(
      documentsArbitrary,
      fc.array(anyInputArbitrary, { minLength: INPUTS, maxLength: INPUTS, size: 'max' }),
      (documents, inputs) => {
        const policy = compiled(documents)
        for (const input of inputs) {
          const got = plain(policy.decide(input))
          const wanted = reference(documents, input)
          if (JSON.stringify(got) !== JSON.stringify(wanted)) {
            throw new Error(`decided ${JSON.stringify(got)}, and the reference says ${JSON.stringify(wanted)}`)
          }
          seen[got.effect]++
          if (got.effect === 'deny' && got.rule !== null) seen.byRule++
        }
      },
    ),
    { numRuns: Math.ceil(cases / INPUTS), verbose: 1, interruptAfterTimeLimit: 3_600_000 },
  )
  t.comment(JSON.stringify(seen))
  const total = seen.allow + seen.deny + seen.step_up
  t.ok(total >= cases, 'every case was compared')
  t.ok(seen.allow > total / 50, 'many are allowed')
  t.ok(seen.byRule > total / 50, 'many are denied by a rule')
  t.ok(seen.step_up > total / 200, 'many are asked for stronger authentication')
})

t.test('shadow rules change nothing, and their verdict is that of all rules', async (t) => {
  const seen = { without: 0, same: 0, changed: 0 }
  fc.assert(
    fc.property(documentsArbitrary, fc.array(anyInputArbitrary, { minLength: 20 }), (documents, inputs) => {
      const policy = compiled(documents)
      const rules = documents.flatMap(({ rules: list = [] }) => list)
      const shadows = new Set(rules.filter(({ mode }) => mode === 'shadow').map(({ id }) => id))
      const others = documents.map(({ rules: _, ...rest }) => rest)
      const enforced = compiled([...others, rulesOf(rules.filter(({ mode }) => mode !== 'shadow'))])
      for (const input of inputs) {
        const { decision, shadow } = policy.explain(input)
        if (JSON.stringify(decision) !== JSON.stringify(enforced.decide(input)))
          throw new Error('a shadow rule decided')
        if (policy.shadow === null) {
          if (shadows.size > 0 || shadow !== null) throw new Error('shadow rules went missing')
          seen.without++
          continue
        }
        const all = plain(policy.shadow.decide(input))
        const wanted = reference(documents, input, 'all')
        if (JSON.stringify(all) !== JSON.stringify(wanted)) throw new Error('another verdict than the reference')
        const told = wanted.effect !== decision.effect || shadows.has(wanted.rule ?? '')
        if (told !== (shadow !== null)) throw new Error('told where nothing changes, or silent where something does')
        if (shadow && (shadow.effect !== wanted.effect || shadow.rule !== wanted.rule)) throw new Error('told wrongly')
        seen[told ? 'changed' : 'same']++
      }
    }),
    { numRuns: 500 },
  )
  t.comment(JSON.stringify(seen))
  t.ok(Math.min(seen.without, seen.same, seen.changed) > 100, 'all three came')
})

function rulesOf(rules: NonNullable<ReferenceDocument['rules']>): ReferenceDocument {
  return { version: 1, ...(rules.length > 0 ? { rules } : {}) } as ReferenceDocument
}

t.test('adding a deny never allows more', async (t) => {
  fc.assert(
    fc.property(
      documentsArbitrary,
      documentsArbitrary,
      fc.array(anyInputArbitrary, { minLength: 20 }),
      (documents, more, inputs) => {
        const denies = more.flatMap(({ rules = [] }) => rules.filter(({ effect }) => effect === 'deny'))
        if (denies.length === 0) return
        const added = { version: 1, rules: denies.map((rule, index) => ({ ...rule, id: `added ${index}` })) }
        const before = compiled(documents)
        const after = compiled([...documents, added])
        for (const input of inputs) {
          if (after.decide(input).effect === 'allow' && before.decide(input).effect !== 'allow')
            throw new Error('allows more')
        }
      },
    ),
    { numRuns: 300 },
  )
  t.pass()
})

t.test('the order of rules and files never changes a decision', async (t) => {
  const shuffled = documentsArbitrary.chain((documents) => {
    const rules = documents.flatMap((document) => document.rules ?? [])
    return fc.tuple(fc.constant(documents), fc.shuffledSubarray(rules, { minLength: rules.length }))
  })
  fc.assert(
    fc.property(shuffled, fc.array(anyInputArbitrary, { minLength: 20 }), ([documents, rules], inputs) => {
      const [first, second] = documents.map(({ rules: _, ...rest }) => rest)
      const one = compiled(documents)
      const other = compiled([{ ...second }, { rules, ...first }])
      for (const input of inputs) {
        const pair = [one.decide(input), other.decide(input)].map((decision) => JSON.stringify(decision))
        if (pair[0] !== pair[1]) throw new Error(pair.join(' and '))
      }
    }),
    { numRuns: 300 },
  )
  t.pass()
})

t.test('explain agrees with decide', async (t) => {
  fc.assert(
    fc.property(documentsArbitrary, fc.array(anyInputArbitrary, { minLength: 20 }), (documents, inputs) => {
      const policy = compiled(documents)
      const rules = new Map(
        documents.flatMap(({ rules: list = [] }) =>
          list.filter(({ mode }) => mode !== 'shadow').map((rule) => [rule.id, rule.effect] as const),
        ),
      )
      for (const input of inputs) {
        const decision = policy.decide(input)
        const { decision: explained, matched, unmet } = policy.explain(input)
        if (JSON.stringify(explained) !== JSON.stringify(decision)) throw new Error('another decision')
        const denies = matched.filter((id) => rules.get(id) === 'deny')
        const allows = matched.filter((id) => rules.get(id) === 'allow')
        const expected = decision.effect === 'allow' ? allows : denies
        if (decision.effect !== 'step_up' && decision.rule !== (expected[0] ?? null)) throw new Error('another rule')
        if (decision.effect === 'allow' && denies.length > 0) throw new Error('a deny matched an allow')
        if (unmet.some(({ rule }) => allows.includes(rule))) throw new Error('a rule that holds has unmet conditions')
        const silent = [...rules].filter(([id, effect]) => effect === 'allow' && !allows.includes(id as never))
        if (silent.some(([id]) => !unmet.some(({ rule }) => rule === id))) throw new Error('a rule without a reason')
      }
    }),
    { numRuns: 300 },
  )
  t.pass()
})
