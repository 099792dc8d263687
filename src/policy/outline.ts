import { expandModels } from './model-sets.ts'
import { OF_BODIES } from './rule.ts'
import type {
  MemberDocument,
  RoleDocument,
  RuleDocument,
  TransformDocument,
  WhenDocument,
  WorkspaceDocument,
} from './schema.ts'

/** A policy as it is in force, in the words of its files: all files joined, sets expanded. For analysis, not to decide. */
export interface PolicyOutline {
  readonly roles: ReadonlyMap<string, OutlineRole>
  readonly workspaces: ReadonlyMap<string, OutlineWorkspace>
  /** What clients may call a model, and the model. */
  readonly aliases: ReadonlyMap<string, string>
  /** Each named set, without the `@`: its plain names and patterns, those of the sets in it among them. */
  readonly sets: ReadonlyMap<string, readonly string[]>
  /** By `id`, code point by code point: of several that match, the first decides. */
  readonly rules: readonly OutlineRule[]
  /** By `id`, code point by code point: they apply in this order. */
  readonly transforms: readonly OutlineTransform[]
}

export interface OutlineRole {
  /** Any of them gives the role; without one, only an API key or a user of the store that carries it has it. */
  readonly members: readonly MemberDocument[]
  readonly includes: readonly string[]
  /** All that its holder holds: itself, and what it includes, directly and by way of others. */
  readonly holds: readonly string[]
}

export interface OutlineWorkspace {
  readonly members: readonly MemberDocument[]
  readonly labels: { readonly [name: string]: string }
}

/** One rule. A selector that is null matches everything. */
export interface OutlineRule {
  readonly id: string
  readonly effect: 'allow' | 'deny'
  /** Only an enforced rule decides. */
  readonly mode: 'enforce' | 'shadow'
  readonly roles: readonly string[] | null
  readonly workspaces: readonly string[] | null
  /** Plain names and patterns, those of sets among them. */
  readonly models: readonly string[] | null
  /** As the rule says it: with `@sets`. */
  readonly modelsWritten: readonly string[] | null
  readonly operations: readonly string[] | null
  /** What is in force: an allow that names no hosts has `urls: []`. */
  readonly when: WhenDocument
  /** The rule says nothing of hosts: its `urls: []` speaks of what a request itself names, not of what is stored. */
  readonly hasNoUrls?: true
  readonly reason: string | null
}

/** What is done to requests that are allowed. A selector that is null matches everything. */
export interface OutlineTransform {
  readonly id: string
  readonly roles: readonly string[] | null
  readonly workspaces: readonly string[] | null
  /** Plain names and patterns, those of sets among them. */
  readonly models: readonly string[] | null
  readonly operations: readonly string[] | null
  /** Empty where it sets nothing. */
  readonly set: NonNullable<TransformDocument['set']>
  readonly prepend: string | null
}

/** The parts of a policy without problems. */
export interface OutlineParts {
  readonly roles: ReadonlyMap<string, RoleDocument>
  readonly workspaces: ReadonlyMap<string, WorkspaceDocument>
  readonly aliases: ReadonlyMap<string, string>
  readonly sets: ReadonlyMap<string, readonly string[]>
  /** Sorted by `id`. */
  readonly rules: readonly RuleDocument[]
  /** Sorted by `id`. Left out by who asks about access only. */
  readonly transforms?: readonly TransformDocument[]
}

/** Answers the outline, made when it is asked for first: nothing of it is needed to decide. */
export function outlineWhenAsked(parts: OutlineParts): () => PolicyOutline {
  let made: PolicyOutline | null = null
  return () => {
    made ??= outlineOf(parts)
    return made
  }
}

function outlineOf({ roles, workspaces, aliases, sets, rules, transforms = [] }: OutlineParts): PolicyOutline {
  return {
    roles: new Map([...roles].map(([name, role]) => [name, outlineRole(name, role, roles)])),
    workspaces: new Map(
      [...workspaces].map(([name, { members, labels }]) => [name, { members: members ?? [], labels: labels ?? {} }]),
    ),
    aliases,
    sets: new Map([...sets].map(([name, list]) => [name, [...expandModels(list, sets)]])),
    rules: rules.map((rule) => outlineRule(rule, sets)),
    transforms: transforms.map((transform) => outlineTransform(transform, sets)),
  }
}

function outlineRole(
  name: string,
  { members, includes }: RoleDocument,
  roles: ReadonlyMap<string, RoleDocument>,
): OutlineRole {
  const holds = new Set([name])
  // A set's iteration reaches what is added on the way, so that includes of includes are found.
  for (const held of holds) for (const included of roles.get(held)?.includes ?? []) holds.add(included)
  return { members: members ?? [], includes: includes ?? [], holds: [...holds] }
}

function outlineRule(rule: RuleDocument, sets: ReadonlyMap<string, readonly string[]>): OutlineRule {
  const { id, effect, mode, roles, workspaces, models, operations, when, reason } = rule
  return {
    id,
    effect,
    mode: mode ?? 'enforce',
    roles: roles ?? null,
    workspaces: workspaces ?? null,
    models: models ? [...expandModels(models, sets)] : null,
    modelsWritten: models ?? null,
    operations: operations ?? null,
    when: effect === 'allow' ? { ...when, urls: when?.urls ?? [] } : { ...when },
    ...(effect === 'allow' && when?.urls === undefined && { hasNoUrls: true }),
    reason: reason ?? null,
  }
}

function outlineTransform(
  { id, roles, workspaces, models, operations, set, system }: TransformDocument,
  sets: ReadonlyMap<string, readonly string[]>,
): OutlineTransform {
  return {
    id,
    roles: roles ?? null,
    workspaces: workspaces ?? null,
    models: models ? [...expandModels(models, sets)] : null,
    operations: operations ?? null,
    set: set ?? {},
    prepend: system?.prepend ?? null,
  }
}

/** Whether the rule asks for anything of a body: of one that nobody inspects, that cannot be told. */
export function asksOfBodies({ when, hasNoUrls }: OutlineRule): boolean {
  return Object.keys(when).some((name) => OF_BODIES.has(name) && !(name === 'urls' && hasNoUrls))
}
