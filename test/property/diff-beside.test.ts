import fc from 'fast-check'
import t from 'tap'
import { asidesOf } from '../../src/analysis/diff-beside.ts'
import type { PolicyInput } from '../../src/model/decision.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { nearPolicies } from '../support/near-policies.ts'
import { documentsArbitrary, KNOWN, sources } from '../support/policies.ts'
import type { ReferenceTransform } from '../support/reference.ts'
import { inputArbitrary } from '../support/requests.ts'
import { transformsArbitrary } from './transform-policies.ts'

type Transforms = readonly ReferenceTransform[]

function compiled(documents: readonly object[], transforms: Transforms): CompiledPolicy {
  const more = transforms.length > 0 ? [{ version: 1, transforms }] : []
  const { policy, problems } = compilePolicy(sources([...documents, ...more]), KNOWN)
  if (!policy) throw new Error(`the generated policy has problems: ${JSON.stringify(problems)}`)
  return policy
}

const NO_CHANGE = { changes: [], undecided: [], widens: false }
/** What access changes is no matter here: what is said of transforms does not depend on it. */
const transformsSaid = (before: CompiledPolicy, after: CompiledPolicy) =>
  asidesOf(before, after, NO_CHANGE).filter(({ what }) => what === 'transform' || what === 'alias')

/** What is done to a request, in an order that says what counts: settings by name, texts as they follow. */
function doneTo(policy: CompiledPolicy, input: PolicyInput): string {
  const model = typeof input.model === 'string' ? policy.resolveModel(input.model).model : input.model
  const done = policy.obligations({ ...input, model })
  if (done === null) return 'nothing'
  return JSON.stringify([done.names, Object.entries(done.set).sort(([a], [b]) => (a < b ? -1 : 1)), done.prepend])
}

/** One transform as the change makes it. */
function changesOf({ operations, ...rest }: ReferenceTransform, other: ReferenceTransform): readonly Transforms[] {
  const one: ReferenceTransform = { ...rest, ...(operations ? { operations } : {}) }
  return [
    [],
    [{ ...one, id: 'another' }],
    [{ ...one, set: { ...one.set, max_output_tokens: 77 } }],
    [{ ...one, set: { ...one.set, top_p: 0.5 } }],
    [{ ...one, system: { prepend: 'another text' } }],
    [{ ...one, roles: [...(one.roles ?? []), 'robot'] }],
    [{ ...one, models: [...(one.models ?? []), 'another-*'] }],
    [operations ? rest : { ...rest, operations: ['chat'] }],
    [one, { ...other, id: 'another' }],
  ]
}

const ROBOT = { version: 1, roles: { robot: {} } }

t.test('policies that differ in transforms only are told apart, and those that do not are not', async (t) => {
  const seen = { changed: 0, same: 0 }
  fc.assert(
    fc.property(documentsArbitrary, transformsArbitrary, fc.nat(), fc.nat(), (files, list, at, change) => {
      const documents = [...files, ROBOT]
      const policy = compiled(documents, list)
      const shuffled = compiled(
        [
          ROBOT,
          ...[...files]
            .reverse()
            .map(({ rules, ...rest }) => ({ ...rest, ...(rules ? { rules: [...rules].reverse() } : {}) })),
        ],
        [...list].reverse(),
      )
      for (const [one, other] of [
        [policy, policy],
        [policy, shuffled],
        [shuffled, policy],
      ] as const) {
        const said = asidesOf(one, other, NO_CHANGE)
        if (said.length > 0) throw new Error(`said of the same policy: ${said[0]?.sentence}`)
        seen.same++
      }
      const index = at % list.length
      const chosen = list[index]
      const changes = chosen ? changesOf(chosen, list[(at + 1) % list.length] ?? chosen) : []
      const changed = [...list.slice(0, index), ...(changes[change % changes.length] ?? []), ...list.slice(index + 1)]
      const other = compiled(documents, changed)
      for (const [before, after] of [
        [policy, other],
        [other, policy],
      ] as const) {
        const said = asidesOf(before, after, NO_CHANGE)
        if (said.length === 0) throw new Error(`unsaid: ${JSON.stringify([chosen, changed])}`)
        if (said.some(({ what }) => what !== 'transform')) throw new Error('something else is said')
      }
      seen.changed++
    }),
    { numRuns: 300 },
  )
  t.comment(JSON.stringify(seen))
  t.ok(seen.changed > 200)
})

t.test('whatever is done to a request otherwise is said, and whatever falls away as weaker', async (t) => {
  const seen = { same: 0, other: 0, weaker: 0 }
  fc.assert(
    fc.property(
      nearPolicies,
      transformsArbitrary,
      fc.option(transformsArbitrary, { nil: null }),
      fc.array(inputArbitrary, { minLength: 60, maxLength: 60, size: 'max' }),
      (pair, list, others, inputs) => {
        const [before, after] = [compiled(pair.before, list), compiled(pair.after, others ?? list)]
        const said = transformsSaid(before, after)
        const isAliased = said.some(({ what }) => what === 'alias')
        // Who is in several workspaces and names none is refused, whatever a transform would do: that is access, not asides.
        const isOfOne = (input: PolicyInput) =>
          [before, after].every((policy) => policy.decide(input).reason !== 'workspace_not_allowed')
        for (const input of inputs.filter(isOfOne)) {
          const [old, young] = [doneTo(before, input), doneTo(after, input)]
          if (old === young) seen.same++
          else seen.other++
          if (old !== young && said.length === 0) throw new Error(`unsaid: ${old} ${young} ${JSON.stringify(input)}`)
          if (old === 'nothing' || young !== 'nothing' || isAliased) continue
          seen.weaker++
          if (!said.some(({ isWeaker }) => isWeaker)) throw new Error(`falls away: ${old} ${JSON.stringify(input)}`)
        }
      },
    ),
    { numRuns: 300 },
  )
  t.comment(JSON.stringify(seen))
  t.ok(Math.min(...Object.values(seen)) > 300, 'all of these came often')
})
