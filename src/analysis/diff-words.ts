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
export function wordedWays({ allows, denies }: Ways, { kind }: Subject): WordedWays {
  // Who it is that something is said of has said the roles; of callers without a name they are said.
  const said = kind === 'caller' ? ['model'] : ['model', 'roles']
  const open = (one: EncodedRule) => partsOf(one.rule).filter(({ fact }) => !said.includes(fact))
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

/** Ways that are said one by one; what there is beyond is counted. */
const MAX_SAID = 4

/** All that the ways ask for, in one phrase; empty where they ask for nothing. */
export function waysText(ways: WordedWays): string {
  const alternatives = wayTexts(ways)
  const free = alternatives.includes('') ? '' : eitherOf(alternatives)
  const unless = denials(ways).map((text) => `unless ${text}`)
  return [...(free === '' ? [] : [free]), ...unless].join(', ')
}

/** What each way asks for, in one phrase; empty for one that asks for nothing. */
export function wayTexts({ allowed }: WordedWays): string[] {
  return [...new Set(allowed.map(({ conditions }) => conditions.map(({ text }) => text).join(', ')))]
}

/** `a, or b`, and how many more there are. */
export function eitherOf(texts: readonly string[]): string {
  const said = texts.slice(0, MAX_SAID).map((text) => (text === '' ? 'without conditions' : text))
  const more = texts.length - said.length
  return [...said, ...(more > 0 ? [`in ${more === 1 ? 'one other way' : `one of ${more} other ways`}`] : [])].join(
    ', or ',
  )
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

const MAX_NAMED = 10

/** `analyst`, `analyst and lead`, `analyst, intern and lead`; how many more there are after the first ten. */
export function together(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED
  const said = more > 1 ? [...texts.slice(0, MAX_NAMED), `${more} others`] : texts
  const [last = '', ...before] = [...said].reverse()
  return before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`
}
