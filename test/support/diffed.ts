/** Policies in a few lines, and what `policy diff` says of two of them. */
import { diffPolicies, type PolicyDiff } from '../../src/analysis/diff.ts'
import type { Aside } from '../../src/analysis/diff-aside.ts'
import { asidesOf } from '../../src/analysis/diff-beside.ts'
import type { Cell } from '../../src/analysis/diff-cells.ts'
import { type AccessReport, reportOf } from '../../src/analysis/diff-report.ts'
import { changeTexts } from '../../src/analysis/diff-text.ts'
import type { PolicyInput } from '../../src/model/decision.ts'
import { MODEL_OPERATIONS, SPELLED_OPERATIONS, STORED_OPERATIONS } from '../../src/model/operations.ts'
import { compilePattern } from '../../src/model/pattern.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/policy/compile.ts'
import { KNOWN, sources } from './policies.ts'

export type Parts = { readonly [key: string]: unknown }

export const ROLES = {
  employee: { members: [{ issuer: 'corp' }] },
  analyst: { members: [{ group: 'analysts' }], includes: ['employee'] },
  lead: { members: [{ group: 'leads' }], includes: ['analyst'] },
  robot: {},
}

export function compiled({ roles = ROLES, ...parts }: Parts) {
  const { policy, problems } = compilePolicy(sources([{ version: 1, roles, ...parts }]), KNOWN)
  if (!policy) throw new Error(JSON.stringify(problems))
  return policy
}

export function report(before: Parts, after: Parts): AccessReport {
  const [old, young] = [compiled(before), compiled(after)]
  return reportOf(diffPolicies(old, young), old.outline(), young.outline())
}

/** What changes beside access. */
export function asides(before: Parts, after: Parts): Aside[] {
  return asidesOf(compiled(before), compiled(after), report(before, after))
}

export const sentences = (before: Parts, after: Parts) => asides(before, after).map(({ sentence }) => sentence)

export const texts = (before: Parts, after: Parts) => changeTexts(report(before, after).changes).map(({ text }) => text)
export const rules = (...list: Parts[]) => ({
  rules: list.map((rule, index) => ({ id: `r${index}`, effect: 'allow', ...rule })),
})

export const large = { roles: ['analyst'], models: ['gpt-4o'], operations: ['chat'] }
export const deny = { effect: 'deny', models: ['gpt-4o'], operations: ['chat'] }
/** A policy with transforms, all called `t` unless they say otherwise. */
export const transforms = (...list: Parts[]) => ({
  ...rules(large),
  transforms: list.map((one) => ({ id: 't', ...one })),
})
/** A policy with one workspace. */
export const workspaces = (more: Parts = {}) => ({
  ...rules(large),
  workspaces: { w: { members: [{ group: 'a' }], ...more } },
})

/** A chat without a model and a list of models that names one are no requests. */
export function isAskable({ operation, model }: Pick<PolicyInput, 'operation' | 'model'>): boolean {
  if (MODEL_OPERATIONS.includes(operation)) return model !== null
  return model === null || !SPELLED_OPERATIONS.includes(operation)
}

/** Each rule that was looked at speaks of the cell exactly when it speaks of the request. */
export function cellAlike(
  rules: PolicyDiff['rules'],
  before: CompiledPolicy,
  after: CompiledPolicy,
  { operation, model }: Cell,
  input: Pick<PolicyInput, 'operation' | 'model'>,
): boolean {
  if (isAskable({ operation, model: null }) !== isAskable({ operation: input.operation, model: null })) return false
  if (STORED_OPERATIONS.includes(operation) !== STORED_OPERATIONS.includes(input.operation)) return false
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
