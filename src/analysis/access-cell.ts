import { isUninspected, STORED_OPERATIONS } from '../model/operations.ts'
import { compareCodePoints } from '../policy/code-points.ts'
import { asksOfBodies, type OutlineRule } from '../policy/outline.ts'
import { OF_BODIES } from '../policy/rule.ts'
import { type FindFacts, factFinder, type HeldRoles, type Situation } from './access-facts.ts'
import { isWithin, type OpenRule, remainder } from './access-region.ts'
import {
  type AnalysedOperation,
  type AnalysedPolicy,
  covers,
  type ModelTarget,
  overlaps,
  serving,
  speaksOf,
} from './access-universe.ts'
import { type CarriedRoles, carriedRoles, isForCarriers } from './carried-roles.ts'
import { namesAndPatterns, type Part, part, partsOf } from './parts.ts'
import { clauses, needs } from './words.ts'

/** A condition in words. `condition` is its key in a rule: `mfa`, `network`, `workspaces`, `models`, `roles`, … */
export interface WordedCondition {
  readonly condition: string
  readonly text: string
}

/** One way in which something is allowed: by a rule, under what is left of its conditions, save what denies take away. */
export interface Way {
  readonly rule: string
  /** Other rules that allow no more than this way. */
  readonly also: readonly string[]
  /** The rule is for everybody. */
  readonly everybody: boolean
  /** The roles by which the rule is for the caller, where they are not the one that was asked about. */
  readonly through: readonly string[]
  readonly conditions: readonly WordedCondition[]
  /** Each takes away what all of its conditions say. */
  readonly unless: readonly { readonly rule: string; readonly conditions: readonly WordedCondition[] }[]
  /** Whoever lacks only the named authentication is asked to sign in again. */
  readonly step_up: boolean
}

/** What somebody may do with one operation and some models: nothing, where there are no ways. */
export interface Cell {
  readonly ways: readonly Way[]
  /** Allows that denies take away altogether. */
  readonly removed: readonly { readonly rule: string; readonly by: readonly string[] }[]
}

/** Who is asked about: what it holds, and what else is known of it. */
export interface Subject extends Pick<Situation, 'roles' | 'workspaces' | 'told'> {
  /** The role that was asked about, which is no detour. */
  readonly role: string | null
  readonly carried: CarriedRoles
}

/** A role and nothing else; null is a caller without any. */
export function roleSubject({ outline }: AnalysedPolicy, role: string | null): Subject {
  const certain = new Set(role === null ? [] : (outline.roles.get(role)?.holds ?? [role]))
  const roles: HeldRoles = { certain, possible: new Map(), mayHoldOthers: true }
  const workspaces = [null, ...outline.workspaces.keys()]
  return { role, roles, workspaces, told: () => null, carried: carriedRoles(outline) }
}

/** What the rules say of one operation and some models, for whoever asks. */
export interface Field {
  readonly allows: readonly FieldRule[]
  readonly denies: readonly FieldRule[]
  readonly situation: Pick<Situation, 'upstreams' | 'models' | 'at'>
}

interface FieldRule extends OpenRule {
  readonly roles: readonly string[] | null
}

/** The rules in force that speak of the operation and of one of the models, with the parts that are still open. */
export function fieldOf(policy: AnalysedPolicy, operation: AnalysedOperation, target: ModelTarget): Field {
  const upstreams = serving(policy, target, [operation])
  const open = policy.outline.rules.flatMap((rule) => fieldRule(rule, operation, target))
  return {
    allows: open.filter(({ effect }) => effect === 'allow'),
    denies: open.filter(({ effect }) => effect === 'deny'),
    situation: {
      upstreams: upstreams.length > 0 ? upstreams : [undefined],
      models: target.kind === 'texts' ? target.texts : null,
      at: policy.at,
    },
  }
}

function fieldRule(
  rule: OutlineRule,
  operation: AnalysedOperation,
  target: ModelTarget,
): (FieldRule & Pick<OutlineRule, 'effect'>)[] {
  const { id, effect, mode, roles, operations } = rule
  if (mode !== 'enforce' || !speaksOf(rule, operation)) return []
  const written = partsOf(rule)
  const models = written.find(isOfModels)
  // An operation without a model is spoken of by a rule on models only where the rule names the operation.
  // What nobody inspects could be of any model: a deny on models applies to it, and an allow on models never holds.
  const isAboutNone = isUninspected(operation.asked) ? effect === 'deny' : operations !== null
  const isAbout = !models || (target.kind === 'none' ? isAboutNone : isOfTarget(models, target))
  if (!isAbout) return []
  const isUnread = isUninspected(operation.asked)
  if (isUnread && effect === 'allow' && asksOfBodies(rule)) return []
  const isStored = STORED_OPERATIONS.includes(operation.asked)
  if (isStored && effect === 'allow' && written.some((one) => isUntoldOfStored(one, rule))) return []
  // What is never *no* keeps no deny from applying.
  const isNeverNo = (one: Part) => isStored && effect === 'deny' && mayBeStored(one)
  const told = written.filter((one) => !(isUnread && OF_BODIES.has(one.condition)) && !isNeverNo(one))
  const parts = told.flatMap((one) => (isOfModels(one) ? openModels(one, target) : [one]))
  return [{ id, effect, roles, parts }]
}

/** What an allow asks and what goes on with something stored never shows for certain. */
function isUntoldOfStored({ fact, test }: Part, { hasNoUrls }: OutlineRule): boolean {
  if (fact === 'urls' && hasNoUrls) return false
  if (test.kind === 'every') return !test.texts.patterns.some((pattern) => /^\*+$/.test(pattern))
  return fact === 'bytes' || (test.kind === 'is' && !test.value && fact !== 'stream')
}

/** Media that a deny asks for: something stored could bring them. */
function mayBeStored({ fact, test }: Part): boolean {
  return test.kind === 'is' && test.value && (fact === 'images' || fact === 'files' || fact === 'audio')
}

type ModelPart = Part & { readonly test: Extract<Part['test'], { kind: 'text' }> }

function isOfModels(one: Part): one is ModelPart {
  return one.condition === 'models'
}

/** Rules often name the same models: each list is looked at once for a target. */
const ofTargets = new WeakMap<ModelTarget, Map<string, boolean>>()

function isOfTarget({ key, test: { texts } }: ModelPart, target: ModelTarget): boolean {
  const known = ofTargets.get(target) ?? new Map<string, boolean>()
  ofTargets.set(target, known)
  const isOf = known.get(key) ?? overlaps(target, texts)
  known.set(key, isOf)
  return isOf
}

/** Which of the target's models the rule is for, where it is not for all of them. */
function openModels({ test: { texts } }: ModelPart, target: ModelTarget): Part[] {
  if (target.kind !== 'texts' || covers(target, texts)) return []
  const among = [...texts.exact, ...texts.patterns].filter((name) => overlaps(target, namesAndPatterns([name])))
  return [part('models', 'model', { kind: 'text', texts: namesAndPatterns(among) })]
}

/** What the subject may do in a field. */
export function cellOf(field: Field, subject: Subject): Cell {
  const find = factFinder({ ...field.situation, ...subject })
  const ways: { readonly rule: FieldRule; readonly way: Way }[] = []
  const removed: { rule: string; by: readonly string[] }[] = []
  for (const rule of field.allows) {
    if (!mayConcern(rule, subject.roles)) continue
    const rest = remainder(rule, field.denies, find)
    if (!rest.left) {
      if (rest.by.length > 0) removed.push({ rule: rule.id, by: rest.by })
      continue
    }
    const isCarried = isForCarriers(rule, subject.role, subject.carried)
    const isGiven = (role: string) => isCarried && subject.carried.given.has(role)
    ways.push({
      rule,
      way: {
        rule: rule.id,
        also: [],
        everybody: rule.roles === null,
        through: throughRoles(rule, subject),
        conditions: needs(rest.parts.map((one) => withinReach(one, subject.roles))),
        unless: rest.exceptions.map((one) => ({ rule: one.rule, conditions: clauses(one.parts, isGiven) })),
        step_up: canStepUp(rest.parts, find),
      },
    })
  }
  return { ways: widest(ways, find), removed }
}

function mayConcern({ roles }: FieldRule, { certain, possible }: HeldRoles): boolean {
  if (roles === null || roles.some((role) => certain.has(role))) return true
  return [...possible.values()].some((holds) => holds.some((role) => roles.includes(role)))
}

function throughRoles({ roles }: FieldRule, { role, roles: { certain } }: Subject): string[] {
  if (roles === null || (role !== null && roles.includes(role))) return []
  return roles.filter((one) => certain.has(one)).sort(compareCodePoints)
}

/** Of the roles that would do, those that the caller may have. */
function withinReach(one: Part, { possible }: HeldRoles): Part {
  if (one.test.kind !== 'roles') return one
  const { names } = one.test
  const gives = [...possible].filter(([, holds]) => holds.some((role) => names.includes(role)))
  return part('roles', 'roles', { kind: 'roles', names: gives.map(([role]) => role) })
}

const AGAIN: Part = part('method', 'method', { kind: 'among', names: ['jwt', 'saml', 'ldap', 'local'] })

/** Stronger authentication is among what is left, and not only of those who have no stronger form of it. */
function canStepUp(parts: readonly Part[], find: FindFacts): boolean {
  const isAsked = parts.some(({ condition }) => condition === 'mfa' || condition === 'acr')
  const wanted = [...parts, AGAIN].map((one) => ({ part: one, answer: 'yes' as const }))
  return isAsked && find(wanted) !== null
}

/**
 * Without the ways that allow no more than another one: that one names their rules. Of equal ways the first stays. Where
 * a deny takes a part of it, one of them may still be what a stronger sign-in is asked for: `acr: weak`, say, where the
 * caller showed the one that is denied.
 */
function widest(ways: readonly { readonly rule: FieldRule; readonly way: Way }[], find: FindFacts): Way[] {
  const kept: { rule: FieldRule; way: Way; also: string[]; isAsked: boolean }[] = []
  for (const one of ways) {
    const wider = kept.find(({ rule }) => isWithin(one.rule.parts, rule.parts, find))
    if (wider) {
      wider.also.push(one.rule.id)
      wider.isAsked ||= one.way.step_up
      continue
    }
    const narrower = kept.filter(({ rule }) => isWithin(rule.parts, one.rule.parts, find))
    for (const gone of narrower) kept.splice(kept.indexOf(gone), 1)
    const also = narrower.flatMap(({ rule, also: others }) => [rule.id, ...others])
    kept.push({ ...one, also, isAsked: narrower.some(({ way, isAsked }) => way.step_up || isAsked) })
  }
  return kept.map(({ way, also, isAsked }) => ({
    ...way,
    also: also.sort(compareCodePoints),
    step_up: way.step_up || (isAsked && way.unless.length > 0),
  }))
}
