import fc from 'fast-check'
import t from 'tap'
import type { PolicyInput } from '../../src/model/decision.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { documentsArbitrary, KNOWN, sources } from '../support/policies.ts'
import { type ReferenceDocument, type ReferenceTransform, referenceTransforms } from '../support/reference.ts'
import { anyInputArbitrary } from '../support/requests.ts'
import { transformsArbitrary } from './transform-policies.ts'

type Documents = readonly (ReferenceDocument & { readonly transforms?: readonly ReferenceTransform[] })[]

function compiled(documents: Documents) {
  const { policy, problems } = compilePolicy(sources(documents), KNOWN)
  if (!policy) throw new Error(`the generated policy has problems: ${JSON.stringify(problems)}`)
  return policy
}

/** What the words of the documentation say of several transforms at once; null for none. */
function expected(documents: Documents, input: PolicyInput) {
  if (input.operation !== 'chat' && input.operation !== 'responses') return null
  const all = referenceTransforms(documents, input)
  if (all.length === 0) return null
  const set: { [name: string]: unknown } = {}
  for (const one of all) for (const [name, value] of Object.entries(one.set ?? {})) set[name] = value
  const limits = all.flatMap(({ set: { max_output_tokens: limit } = {} }) => (limit === undefined ? [] : [limit]))
  if (limits.length > 0) set.max_output_tokens = Math.min(...(limits as number[]))
  if (all.some((one) => one.set?.store === false)) set.store = false
  const said = all.flatMap(({ system }) => (system ? [system.prepend] : []))
  return {
    names: all.map(({ id }) => `transform:${id}`),
    set: sortedEntries(set),
    prepend: said.length === 0 ? null : said.join('\n'),
  }
}

function sortedEntries(set: object) {
  return Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1))
}

t.test('transforms apply as the reference says, whatever the order of entries and files', async (t) => {
  const seen = { none: 0, one: 0, several: 0 }
  fc.assert(
    fc.property(
      documentsArbitrary,
      transformsArbitrary,
      fc.array(anyInputArbitrary, { minLength: 20 }),
      (policies, list, inputs) => {
        const documents = [...policies, { version: 1, transforms: list }] as unknown as Documents
        const parted = list.map((one) => ({ version: 1, transforms: [one] })).reverse() as unknown as Documents
        const policy = compiled(documents)
        const other = compiled([...parted, ...policies])
        const bare = compiled(policies)
        for (const input of inputs) {
          const wanted = expected(documents, input)
          for (const one of [policy, other]) {
            const got = one.obligations(input)
            const plain = got && { names: got.names, set: sortedEntries(got.set), prepend: got.prepend }
            if (JSON.stringify(plain) !== JSON.stringify(wanted)) {
              throw new Error(`got ${JSON.stringify(plain)} and not ${JSON.stringify(wanted)}`)
            }
            const { decision, obligations } = one.explain(input)
            const said = decision.effect === 'allow' ? (wanted?.names ?? []) : []
            if (JSON.stringify(obligations) !== JSON.stringify(said)) throw new Error('explained otherwise')
          }
          const decided = [policy, other, bare].map((one) => JSON.stringify(one.decide(input)))
          if (new Set(decided).size > 1) throw new Error('a transform changed a decision')
          seen[wanted === null ? 'none' : wanted.names.length === 1 ? 'one' : 'several']++
        }
      },
    ),
    { numRuns: 200 },
  )
  t.comment(JSON.stringify(seen))
  t.ok(Math.min(seen.none, seen.one, seen.several) > 50, 'none, one and several came')
})
