import fc from 'fast-check'
import t from 'tap'
import { documentsArbitrary } from '../support/policies.ts'
import type { ReferenceDocument, ReferenceRule } from '../support/reference.ts'
import { inputArbitrary } from '../support/requests.ts'
import { compiled, INPUTS, runs } from './amount.ts'

type Written = ReferenceDocument & { readonly version: number }

/** An order for anything: a number for each thing, taken round and round. */
const order = fc.array(fc.nat(1000), { minLength: 7, maxLength: 7 })

function shuffled<Item>(items: readonly Item[], by: readonly number[]): Item[] {
  return items
    .map((item, index) => [((by[index % by.length] ?? 0) * (index + 1)) % 1009, item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}

/** The same value, every map of it with its keys in another order. */
function otherKeys(value: unknown, by: readonly number[]): unknown {
  if (Array.isArray(value)) return value.map((item) => otherKeys(item, by))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, member]) => [key, otherKeys(member, by)] as const)
  return Object.fromEntries(shuffled(entries, by))
}

/** Every definition and every rule in a file of its own, or in the next one's. */
function otherFiles(documents: readonly Written[], files: number, by: readonly number[]): Written[] {
  const pieces = documents.flatMap((document): Partial<Written>[] => [
    ...(['roles', 'models', 'workspaces'] as const).flatMap((key) =>
      Object.entries(document[key] ?? {}).map(([name, value]) => ({ [key]: Object.fromEntries([[name, value]]) })),
    ),
    ...(document.rules ?? []).map((rule) => ({ rules: [rule] })),
  ])
  const mixed = shuffled(pieces, by)
  return Array.from({ length: files }, (_, file) => joined(mixed.filter((_, index) => index % files === file)))
}

function joined(pieces: readonly Partial<Written>[]): Written {
  const rules = pieces.flatMap((piece): readonly ReferenceRule[] => piece.rules ?? [])
  const named = (['roles', 'models', 'workspaces'] as const).flatMap((key) => {
    const entries = pieces.flatMap((piece) => Object.entries(piece[key] ?? {}))
    return entries.length === 0 ? [] : [[key, Object.fromEntries(entries)] as const]
  })
  return { version: 1, ...Object.fromEntries(named), ...(rules.length > 0 ? { rules } : {}) }
}

t.test('the order of rules, files and keys never changes a decision or its explanation', async (t) => {
  fc.assert(
    fc.property(
      documentsArbitrary,
      order,
      fc.integer({ min: 1, max: 5 }),
      fc.array(inputArbitrary, { minLength: INPUTS, maxLength: INPUTS, size: 'max' }),
      (documents, by, files, inputs) => {
        const one = compiled(documents)
        const rearranged = otherFiles(documents as unknown as Written[], files, by)
        const other = compiled(otherKeys(shuffled(rearranged, by), by) as ReferenceDocument[])
        for (const input of inputs) {
          const pair = [one, other].map((policy) => {
            const { decision, matched, unmet } = policy.explain(input)
            return JSON.stringify([
              policy.decide(input),
              decision,
              matched,
              unmet.map((row) => [row.rule, row.condition]),
            ])
          })
          if (pair[0] !== pair[1]) throw new Error(pair.join(' and '))
        }
      },
    ),
    runs(0.1),
  )
  t.pass()
})
