import { MODEL_OPERATIONS } from '../../model/operations.ts'
import { areSubsumed } from '../patterns.ts'
import { areImplied } from './implied.ts'
import type { LintRule, LintSubject } from './lint.ts'

type Roles = LintSubject['outline']['roles']

/**
 * Whether one rule speaks of every request that another does: where `inner` is *yes*, `outer` is *yes*, and where
 * `outer` is *no*, `inner` is *no*. Effects and modes are left to the caller. False where that is not certain.
 */
export function covers(outer: LintRule, inner: LintRule, roles: Roles): boolean {
  return (
    areOperationsCovered(outer, inner) &&
    areRolesCovered(outer, inner, roles) &&
    areWorkspacesCovered(outer, inner) &&
    areModelsCovered(outer, inner) &&
    areImplied(inner.when, outer.when)
  )
}

function areOperationsCovered(outer: LintRule, inner: LintRule): boolean {
  return outer.operationNames === null || areSubsumed(inner.operations ?? ['*'], outer.operationNames)
}

/** Who holds a role of the inner rule holds one of the outer rule, by what it includes. */
function areRolesCovered({ roles: wanted }: LintRule, inner: LintRule, roles: Roles): boolean {
  if (wanted === null) return true
  return inner.roles?.every((role) => roles.get(role)?.holds.some((held) => wanted.includes(held))) ?? false
}

function areWorkspacesCovered({ workspaces: wanted }: LintRule, inner: LintRule): boolean {
  return wanted === null || (inner.workspaces?.every((name) => wanted.includes(name)) ?? false)
}

function areModelsCovered(outer: LintRule, inner: LintRule): boolean {
  if (outer.modelNames === null) return true
  if (inner.models === null || !areSubsumed(inner.models, outer.modelNames)) return false
  // A rule on models speaks of operations without a model only where its `operations` name them.
  if (outer.operations !== null || inner.operations === null) return true
  return inner.operations.every((name) => MODEL_OPERATIONS.includes(name))
}
