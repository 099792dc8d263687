import type { OutlineRule, PolicyOutline } from '../policy/outline.ts'
import { OF_BODIES } from '../policy/rule.ts'
import { encodeConditions } from './diff-conditions.ts'
import { encodeHolding, type Holding } from './diff-holding.ts'
import type { Three } from './space.ts'
import type { FactSpace } from './space-facts.ts'
import { type Formula, TRUE } from './space-formula.ts'

/** A rule as formulas, without its operations and models. */
export interface EncodedRule {
  readonly rule: OutlineRule
  /** An allow holds; a deny applies. */
  readonly fires: Formula
  /** The same once the caller has shown several factors just now: with this `acr`, or with the one it has (null). */
  readonly firesFor: (acr: string | null) => Formula
  /** What stronger authentication could show for it; null for a rule that asks for nothing of the kind. */
  readonly acrs: readonly string[] | null
  /** The same where nobody reads the body, so that no condition on it is *no*; null where it asks nothing of bodies. */
  readonly unread: EncodedRule | null
  /** The same for a request that goes on with something stored, whatever it says; null where that makes no difference. */
  readonly stored: EncodedRule | null
}

export interface EncodedPolicy {
  readonly outline: PolicyOutline
  readonly holding: Holding
  readonly rules: readonly EncodedRule[]
  /** The credential can be had again with stronger authentication. */
  readonly canStepUp: Formula
  readonly facts: FactSpace
}

export function encodePolicy(outline: PolicyOutline, facts: FactSpace): EncodedPolicy {
  const holding = encodeHolding(outline, facts)
  const { formulas } = facts.space
  const { method, key } = facts
  return {
    outline,
    holding,
    rules: outline.rules.filter(({ mode }) => mode === 'enforce').map((rule) => encodeBoth(rule, holding, facts)),
    canStepUp: formulas.all([
      method.is((value) => value !== 'api_key' && value !== 'mtls'),
      formulas.any([method.is((value) => value !== undefined), key.is((value) => value === null)]),
    ]),
    facts,
  }
}

function encodeBoth(rule: OutlineRule, holding: Holding, facts: FactSpace): EncodedRule {
  const conditions = encodeConditions(rule, facts)
  const others = new Map([...conditions].filter(([name]) => !OF_BODIES.has(name)))
  if (others.size === conditions.size) return encodeRule(rule, conditions, holding, facts)
  const stored = encodeConditions(rule, { ...facts, isStored: TRUE })
  return {
    ...encodeRule(rule, conditions, holding, facts),
    stored: areEqual(conditions, stored) ? null : encodeRule(rule, stored, holding, facts),
    // An allow that asks for something of a body speaks of nothing that is not read.
    unread: rule.effect === 'allow' ? null : encodeRule(rule, others, holding, facts),
  }
}

/** Equal formulas are one number. */
function areEqual(some: ReadonlyMap<string, Three>, others: ReadonlyMap<string, Three>): boolean {
  return [...some].every(([name, { yes, notNo }]) => {
    const other = others.get(name)
    return other?.yes === yes && other.notNo === notNo
  })
}

function encodeRule(
  rule: OutlineRule,
  conditions: ReadonlyMap<string, Three>,
  holding: Holding,
  { space, acr: choice }: FactSpace,
): EncodedRule {
  const counts = rule.effect === 'allow' ? ({ yes }: Three) => yes : ({ notNo }: Three) => notNo
  const { formulas } = space
  const selected = [
    ...(rule.roles ? [counts(space.either(rule.roles.map(holding.role)))] : []),
    ...(rule.workspaces ? [counts(space.either(rule.workspaces.map(holding.workspace)))] : []),
  ]
  const among = (isMeant: (name: string) => boolean) =>
    [...conditions].filter(([name]) => isMeant(name)).map(([, three]) => counts(three))
  const base = formulas.all([...selected, ...among((name) => name !== 'mfa' && name !== 'acr')])
  const { mfa, acr } = rule.when
  return {
    rule,
    fires: formulas.all([base, ...among((name) => name === 'mfa' || name === 'acr')]),
    firesFor: (shown) => {
      if (acr === undefined) return base
      const isShown = shown === null ? counts(choice.match((value) => accepts(acr, value))) : undefined
      return formulas.all([base, isShown ?? (acr.includes(shown ?? '') ? TRUE : formulas.not(TRUE))])
    },
    acrs: mfa === undefined && acr === undefined ? null : (acr ?? []),
    unread: null,
    stored: null,
  }
}

function accepts(acr: readonly string[], value: string | undefined) {
  if (value === undefined) return 'unknown'
  return acr.includes(value) ? 'yes' : 'no'
}

/** What is allowed, and what is answered with a step-up (where it is not allowed), by the rules that speak of a request. */
export interface Effects {
  readonly allowed: Formula
  readonly steppedUp: Formula
}

export function effectsOf({ holding, canStepUp, facts }: EncodedPolicy, speaking: readonly EncodedRule[]): Effects {
  const { formulas } = facts.space
  const allows = speaking.filter(({ rule }) => rule.effect === 'allow')
  const denies = speaking.filter(({ rule }) => rule.effect === 'deny')
  const denied = formulas.any(denies.map(({ fires }) => fires))
  const undeniedFor = new Map<string | null, Formula>()
  const undenied = (acr: string | null) => {
    const known = undeniedFor.get(acr) ?? formulas.not(formulas.any(denies.map(({ firesFor }) => firesFor(acr))))
    undeniedFor.set(acr, known)
    return known
  }
  const stronger = allows.flatMap(({ acrs, firesFor }) => {
    if (acrs === null) return []
    if (acrs.length === 0) return [formulas.all([firesFor(null), undenied(null)])]
    return acrs.map((acr) => formulas.all([firesFor(acr), undenied(acr)]))
  })
  return {
    allowed: formulas.all([
      holding.hasOneWorkspace,
      formulas.not(denied),
      formulas.any(allows.map(({ fires }) => fires)),
    ]),
    steppedUp: formulas.all([holding.hasOneWorkspace, canStepUp, formulas.any(stronger)]),
  }
}

/** That a request is decided more openly under `after`: denied before, stepped up after, and so on. */
export function opening({ space }: FactSpace, before: Effects, after: Effects): Formula {
  const { formulas } = space
  return formulas.all([
    formulas.not(before.allowed),
    formulas.any([after.allowed, formulas.all([after.steppedUp, formulas.not(before.steppedUp)])]),
  ])
}
