import { MODEL_OPERATIONS } from '../model/operations.ts'
import { isPattern } from '../model/pattern.ts'
import type { OutlineRule, PolicyOutline } from '../policy/outline.ts'
import { doOverlap } from '../policy/patterns.ts'
import { holdersOf, workspacesText } from './diff-holders.ts'
import { sameText } from './diff-same.ts'

/** What a rule speaks of. */
type Spot = Pick<OutlineRule, 'effect' | 'operations' | 'models'>

/** Pairs of rules that are looked at; where there would be more, no rule is left out. */
const MAX_PAIRS = 20_000_000

/**
 * Two policies without the rules that make no difference between them: those that both have in the same words, as far as
 * they speak of no operation and model of which a rule speaks that only one of them has. What the policies decide
 * differently, and what they decide there, stays the same. Without rules in shadow mode.
 */
export function touchedOutlines(before: PolicyOutline, after: PolicyOutline): readonly [PolicyOutline, PolicyOutline] {
  const [old, young] = [enforced(before), enforced(after)]
  // Who is in several workspaces is refused, whatever the rules are.
  if (workspacesText(before) !== workspacesText(after)) return [old, young]
  const known = [new Set(old.rules.map(contentOf)), new Set(young.rules.map(contentOf))]
  const isHeldAlike = heldAlike(before, after)
  const isChanged = (rule: OutlineRule) =>
    known.some((contents) => !contents.has(contentOf(rule))) || !(rule.roles ?? []).every(isHeldAlike)
  const spots = distinct([
    ...[...old.rules, ...young.rules].filter(isChanged),
    ...aliasSpots(before.aliases, after.aliases),
  ])
  if (spots.length * (old.rules.length + young.rules.length) > MAX_PAIRS) return [old, young]
  const reduced = (outline: PolicyOutline): PolicyOutline => {
    const seen = new Set<string>()
    const rules = outline.rules.flatMap((rule) => {
      if (isChanged(rule)) return [rule]
      const kept = touchedPart(rule, spots)
      const content = kept && contentOf(kept)
      if (kept === null || content === null || seen.has(content)) return []
      seen.add(content)
      return [kept]
    })
    return { ...outline, rules }
  }
  return [reduced(old), reduced(young)]
}

function enforced(outline: PolicyOutline): PolicyOutline {
  return { ...outline, rules: outline.rules.filter(({ mode }) => mode === 'enforce') }
}

const contents = new WeakMap<OutlineRule, string>()

/** Equal for rules that say the same under any name, for any reason. */
function contentOf(rule: OutlineRule): string {
  const { effect, roles, workspaces, models, operations, when, hasNoUrls } = rule
  const content = contents.get(rule) ?? sameText([{ effect, roles, workspaces, models, operations, when, hasNoUrls }])
  contents.set(rule, content)
  return content
}

function heldAlike(before: PolicyOutline, after: PolicyOutline): (role: string) => boolean {
  const [old, young] = [holdersOf(before), holdersOf(after)]
  return (role) => {
    const [own, others] = [old.get(role), young.get(role)]
    return own !== undefined && others !== undefined && own.size === others.size && own.isSubsetOf(others)
  }
}

/** A name that stands for two models is decided by the rules for both of them. */
function aliasSpots(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Spot[] {
  return [...before.keys(), ...after.keys()].flatMap((name) => {
    const models = [before.get(name) ?? name, after.get(name) ?? name]
    return models[0] === models[1] ? [] : [{ effect: 'allow' as const, operations: null, models }]
  })
}

function distinct(spots: readonly Spot[]): Spot[] {
  return [
    ...new Map(
      spots.map(({ effect, operations, models }) => {
        const spot = { effect, operations, models }
        return [JSON.stringify(spot), spot]
      }),
    ).values(),
  ]
}

/** The rule; or, where only requests without a model that is known are common to both, as far as it speaks of these. */
function touchedPart(rule: OutlineRule, spots: readonly Spot[]): OutlineRule | null {
  const near = spots.filter(({ operations }) => mayMeet(rule.operations, operations))
  if (near.some(({ models }) => mayMeet(rule.models, models))) return rule
  const isUnnamed = near.some(
    (spot) => (rule.effect === 'deny' && spot.effect === 'deny') || (mayBeModelless(rule) && mayBeModelless(spot)),
  )
  return isUnnamed ? { ...rule, models: [] } : null
}

/** Some operation that it names could be one without a model. */
function mayBeModelless({ operations }: Spot): boolean {
  return operations?.some((one) => isPattern(one) || !MODEL_OPERATIONS.includes(one)) ?? false
}

type Names = readonly string[] | null

/** Says no only where no name is of both. */
function mayMeet(one: Names, other: Names): boolean {
  if (one === null || other === null) return true
  return one.some((a) => other.some((b) => doOverlap(a, b)))
}
