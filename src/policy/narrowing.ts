import type { Decision, PolicyInput } from '../model/decision.ts'
import { MODEL_OPERATIONS } from '../model/operations.ts'
import { compilePattern } from '../model/pattern.ts'

type Test = (model: string) => boolean

const MODELLED: ReadonlySet<string> = new Set(MODEL_OPERATIONS)
const known = new WeakMap<readonly string[], readonly Test[]>()

/**
 * What is left of a decision for who may use only the models that the credential names. It never gives anything: a denial
 * of the policy stays what it is. An operation with another model, or with one that cannot be told, is denied; one that
 * has no model (`files.list`, `models.list`) is not spoken of. Every model of a request is decided by itself, so that none
 * of them passes beside this.
 */
export function narrowed(decision: Decision, input: PolicyInput): Decision {
  const { models } = input.principal
  if (models === undefined || decision.effect === 'deny' || isWithin(models, input)) return decision
  const { roles, workspace } = decision
  return { effect: 'deny', rule: null, reason: 'key_model_not_allowed', roles, workspace }
}

function isWithin(models: readonly string[], { model, operation }: PolicyInput): boolean {
  // It could use one, and does not say which.
  if (model === undefined || (model === null && MODELLED.has(operation))) return false
  return model === null || testsOf(models).some((test) => test(model))
}

function testsOf(models: readonly string[]): readonly Test[] {
  const before = known.get(models)
  if (before !== undefined) return before
  const tests = models.map(compilePattern)
  known.set(models, tests)
  return tests
}
