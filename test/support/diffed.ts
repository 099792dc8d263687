/** Policies in a few lines, and what `policy diff` says of two of them. */
import { diffPolicies } from '../../src/analysis/diff.ts'
import type { Aside } from '../../src/analysis/diff-aside.ts'
import { asidesOf } from '../../src/analysis/diff-beside.ts'
import { type AccessReport, reportOf } from '../../src/analysis/diff-report.ts'
import { changeTexts } from '../../src/analysis/diff-text.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
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
