import type { PolicyInput, RuleId } from '../model/decision.ts'
import type { Match } from '../model/match.ts'
import { isUninspected } from '../model/operations.ts'
import { compilePattern, isPattern } from '../model/pattern.ts'
import { durationMs } from '../model/units.ts'
import { CANNOT_TELL } from './conditions/condition.ts'
import { CONDITIONS } from './conditions/index.ts'
import { type Facet, facetOf } from './facets.ts'
import type { Held } from './membership.ts'
import type { RuleDocument } from './schema.ts'
import { both } from './three-valued.ts'

/** What a decision looks at: the request, and what its principal holds. `workspace` is -1 where there is none. */
export interface Facts {
  readonly input: PolicyInput
  readonly held: Held
  readonly workspace: number
}

export interface NameSet {
  readonly exact: ReadonlySet<string>
  /** `head` stands before the first star, `tail` behind the last. */
  readonly patterns: readonly {
    readonly written: string
    readonly head: string
    readonly tail: string
    readonly test: (name: string) => boolean
  }[]
}

interface CompiledCondition {
  readonly name: string
  /** What was written: conditions of one name and key are the same. */
  readonly key: string
  /** How rules are found by it, where they can be. */
  readonly facet: Facet | null
  readonly want: string
  readonly test: (input: PolicyInput) => Match
  readonly got: (input: PolicyInput) => string
}

/** One rule, ready to be asked. A selector that is null matches everything. */
export interface CompiledRule {
  /** Its place among all rules by `id`, code point by code point: of several that match, the lowest decides. */
  readonly rank: number
  readonly id: RuleId
  readonly effect: 'allow' | 'deny'
  /** It is in shadow mode: decided and audited, not applied. */
  readonly isShadow: boolean
  readonly roles: readonly number[] | null
  readonly workspaces: readonly number[] | null
  readonly models: NameSet | null
  readonly operations: NameSet | null
  readonly conditions: readonly CompiledCondition[]
  /** What stronger authentication could show for it; null when it asks for nothing of the kind. */
  readonly strength: { readonly acr: readonly string[]; readonly maxAgeSeconds: number | null } | null
}

interface RuleSelectors {
  readonly rank: number
  readonly roles: readonly number[] | null
  readonly workspaces: readonly number[] | null
  readonly models: NameSet | null
}

export function compileRule(written: RuleDocument, selectors: RuleSelectors): CompiledRule {
  const when: { readonly [name: string]: unknown } = written.when ?? {}
  const conditions = Object.values(CONDITIONS).flatMap(({ name }) => {
    const value = when[name]
    if (value !== undefined) return [compileCondition(name, value)]
    return name === 'urls' && written.effect === 'allow' ? [noHosts] : []
  })
  const { mfa, acr } = written.when ?? {}
  const maxAge = typeof mfa === 'object' ? Math.floor(durationMs(mfa.max_age) / 1000) : null
  return {
    ...selectors,
    id: written.id as RuleId,
    effect: written.effect,
    isShadow: written.mode === 'shadow',
    operations: written.operations ? nameSet(written.operations) : null,
    conditions,
    strength: mfa === undefined && acr === undefined ? null : { acr: acr ?? [], maxAgeSeconds: maxAge },
  }
}

type AnyCondition = {
  readonly compile: (written: unknown) => (input: PolicyInput) => Match
  readonly want: (written: unknown) => string
  readonly got: (input: PolicyInput, written: unknown) => string
}

function compileCondition(name: keyof typeof CONDITIONS, written: unknown): CompiledCondition {
  // The schema has checked that the value is of this condition's type.
  const condition = CONDITIONS[name] as unknown as AnyCondition
  const test = condition.compile(written)
  const isOfBody = OF_BODIES.has(name)
  return {
    name,
    key: JSON.stringify(written),
    facet: facetOf(name, written),
    want: condition.want(written),
    test: isOfBody ? (input) => (isUninspected(input.operation) ? 'unknown' : test(input)) : test,
    got: (input) => (isOfBody && isUninspected(input.operation) ? CANNOT_TELL : condition.got(input, written)),
  }
}

/** Conditions on what stands in a body: where nobody reads it, they cannot be told. */
export const OF_BODIES: ReadonlySet<string> = new Set(['tools', 'urls', 'input', 'stream', 'max_output_tokens'])

const noUrls = compileCondition('urls', [])

/**
 * An allow grants no host in a URL unless it says so. It speaks of what the request itself names: one that says nothing of
 * hosts is not meant to keep callers from going on with what they have stored.
 */
const noHosts: CompiledCondition = {
  ...noUrls,
  key: 'none of its own',
  test: (input) => (input.urls.length === 0 ? 'yes' : 'no'),
}

export function nameSet(names: Iterable<string>): NameSet {
  const all = [...new Set(names)]
  return {
    exact: new Set(all.filter((name) => !isPattern(name))),
    patterns: all.filter(isPattern).map((written) => ({
      written,
      head: written.slice(0, written.indexOf('*')),
      tail: written.slice(written.lastIndexOf('*') + 1),
      test: compilePattern(written),
    })),
  }
}

export function hasName({ exact, patterns }: NameSet, name: string): boolean {
  return exact.has(name) || patterns.some(({ test }) => test(name))
}

/** Whether the rule speaks of the request at all, before its conditions. */
export function selectorsMatch(rule: CompiledRule, facts: Facts): Match {
  if (!speaksOfOperation(rule, facts.input.operation)) return 'no'
  const roles = rolesMatch(rule, facts)
  if (roles === 'no') return 'no'
  const workspace = workspaceMatch(rule, facts)
  if (workspace === 'no') return 'no'
  return both(both(roles, workspace), modelMatch(rule, facts))
}

/** What nobody inspects is granted only by a rule that has `operations`: not by one that was written about all others. */
export function speaksOfOperation(
  { effect, operations }: Pick<CompiledRule, 'effect' | 'operations'>,
  operation: string,
): boolean {
  if (operations === null) return effect === 'deny' || !isUninspected(operation)
  return hasName(operations, operation)
}

export function rolesMatch({ roles }: CompiledRule, { held }: Facts): Match {
  if (roles === null || roles.some((role) => held.roles.has(role))) return 'yes'
  return roles.some((role) => held.maybeRoles.has(role)) ? 'unknown' : 'no'
}

export function workspaceMatch({ workspaces }: CompiledRule, { held, workspace }: Facts): Match {
  if (workspaces === null || workspaces.includes(workspace)) return 'yes'
  return workspaces.some((one) => held.maybeWorkspaces.includes(one)) ? 'unknown' : 'no'
}

/** An operation without a model is matched by a rule on models only where `operations` names it. */
export function modelMatch({ models, operations }: CompiledRule, { input: { model } }: Facts): Match {
  if (models === null) return 'yes'
  if (model === undefined) return 'unknown'
  if (model === null) return operations === null ? 'no' : 'yes'
  return hasName(models, model) ? 'yes' : 'no'
}

function conditionsMatch({ conditions }: CompiledRule, input: PolicyInput): Match {
  let match: Match = 'yes'
  for (const { test } of conditions) {
    match = both(match, test(input))
    if (match === 'no') return 'no'
  }
  return match
}

export function ruleMatch(rule: CompiledRule, facts: Facts): Match {
  const selected = selectorsMatch(rule, facts)
  return selected === 'no' ? 'no' : both(selected, conditionsMatch(rule, facts.input))
}
