import { MODEL_OPERATIONS } from '../../model/operations.ts'
import { doOverlap } from '../patterns.ts'
import { hasName, nameSet } from '../rule.ts'
import { type Lint, type LintRule, type LintSubject, warningAt } from './lint.ts'

/** A role that gives nothing and takes nothing: no rule or transform names it, nor a role that it includes. */
export const unusedRole: Lint = ({ merged, outline, rules }) => {
  const named = new Set<string | undefined>(rules.flatMap(({ roles }) => roles ?? []))
  for (const { value } of merged.transforms) for (const role of value.roles ?? []) named.add(role)
  return [...merged.roles].flatMap(([name, role]) => {
    if (outline.roles.get(name)?.holds.some((held) => named.has(held))) return []
    const message =
      'no rule names this role, nor one that it includes: who holds it may no more and no less; delete it, or name it in a rule'
    return [warningAt(role, [], 'unused_role', message, 'key')]
  })
}

/** A set of models that no rule or transform names, nor a set that one names. */
export const unusedSet: Lint = ({ merged, rules }) => {
  const used = new Set<string>()
  for (const { modelsWritten } of rules) for (const name of modelsWritten ?? []) used.add(name)
  for (const { value } of merged.transforms) for (const name of value.models ?? []) used.add(name ?? '')
  // A set's iteration reaches what is added on the way, so that sets of sets are found.
  for (const name of used) {
    if (!name.startsWith('@')) continue
    for (const inner of merged.models.get(name.slice(1))?.value ?? []) if (inner?.startsWith('@')) used.add(inner)
  }
  return [...merged.models].flatMap(([name, set]) => {
    if (used.has(`@${name}`)) return []
    return [
      warningAt(set, [], 'unused_set', 'no rule names this set; delete it, or write `@` and its name in a rule', 'key'),
    ]
  })
}

/** An alias of a model that no rule allows; one that no upstream serves is told of by `unserved_model`. */
export const unusedAlias: Lint = (subject) => {
  const allows = subject.rules.filter((rule) => rule.effect === 'allow' && speaksOfModels(rule))
  if (allows.some(({ models }) => models === null)) return []
  const allowed = nameSet(allows.flatMap(({ models }) => models ?? []))
  return [...subject.merged.aliases].flatMap(([, alias]) => {
    const { value } = alias
    if (value === undefined || hasName(allowed, value) || !isServed(subject, value)) return []
    const message = 'no rule allows the model that this alias stands for; delete it, or allow the model in a rule'
    return [warningAt(alias, [], 'unused_alias', message)]
  })
}

/**
 * A workspace that no rule names while rules name others: what is written for workspaces passes it by. Where no rule
 * speaks of workspaces at all, they are there to keep people's objects apart.
 */
export const unusedWorkspace: Lint = ({ merged, rules }) => {
  const named = new Set<string | undefined>(rules.flatMap(({ workspaces }) => workspaces ?? []))
  for (const { value } of merged.transforms) for (const name of value.workspaces ?? []) named.add(name)
  if (named.size === 0) return []
  return [...merged.workspaces].flatMap(([name, workspace]) => {
    if (named.has(name)) return []
    const message =
      'no rule names this workspace, though rules name others: in it only rules without `workspaces` hold; name it in ' +
      'a rule, or delete it'
    return [warningAt(workspace, [], 'unused_workspace', message, 'key')]
  })
}

function speaksOfModels({ operationNames }: LintRule): boolean {
  return operationNames === null || MODEL_OPERATIONS.some((name) => hasName(operationNames, name))
}

function isServed({ facts }: LintSubject, model: string): boolean {
  return facts.upstreams.some(({ models }) => models.some((served) => doOverlap(model, served)))
}
