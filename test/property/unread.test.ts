import fc from 'fast-check'
import t from 'tap'
import type { HeadInput, PolicyInput } from '../../src/model/decision.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { documentsArbitrary, KNOWN, sources } from '../support/policies.ts'
import { anyInputArbitrary } from '../support/requests.ts'

const BODIES = 30

/** What the head of a request tells of it. With `isModelKnown`, no body would name another model. */
function headOf(input: PolicyInput, isModelKnown: boolean): HeadInput {
  const { principal, operation, header, project, at, ip, model } = input
  return { principal, operation, header, project, at, ip, model: isModelKnown ? { known: model } : null }
}

/** The same head with the body, and the upstream, of another request. */
function withBody(head: PolicyInput, body: PolicyInput, isModelKnown: boolean): PolicyInput {
  const { principal, operation, header, project, at, ip } = head
  const model = isModelKnown ? head.model : body.model
  return { ...body, principal, operation, header, project, at, ip, model }
}

t.test('what is denied by its head is denied with every body', async (t) => {
  const seen = { denied: 0, shadowed: 0, byRule: 0, open: 0, allowed: 0, deniedAll: 0 }
  fc.assert(
    fc.property(
      documentsArbitrary,
      fc.array(fc.tuple(anyInputArbitrary, fc.boolean()), { minLength: 10, maxLength: 10 }),
      fc.array(anyInputArbitrary, { minLength: BODIES, maxLength: BODIES, size: 'max' }),
      (documents, heads, bodies) => {
        const { policy } = compilePolicy(sources(documents), KNOWN)
        if (policy === null) throw new Error('the generated policy has problems')
        for (const [head, isModelKnown] of heads) {
          const early = policy.deniedUnread(headOf(head, isModelKnown))
          const inputs = [head, ...bodies.map((body) => withBody(head, body, isModelKnown))]
          const decisions = inputs.map((input) => policy.decide(input))
          if (early === null) {
            seen.open++
            if (decisions.some(({ effect }) => effect !== 'deny')) seen.allowed++
            continue
          }
          seen.denied++
          if (early.shadow !== null) seen.shadowed++
          if (early.decision.rule !== null) seen.byRule++
          const [first] = decisions
          if (early.decision.effect !== 'deny') throw new Error('what is denied unread is no denial')
          if (JSON.stringify(early.decision.roles) !== JSON.stringify(first?.roles)) throw new Error('other roles')
          if (early.decision.workspace !== first?.workspace) throw new Error('another workspace')
          for (const [index, { effect }] of decisions.entries()) {
            if (effect !== 'deny') throw new Error(`denied unread, and ${effect} with ${JSON.stringify(inputs[index])}`)
          }
          for (const input of policy.shadow === null ? [] : inputs) {
            const shadowed = policy.shadow?.decide(input).effect
            if (shadowed !== 'deny') throw new Error(`denied unread, and ${shadowed} by the shadow rules`)
          }
        }
      },
    ),
    { numRuns: Number(process.env.SALLYPORT_RUNS ?? 1500) },
  )
  t.comment(JSON.stringify(seen))
  t.ok(seen.denied > seen.open / 20, 'many are denied by their head')
  t.ok(seen.byRule > 100, 'some of them by a rule')
  t.ok(seen.open > 100 && seen.allowed > seen.open / 20, 'many are open, and allowed with some body')
})
