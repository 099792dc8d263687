import type {
  BodyShape,
  Decision,
  Explanation,
  HeadInput,
  PolicyInput,
  ShadowPolicy,
  UnreadDenial,
} from '../model/decision.ts'
import type { Obligations } from '../model/transforms.ts'
import { bodyShapes } from './body-shapes.ts'
import { compareCodePoints } from './code-points.ts'
import { decide, workspaceOf } from './decide.ts'
import { digestOf } from './digest.ts'
import { explain, type Names } from './explain.ts'
import type { KnownNames } from './known-names.ts'
import { compileMembership, type Held, positions } from './membership.ts'
import { type FileProblem, type Merged, mergeSources, type Placed, type PolicyText } from './merge.ts'
import { expandModels } from './model-sets.ts'
import { narrowed } from './narrowing.ts'
import { type OutlineParts, outlineWhenAsked, type PolicyOutline } from './outline.ts'
import { referenceProblems } from './references.ts'
import { type CompiledRule, compileRule, type NameSet, nameSet } from './rule.ts'
import { buildRuleSet, type RuleSet } from './rule-set.ts'
import type { RuleDocument, TestDocument, TransformDocument } from './schema.ts'
import { compileShadow } from './shadow.ts'
import { shownList } from './text-test.ts'
import { compileTransforms } from './transforms.ts'
import { deniedUnread } from './unread.ts'
import { warmingInputs } from './warm.ts'

/** A policy in force: immutable, and every question to it has an answer. */
export interface CompiledPolicy {
  /** `sha256:…` of the files that it was compiled from, in any order. */
  readonly digest: string
  /** Some rule has a condition on the upstream: then each candidate is decided by itself. */
  readonly speaksOfUpstream: boolean
  /** The bodies that the enforced rules tell apart, the plainest first. */
  readonly bodyShapes: readonly BodyShape[]
  /** By the enforced rules alone. */
  readonly decide: (input: PolicyInput) => Decision
  /**
   * The denial of a request by its head alone; null where a body could change it, or what the shadow rules would say. Not
   * for the hot path of requests that are allowed.
   */
  readonly deniedUnread: (head: HeadInput) => UnreadDenial | null
  /** The decision as if the rules in shadow mode were enforced, too; null where there are none. */
  readonly shadow: ShadowPolicy | null
  /** What is done to the body of a request that is allowed; null for nothing. */
  readonly obligations: (input: PolicyInput) => Obligations | null
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
interface PolicyTest {
  readonly file: string
  readonly test: TestDocument
}

interface PolicyCompilation {
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
  const parts = partsOf(merged)
  const { aliases, sets, rules } = parts
  const deciding = compileDeciding(parts)
  const { decide: decideInput, shadow, obligations } = deciding
  const enforced = rules.filter(({ mode }) => mode !== 'shadow')
  return {
    digest,
    speaksOfUpstream: speaksOfUpstream(enforced),
    bodyShapes: bodyShapes(enforced),
    ...deciding,
    warm: () => {
      const inputs = warmingInputs(rules, ({ models = [] }) => [...expandModels(models, sets)][0] ?? 'warm-up')
      for (const input of inputs) {
        decideInput(input)
        shadow?.decide(input)
        obligations(input)
      }
    },
    resolveModel: (name) => {
      const target = aliases.get(name)
      return target === undefined ? { model: name, alias: null } : { model: target, alias: name }
    },
    tests: merged.tests.map(({ file, value }) => ({ file, test: value as TestDocument })),
    outline: outlineWhenAsked(parts),
  }
}

type Deciding = Pick<CompiledPolicy, 'decide' | 'deniedUnread' | 'shadow' | 'obligations' | 'explain'>

/** What is asked about one request. A policy without shadow rules or transforms has nothing more to ask. */
function compileDeciding(parts: Parts): Deciding {
  const { roles, workspaces } = parts
  const workspaceAt = new Map([...workspaces.keys()].map((name, index) => [name, index]))
  const rules = compileRules(parts.rules, parts, workspaceAt)
  const heldBy = compileMembership(roles, workspaces)
  const names = namesOf(parts)
  const placed = (input: PolicyInput) => {
    const held = heldBy(input.principal)
    return { input, held, workspace: workspaceOf(held, input.project, workspaceAt) }
  }
  const decider = (set: RuleSet) => (input: PolicyInput) => {
    const held = heldBy(input.principal)
    const place = workspaceOf(held, input.project, workspaceAt)
    return narrowed(decide(set, input, held, place, names.workspaces), input)
  }
  const enforced = buildRuleSet(rules.filter(({ isShadow }) => !isShadow))
  const decideInput = decider(enforced)
  const hasShadow = rules.some(({ isShadow }) => isShadow)
  const all = hasShadow ? buildRuleSet(rules) : enforced
  const shadow = hasShadow ? compileShadow(rules, speaksOfUpstream(parts.rules), decider(all)) : null
  const unread = (set: RuleSet, head: HeadInput) => {
    const held = heldBy(head.principal)
    return deniedUnread(set, head, held, workspaceOf(held, head.project, workspaceAt), names.workspaces)
  }
  const obligationsOf = compileObligations(parts, workspaceAt)
  const obligations = obligationsOf === null ? () => null : (input: PolicyInput) => obligationsOf(placed(input))
  return {
    decide: decideInput,
    deniedUnread: (head) => {
      const decision = unread(enforced, head)
      const other = shadow === null ? decision : unread(all, head)
      if (decision === null || other === null) return null
      return { decision, shadow: shadow?.verdict(decision, other) ?? null }
    },
    shadow,
    obligations,
    explain: (input, shadowInput = input) => {
      const decision = decideInput(input)
      const verdict = shadow?.verdict(decision, shadow.decide(shadowInput)) ?? null
      const applied = decision.effect === 'allow' ? (obligations(input)?.names ?? []) : []
      return { ...explain(enforced, names, decision, placed(input)), shadow: verdict, obligations: applied }
    },
  }
}

interface Parts extends OutlineParts {
  /** Sorted by `id`. */
  readonly transforms: readonly TransformDocument[]
}

/** The parts of a policy without problems: nothing is missing from them. */
function partsOf({ roles, workspaces, aliases, models, rules, transforms }: Merged): Parts {
  return {
    roles: whole(roles),
    workspaces: whole(workspaces),
    aliases: whole(aliases),
    sets: whole(models),
    rules: sortedById(rules),
    transforms: sortedById(transforms),
  }
}

function namesOf({ roles, workspaces, rules }: Parts): Names {
  return {
    roles: [...roles.keys()],
    workspaces: [...workspaces.keys()],
    written: rules.map(({ models, operations }) => ({
      models: shownList(models ?? []),
      operations: shownList(operations ?? []),
    })),
  }
}

function speaksOfUpstream(rules: readonly RuleDocument[]): boolean {
  return rules.some(({ when }) => when?.region !== undefined || when?.upstream !== undefined)
}

function whole<Value>(definitions: ReadonlyMap<string, Placed<unknown>>): ReadonlyMap<string, Value> {
  return new Map([...definitions].map(([name, { value }]) => [name, value as Value]))
}

function sortedById<Document extends { readonly id: string }>(entries: readonly Placed<unknown>[]): Document[] {
  return entries.map(({ value }) => value as Document).sort((a, b) => compareCodePoints(a.id, b.id))
}

function compileRules(
  written: readonly RuleDocument[],
  { roles, sets }: Pick<Parts, 'roles' | 'sets'>,
  workspaceAt: ReadonlyMap<string, number>,
): CompiledRule[] {
  const roleAt = new Map([...roles.keys()].map((name, index) => [name, index]))
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

/** Null for a policy without transforms. A caller whose workspace is refused is allowed nothing that could be changed. */
function compileObligations(parts: Parts, workspaceAt: ReadonlyMap<string, number>) {
  const { transforms } = parts
  if (transforms.length === 0) return null
  const selectors = transforms.map(({ set: _, system: __, ...rest }): RuleDocument => ({ ...rest, effect: 'deny' }))
  const find = compileTransforms(transforms, compileRules(selectors, parts, workspaceAt))
  return ({ input, held, workspace }: { input: PolicyInput; held: Held; workspace: number | null }) =>
    workspace === null ? null : find({ input, held, workspace })
}
