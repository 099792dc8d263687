import type { MemberDocument } from '../policy/schema.ts'
import type { Ways } from './diff-fields.ts'
import type { EncodedRule } from './diff-policy.ts'
import type { Subject } from './diff-subjects.ts'
import { partsOf } from './parts.ts'
import { clauses, needs, shownName } from './words.ts'

/** A condition in words; `condition` is its key in a rule. */
export interface WordedCondition {
  readonly condition: string
  readonly text: string
}

/** One rule by which something is allowed, with all that it asks for beside roles, models and operations. */
export interface WordedWay {
  readonly rule: string
  readonly conditions: readonly WordedCondition[]
}

/** What is allowed to somebody: in one of these ways, where none of the denies applies. */
export interface WordedWays {
  readonly allowed: readonly WordedWay[]
  readonly denied: readonly WordedWay[]
}

/** A way that asks for all that another one asks for, and more, is left out. */
export function wordedWays({ allows, denies }: Ways): WordedWays {
  const open = (one: EncodedRule) => partsOf(one.rule).filter(({ fact }) => fact !== 'roles' && fact !== 'model')
  const allowed = allows.map((one) => ({ rule: one.rule.id, conditions: needs(open(one)) }))
  return {
    allowed: allowed.filter((way, index) => {
      const wider = allowed.findIndex((other) => other !== way && asksAllOf(way, other))
      return wider === -1 || (index < wider && asksAllOf(allowed[wider] ?? way, way))
    }),
    denied: denies.map((one) => ({
      rule: one.rule.id,
      conditions: clauses(open(one).map((part) => ({ part, orUntold: false }))),
    })),
  }
}

function asksAllOf(way: WordedWay, other: WordedWay): boolean {
  return other.conditions.every(({ text }) => way.conditions.some((own) => own.text === text))
}

/** All that the ways ask for, in one phrase; empty where they ask for nothing. */
export function waysText({ allowed, denied }: WordedWays): string {
  const alternatives = new Set(allowed.map(({ conditions }) => conditions.map(({ text }) => text).join(', ')))
  const free = alternatives.has('') ? '' : [...alternatives].join(', or ')
  const unless = denials({ allowed, denied }).map((text) => `unless ${text}`)
  return [...(free === '' ? [] : [free]), ...unless].join(', ')
}

/** What the one way that there is asks for; null where there are several, or none. */
export function demands({ allowed }: WordedWays): string[] | null {
  const [only, ...more] = allowed
  return only === undefined || more.length > 0 ? null : only.conditions.map(({ text }) => text)
}

/** Where denies take something away, each in one phrase. */
export function denials({ denied }: WordedWays): string[] {
  const texts = denied.map(({ conditions }) => conditions.map(({ text }) => text).join(' and '))
  return [...new Set(texts)].filter((text) => text !== '')
}

export function subjectText(subject: Subject): string {
  if (subject.kind === 'everybody') return 'everybody'
  if (subject.kind === 'caller') return 'some callers'
  if (subject.kind === 'role') return shownName(subject.role)
  const { member, of, owner, isNew } = subject
  const place = `the ${of} ${shownName(owner)}`
  return `${memberText(member)} (${isNew ? 'new in' : 'no longer in'} ${place})`
}

function memberText({ issuer, group, user, key, claim }: MemberDocument): string {
  const parts = [
    ...(user === undefined ? [] : [`the user ${shownName(user)}`]),
    ...(group === undefined ? [] : [`the group ${shownName(group)}`]),
    ...(key === undefined ? [] : [`the key ${shownName(key)}`]),
    ...(issuer === undefined ? [] : [`the issuer ${shownName(issuer)}`]),
    ...(claim === undefined ? [] : claimTexts(claim)),
  ]
  return parts.join(' of ')
}

function claimTexts(claim: NonNullable<MemberDocument['claim']>): string[] {
  const when = { claim, urls: [] }
  const worded = needs(partsOf({ ...NO_RULE, when }))
  return worded.map(({ text }) => text.replace(/^with /, ''))
}

const NO_RULE = {
  id: '',
  effect: 'allow',
  mode: 'enforce',
  roles: null,
  workspaces: null,
  models: null,
  modelsWritten: null,
  operations: null,
  reason: null,
} as const

/** `analyst`, `analyst and lead`, `analyst, intern and lead`. */
export function together(texts: readonly string[]): string {
  const [last = '', ...before] = [...texts].reverse()
  return before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`
}
