import { compareCodePoints } from '../code-points.ts'
import { type FileProblem, type Merged, mergeSources, type PolicyText } from '../merge.ts'
import { outlineWhenAsked } from '../outline.ts'
import { type NameSet, nameSet } from '../rule.ts'
import type { RoleDocument, RuleDocument, WorkspaceDocument } from '../schema.ts'
import { conditionCount } from './covering.ts'
import { idleDeny } from './idle-deny.ts'
import type { Lint, LintFacts, LintRule, LintSubject } from './lint.ts'
import { shadowedRule } from './shadowed-rule.ts'
import { shortAge } from './short-age.ts'
import { unheldRole } from './unheld-role.ts'
import { unreachableRule } from './unreachable-rule.ts'
import { unservedModel } from './unserved-model.ts'
import { untoldAllow } from './untold-allow.ts'
import { unusedAlias, unusedRole, unusedSet, unusedWorkspace } from './unused.ts'
import { wideAllow } from './wide-allow.ts'

const LINTS: readonly Lint[] = [
  unreachableRule,
  shadowedRule,
  idleDeny,
  wideAllow,
  untoldAllow,
  shortAge,
  unservedModel,
  unheldRole,
  unusedRole,
  unusedSet,
  unusedAlias,
  unusedWorkspace,
]

/**
 * Warnings of what is sound and hardly meant, for `check`; nothing that serves asks for them. `sources` must have
 * compiled without an error. Never throws.
 */
export function lintPolicy(sources: readonly PolicyText[], facts: LintFacts): FileProblem[] {
  const subject = subjectOf(mergeSources(sources).merged, facts)
  return LINTS.flatMap((lint) => lint(subject))
}

function subjectOf(merged: Merged, facts: LintFacts): LintSubject {
  const outline = outlineWhenAsked({
    roles: whole<RoleDocument>(merged.roles),
    workspaces: whole<WorkspaceDocument>(merged.workspaces),
    aliases: whole<string>(merged.aliases),
    sets: whole<readonly string[]>(merged.models),
    rules: merged.rules.map(({ value }) => value as RuleDocument),
  })()
  const sets = new Map<string, NameSet>()
  const named = (key: string, names: readonly string[]): NameSet => {
    const set = sets.get(key) ?? nameSet(names)
    sets.set(key, set)
    return set
  }
  const rules = outline.rules.flatMap((rule, index): LintRule[] => {
    const placed = merged.rules[index]
    const { models, operations } = rule
    const modelNames = models && named(JSON.stringify(rule.modelsWritten), models)
    const operationNames = operations && named(JSON.stringify(operations), operations)
    return placed ? [{ ...rule, placed, modelNames, operationNames }] : []
  })
  rules.sort((a, b) => conditionCount(a) - conditionCount(b) || compareCodePoints(a.id, b.id))
  return { merged, outline, rules, facts }
}

/** The definitions of a policy without problems: nothing is missing from them. */
function whole<Value>(definitions: Merged['roles' | 'workspaces' | 'models' | 'aliases']): ReadonlyMap<string, Value> {
  return new Map([...definitions].map(([name, { value }]) => [name, value as Value]))
}
