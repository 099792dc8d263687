import type { Decision, Explanation, PolicyInput, ShadowPolicy } from '../model/decision.ts'
import { compareCodePoints } from './code-points.ts'
import { decide, workspaceOf } from './decide.ts'
import { digestOf } from './digest.ts'
import { explain, type Names } from './explain.ts'
import type { KnownNames } from './known-names.ts'
import { compileMembership, positions } from './membership.ts'
import { type FileProblem, type Merged, mergeSources, type Placed, type PolicyText } from './merge.ts'
import { expandModels } from './model-sets.ts'
import { outlineWhenAsked, type PolicyOutline } from './outline.ts'
import { referenceProblems } from './references.ts'
import { type CompiledRule, compileRule, type NameSet, nameSet } from './rule.ts'
import { buildRuleSet, type RuleSet } from './rule-set.ts'
import type { RoleDocument, RuleDocument, TestDocument, WorkspaceDocument } from './schema.ts'
import { compileShadow } from './shadow.ts'
import { shownList } from './text-test.ts'
import { warmingInputs } from './warm.ts'

/** A policy in force: immutable, and every question to it has an answer. */
export interface CompiledPolicy {
  /** `sha256:…` of the files that it was compiled from, in any order. */
  readonly digest: string
  /** Some rule has a condition on the upstream: then each candidate is decided by itself. */
  readonly speaksOfUpstream: boolean
  /** By the enforced rules alone. */
  readonly decide: (input: PolicyInput) => Decision
  /** The decision as if the rules in shadow mode were enforced, too; null where there are none. */
  readonly shadow: ShadowPolicy | null
  /** `shadowInput`: where the shadow rules would have another upstream serve the request; else the input itself. */
  readonly explain: (input: PolicyInput, shadowInput?: PolicyInput) => Explanation
  /** Decides a few requests that nobody made, so that the first real one does not wait for cold code. Changes nothing. */
  readonly warm: () => void
  readonly resolveModel: (name: string) => { readonly model: string; readonly alias: string | null }
  readonly tests: readonly PolicyTest[]
  /** What is in force, in the words of the files: for questions about the policy, never for a decision. */
  readonly outline: () => PolicyOutline
}

/** One entry of `tests` and the file that it stands in. */
export interface PolicyTest {
  readonly file: string
  readonly test: TestDocument
}

export interface PolicyCompilation {
  readonly policy: CompiledPolicy | null
  readonly problems: readonly FileProblem[]
}

/**
 * Compiles the files of one policy, in any order, against the names of a config. Answers every problem at once and
 * never throws; `policy` is null when an error is among them.
 */
export function compilePolicy(sources: readonly PolicyText[], known: KnownNames): PolicyCompilation {
  const { merged, problems } = mergeSources(sources)
  const all = [...problems, ...referenceProblems(merged, known)]
  if (all.some(({ severity }) => severity === 'error')) return { policy: null, problems: all }
  return { policy: compileMerged(merged, digestOf(sources.map(({ digest }) => digest))), problems: all }
}

function compileMerged(merged: Merged, digest: string): CompiledPolicy {
  const roles = whole<RoleDocument>(merged.roles)
  const workspaces = whole<WorkspaceDocument>(merged.workspaces)
  const aliases = whole<string>(merged.aliases)
  const sets = whole<readonly string[]>(merged.models)
  const workspaceAt = new Map([...workspaces.keys()].map((name, index) => [name, index]))
  const written = sortedRules(merged.rules)
  const rules = compileRules(written, merged, [...roles.keys()], workspaceAt)
  const heldBy = compileMembership(roles, workspaces)
  const names = namesOf(roles, workspaces, written)
  const decider = (set: RuleSet) => (input: PolicyInput) => {
    const held = heldBy(input.principal)
    return decide(set, input, held, workspaceOf(held, input.project, workspaceAt), names.workspaces)
  }
  const enforced = buildRuleSet(rules.filter(({ isShadow }) => !isShadow))
  const decideInput = decider(enforced)
  const hasShadow = rules.some(({ isShadow }) => isShadow)
  const shadow = hasShadow ? compileShadow(rules, speaksOfUpstream(written), decider(buildRuleSet(rules))) : null
  return {
    digest,
    speaksOfUpstream: speaksOfUpstream(written.filter(({ mode }) => mode !== 'shadow')),
    decide: decideInput,
    shadow,
    explain: (input, shadowInput = input) => {
      const held = heldBy(input.principal)
      const workspace = workspaceOf(held, input.project, workspaceAt)
      const decision = decideInput(input)
      const verdict = shadow?.verdict(decision, shadow.decide(shadowInput)) ?? null
      return { ...explain(enforced, names, decision, { input, held, workspace }), shadow: verdict }
    },
    warm: () => {
      const inputs = warmingInputs(written, ({ models = [] }) => [...expandModels(models, sets)][0] ?? 'warm-up')
      for (const input of inputs) decideInput(input)
      if (shadow) for (const input of inputs) shadow.decide(input)
    },
    resolveModel: (name) => {
      const target = aliases.get(name)
      return target === undefined ? { model: name, alias: null } : { model: target, alias: name }
    },
    tests: merged.tests.map(({ file, value }) => ({ file, test: value as TestDocument })),
    outline: outlineWhenAsked({ roles, workspaces, aliases, sets, rules: written }),
  }
}

function namesOf(
  roles: ReadonlyMap<string, RoleDocument>,
  workspaces: ReadonlyMap<string, WorkspaceDocument>,
  written: readonly RuleDocument[],
): Names {
  return {
    roles: [...roles.keys()],
    workspaces: [...workspaces.keys()],
    written: written.map(({ models, operations }) => ({
      models: shownList(models ?? []),
      operations: shownList(operations ?? []),
    })),
  }
}

function speaksOfUpstream(rules: readonly RuleDocument[]): boolean {
  return rules.some(({ when }) => when?.region !== undefined || when?.upstream !== undefined)
}

/** The definitions of a policy without problems: nothing is missing from them. */
function whole<Value>(definitions: ReadonlyMap<string, Placed<unknown>>): ReadonlyMap<string, Value> {
  return new Map([...definitions].map(([name, { value }]) => [name, value as Value]))
}

function sortedRules(rules: Merged['rules']): RuleDocument[] {
  return rules.map(({ value }) => value as RuleDocument).sort((a, b) => compareCodePoints(a.id, b.id))
}

function compileRules(
  written: readonly RuleDocument[],
  merged: Merged,
  roleNames: readonly string[],
  workspaceAt: ReadonlyMap<string, number>,
): CompiledRule[] {
  const roleAt = new Map(roleNames.map((name, index) => [name, index]))
  const sets = whole<readonly string[]>(merged.models)
  const known = new Map<string, NameSet>()
  const models = (list: readonly string[]): NameSet => {
    const key = JSON.stringify(list)
    const set = known.get(key) ?? nameSet(expandModels(list, sets))
    known.set(key, set)
    return set
  }
  return written.map((rule, rank) =>
    compileRule(rule, {
      rank,
      roles: rule.roles ? positions(rule.roles, roleAt) : null,
      workspaces: rule.workspaces ? positions(rule.workspaces, workspaceAt) : null,
      models: rule.models ? models(rule.models) : null,
    }),
  )
}
