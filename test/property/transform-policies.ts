import fc from 'fast-check'
import { pick, ROLES, WORKSPACES } from '../support/policies.ts'
import type { ReferenceTransform } from '../support/reference.ts'

const some = <Item>(items: readonly Item[]) => fc.uniqueArray(pick(items), { minLength: 1, maxLength: 3 })
const body = fc.constantFrom<Omit<ReferenceTransform, 'id'>>(
  { set: { max_output_tokens: 10 } },
  { set: { max_output_tokens: 20, temperature: 0 } },
  { set: { temperature: 1, store: false } },
  { set: { store: true }, system: { prepend: 'one' } },
  { system: { prepend: 'two' } },
)
const selectors = fc.record(
  {
    roles: some(ROLES),
    workspaces: some(WORKSPACES),
    models: some(['gpt-*', '*', '__proto__', '@small', '@__proto__', 'constructor', 'gpt-4o']),
    operations: some(['*', 'chat', 'responses']),
  },
  { requiredKeys: [] },
)
const ids = fc.shuffledSubarray(['a', '__proto__', 'constructor', '\u{1f600}', '\uffee', 'B'], { minLength: 3 })

/** A few transforms, for the roles, workspaces and sets of generated policies. */
export const transformsArbitrary: fc.Arbitrary<readonly ReferenceTransform[]> = fc
  .tuple(ids, fc.array(fc.tuple(body, selectors), { minLength: 1, maxLength: 3 }))
  .map(([names, list]) => list.map(([what, who], index) => ({ id: names[index] ?? '', ...what, ...who })))
