import type { PolicyInput } from '../model/decision.ts'
import type { Match } from '../model/match.ts'
import { candidatesOf } from '../policy/lookup.ts'
import { type CompiledRule, modelMatch, rolesMatch, speaksOfOperation, workspaceMatch } from '../policy/rule.ts'
import { stepUp } from '../policy/step-up.ts'
import { both } from '../policy/three-valued.ts'
import type { AskablePolicy } from './askable.ts'
import { openWorld, type PartlyKnown, type World } from './open-world.ts'
import type { UnrecordedFact } from './recorded.ts'

/** A rule that would decide, but for facts that nobody recorded. */
export interface OpenRule {
  readonly rule: string
  readonly facts: readonly UnrecordedFact[]
}

/**
 * What can have come of a request of which some facts are unknown to us, though they were known to the proxy. `refused`:
 * not allowed for certain, but whether stronger authentication would have been asked for cannot be told.
 */
export type Possible =
  | { readonly effect: 'allow' | 'step_up'; readonly rule: string }
  | { readonly effect: 'deny'; readonly rule: string | null }
  | { readonly effect: 'refused'; readonly open: readonly OpenRule[] }
  | { readonly effect: 'open'; readonly open: readonly OpenRule[] }

/** No window of time that a policy can name falls between two of these steps: it is a minute at least. */
const ARRIVAL_STEP_MS = 59_000

const CONDITION_FACTS: ReadonlyMap<string, UnrecordedFact> = new Map([
  ['mfa', 'authentication'],
  ['acr', 'authentication'],
  ['claim', 'claims'],
  ['header', 'headers'],
  ['max_output_tokens', 'max_output_tokens'],
  ['tools', 'tools'],
  ['urls', 'hosts'],
  ['input', 'input'],
])

/**
 * Decides for all requests at once that the known facts fit: what is certain is so for each of them, and never the other
 * way round. Two open conditions are not looked at together, so that what is called open may be impossible.
 */
export function possibleOutcome(policy: AskablePolicy, request: PartlyKnown): Possible {
  const world = openWorld(policy, request)
  if (world.isLost) return { effect: 'deny', rule: null }
  const plain = sweep(policy, world, false)
  const { deny, allow } = plain
  if (deny.certain === null) {
    if (allow.certain !== null && deny.open.size === 0 && world.isPlaced) {
      return { effect: 'allow', rule: allow.certain.id }
    }
    if (allow.certain !== null || allow.open.size > 0) return { effect: 'open', open: openRules(world, plain) }
  }
  const refusal: Possible = { effect: 'deny', rule: deny.certain?.id ?? null }
  if (!policy.asksForStrength || !canSignInAgain(request.input)) return refusal
  const strong = sweep(policy, strengthened(world), true)
  if (strong.deny.certain !== null) return refusal
  if (strong.allow.certain !== null && strong.deny.open.size === 0 && world.isPlaced) {
    return { effect: 'step_up', rule: strong.allow.certain.id }
  }
  if (strong.allow.certain === null && strong.allow.open.size === 0) return refusal
  if (world.isPlaced && dependsOnChallengeAlone(world, strong)) {
    const asked = stepUp(policy.set, world)
    return asked === null ? refusal : { effect: 'step_up', rule: asked.rule }
  }
  return { effect: 'refused', open: openRules(world, strong) }
}

/** Everything is known, and what is open is only which of several challenges would be answered. */
function dependsOnChallengeAlone({ unrecorded }: World, { deny, allow }: Swept): boolean {
  const facts = [...deny.open.values(), ...allow.open.values()].flat()
  return !unrecorded.has('authentication') && facts.every((fact) => fact === 'authentication')
}

interface Found {
  /** The rule that decides for certain: of several, the lowest `id`. */
  certain: CompiledRule | null
  /** Those that may hold, and what that depends on. */
  readonly open: Map<CompiledRule, readonly UnrecordedFact[]>
}

interface Swept {
  readonly deny: Found
  readonly allow: Found
}

/** Asks every rule that may have a say. With `strengthens`, only allows that stronger authentication could open. */
function sweep({ set }: AskablePolicy, world: World, strengthens: boolean): Swept {
  const deny: Found = { certain: null, open: new Map() }
  const allow: Found = { certain: null, open: new Map() }
  candidatesOf(set.denies, world.input).visit(world.lookup, (rules) => {
    for (const rule of rules) note(deny, rule, world, (match) => match !== 'no', strengthens)
  })
  candidatesOf(set.allows, world.input).visit(world.lookup, (rules) => {
    for (const rule of rules) {
      if (strengthens && rule.strength === null) continue
      note(allow, rule, world, (match) => match === 'yes', strengthens)
    }
  })
  return { deny, allow }
}

function note(
  found: Found,
  rule: CompiledRule,
  world: World,
  counts: (match: Match) => boolean,
  strengthens: boolean,
): void {
  const { match, facts } = matchOf(rule, world, strengthens)
  if (!counts(match)) return
  if (facts.length > 0) found.open.set(rule, facts)
  else if (found.certain === null || rule.rank < found.certain.rank) found.certain = rule
}

/** How the rule matches if everything open in it is as it wants; `facts` is what that depends on. */
function matchOf(
  rule: CompiledRule,
  world: World,
  strengthens: boolean,
): { readonly match: Match; readonly facts: readonly UnrecordedFact[] } {
  const { input, held, workspace } = world
  const facts: UnrecordedFact[] = []
  if (!speaksOfOperation(rule, input.operation)) return { match: 'no', facts }
  let match: Match = modelMatch(rule, { input, held, workspace })
  if (!isHeld(rule, world)) {
    const open = rule.effect === 'allow' ? world.openRoles : world.openRolesOfDenies
    if (!rule.roles?.some((role) => open.has(role))) return { match: 'no', facts }
    facts.push(world.unrecorded.has('roles') ? 'roles' : 'claims')
  }
  if (rule.workspaces !== null && !world.isPlaced) facts.push('workspaces')
  else match = both(match, workspaceMatch(rule, { input, held, workspace }))
  for (const condition of rule.conditions) {
    if (strengthens && condition.name === 'acr') {
      // The challenge asks for what the allow wants; a deny on it depends on what is chosen of that.
      if (rule.effect === 'deny') facts.push('authentication')
      continue
    }
    const fact = openFact(condition, world, strengthens)
    if (fact === null) match = both(match, condition.test(input))
    else facts.push(fact)
    if (match === 'no') break
  }
  return { match, facts }
}

function isHeld(rule: CompiledRule, { input, held, workspace }: World): boolean {
  return rolesMatch(rule, { input, held, workspace }) === 'yes'
}

/** What the answer of a condition depends on that is not known; null where it is known. */
function openFact(
  { name, test }: CompiledRule['conditions'][number],
  { input, unrecorded, arrivedAfter }: World,
  strengthens: boolean,
): UnrecordedFact | null {
  const fact = CONDITION_FACTS.get(name)
  if (fact !== undefined && unrecorded.has(fact) && !(strengthens && fact === 'authentication')) return fact
  if (name !== 'time' && (name !== 'mfa' || strengthens)) return null
  const answer = test(input)
  for (let at = arrivedAfter; at < input.at; at += ARRIVAL_STEP_MS) {
    if (test({ ...input, at }) !== answer) return 'arrival'
  }
  return null
}

/** As it would be after a sign-in just now, with several factors. */
function strengthened(world: World): World {
  const { input } = world
  const principal = { ...input.principal, mfa: 'yes', authTime: input.at / 1000 } as const
  return { ...world, input: { ...input, principal } }
}

function canSignInAgain({ principal: { method, key } }: PolicyInput): boolean {
  return method !== 'api_key' && method !== 'mtls' && !(method === undefined && key !== null)
}

/** What keeps the outcome open: the denies that may apply, and the allows, unless one of these is certain. */
function openRules({ isPlaced }: World, { deny, allow }: Swept): OpenRule[] {
  const rules = [...deny.open, ...(allow.certain === null ? allow.open : [])]
  const sorted = rules.sort(([a], [b]) => a.rank - b.rank)
  if (sorted.length === 0 && !isPlaced && allow.certain !== null) {
    return [{ rule: allow.certain.id, facts: ['workspaces'] }]
  }
  return sorted.map(([{ id }, facts]) => ({ rule: id, facts: [...new Set(facts)] }))
}
