import type { JsonValue } from '../../src/model/json.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { KNOWN } from '../support/policies.ts'
import type { ReferenceDocument } from '../support/reference.ts'

/** Requests in one run of a property. */
export const INPUTS = 20

/** Runs of a property that gets this share of all cases. `SALLYPORT_CASES=10000000` goes on for as long as it takes. */
export function runs(share: number): { numRuns: number; interruptAfterTimeLimit: number } {
  const cases = Number(process.env.SALLYPORT_CASES ?? 100_000)
  return { numRuns: Math.ceil((cases * share) / INPUTS), interruptAfterTimeLimit: 3_600_000 }
}

export function compiled(documents: readonly ReferenceDocument[]): CompiledPolicy {
  const sources = documents.map((document, index) => ({
    name: `${index}.yaml`,
    document: document as unknown as JsonValue,
    digest: String(index),
  }))
  const { policy, problems } = compilePolicy(sources, KNOWN)
  if (!policy) throw new Error(`the generated policy has problems: ${JSON.stringify(problems)}`)
  return policy
}
