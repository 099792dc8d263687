import type { UpstreamFacts } from '../model/decision.ts'
import { METHODS } from '../model/identity.ts'
import type { Match } from '../model/match.ts'
import type { UpstreamKind } from '../model/settings.ts'
import { findText } from './find-text.ts'
import { type FactValue, type Found, findTold } from './find-value.ts'
import type { Part, Texts } from './parts.ts'

/** An upstream as far as an analysis looks at it. */
export interface AnalysedUpstream extends UpstreamFacts {
  readonly kind?: UpstreamKind
  /** Names and patterns. */
  readonly models: Texts
}

/** The roles of a caller: those that it has, those that it may have, and whether it may have any others. */
export interface HeldRoles {
  readonly certain: ReadonlySet<string>
  /** Each with all that its holder holds. */
  readonly possible: ReadonlyMap<string, readonly string[]>
  /** Others count for denies only: what another role allows is told where that role is looked at. */
  readonly mayHoldOthers: boolean
}

/** What is settled before any condition is asked. */
export interface Situation {
  readonly roles: HeldRoles
  /** Those that the request may be in; null is none. */
  readonly workspaces: readonly (string | null)[]
  /** Those that may serve the request; undefined where nobody does. Never empty. */
  readonly upstreams: readonly (AnalysedUpstream | undefined)[]
  /** The models that are looked at; null where it is one, or none, so that no part asks about it. */
  readonly models: Texts | null
  /** What is known of the caller; null where it is not. */
  readonly told: (part: Part) => Match | null
  /** Epoch milliseconds; windows of time are compared within a year of it. */
  readonly at: number
}

/** How a part is wanted to be answered. A deny does not apply where a part is *no*, and an allow holds where all are *yes*. */
export interface Wanted {
  readonly part: Part
  readonly answer: 'yes' | 'no' | 'not_yes' | 'not_no'
}

/** Values of facts by which all is as wanted. Undefined is a fact that cannot be told, or one that nobody looked for. */
export type Facts = ReadonlyMap<string, FactValue>

/** Facts of which nothing can be told in some requests, by their first word. */
const UNTOLD = new Set([
  'mfa',
  'mfa_age',
  'acr',
  'claim',
  'header',
  'max_output_tokens',
  'bytes',
  'network',
  'workspace',
])

export function canBeUntold({ fact }: Part): boolean {
  return UNTOLD.has(fact.split(' ', 1)[0] ?? '')
}

/** Finds facts for which parts answer as wanted; null where there are none. Remembers what it has found for each fact. */
export type FindFacts = (wanted: readonly Wanted[]) => Facts | null

export function factFinder(situation: Situation): FindFacts {
  const known = new Map<string, Found>()
  const findOne = (fact: string, wanted: readonly Wanted[]): Found => {
    const key = [fact, ...wanted.map(({ part, answer }) => `${answer} ${part.key}`).sort()].join('\n')
    const before = known.get(key)
    if (before !== undefined) return before
    const found = findValue(situation, wanted)
    known.set(key, found)
    return found
  }
  return (wanted) => {
    const open: Wanted[] = []
    for (const one of wanted) {
      const told = situation.told(one.part)
      if (told === null) open.push(one)
      else if (!isAs(one.answer, told)) return null
    }
    const byFact = Map.groupBy(open, ({ part }) => (part.fact === 'upstream' ? 'model' : part.fact))
    if (situation.models !== null && !byFact.has('model')) byFact.set('model', [])
    if (hasNestedClaims(byFact)) return null
    const facts = new Map<string, FactValue>()
    for (const [fact, ones] of byFact) {
      const found = findOne(fact, ones)
      if (found === null) return null
      facts.set(fact, found.value)
    }
    return facts
  }
}

function isAs(answer: Wanted['answer'], match: Match): boolean {
  return answer === match || (answer === 'not_yes' && match !== 'yes') || (answer === 'not_no' && match !== 'no')
}

/** A claim with members is no text: of `a` and `a.b`, one at most can be told. */
function hasNestedClaims(byFact: ReadonlyMap<string, readonly Wanted[]>): boolean {
  const paths = [...byFact.values()].flatMap((wanted) => {
    const [first] = wanted
    if (first?.part.test.kind !== 'some' || !wanted.some(isStrict)) return []
    return [first.part.test.path]
  })
  return paths.some((path) =>
    paths.some((other) => other.length > path.length && path.every((step, index) => step === other[index])),
  )
}

function isStrict({ answer }: Wanted): boolean {
  return answer === 'yes' || answer === 'no'
}

function findValue(situation: Situation, wanted: readonly Wanted[]): Found {
  const [first] = wanted
  if (first === undefined || first.part.fact === 'model' || first.part.fact === 'upstream') {
    return findModel(situation, wanted)
  }
  const { part } = first
  if (part.fact === 'roles') return findRoles(situation.roles, wanted)
  if (canBeUntold(part) && !wanted.some(isStrict)) return { value: undefined }
  // The fact is told from here on: what is not *no* is *yes*.
  const isYes = ({ answer }: Wanted) => answer === 'yes' || answer === 'not_no'
  const tests = (answer: boolean) => wanted.filter((one) => isYes(one) === answer).map((one) => one.part.test)
  return findTold(tests(true), tests(false), {
    names: part.fact === 'method' ? METHODS : situation.workspaces,
    at: situation.at,
  })
}

/** An upstream that may serve, and a model that it serves. The value is the upstream; what it serves is not told. */
function findModel({ models, upstreams }: Situation, wanted: readonly Wanted[]): Found {
  const texts = (answer: boolean) =>
    wanted.flatMap(({ part, answer: as }) =>
      part.test.kind === 'text' && (as === 'yes' || as === 'not_no') === answer ? [part.test.texts] : [],
    )
  const yes = [...(models ? [models] : []), ...texts(true)]
  const no = texts(false)
  for (const upstream of upstreams) {
    const fits = wanted.every(
      ({ part, answer }) => part.test.kind === 'text' || isAs(answer, upstreamMatch(part, upstream)),
    )
    if (!fits) continue
    if (models === null) return { value: upstream }
    if (findText(upstream ? [...yes, upstream.models] : yes, no) !== 'none') return { value: upstream }
  }
  return null
}

function upstreamMatch({ test }: Part, upstream: UpstreamFacts | undefined): Match {
  if (test.kind === 'region') {
    if (upstream?.region === undefined) return 'unknown'
    return test.regions.includes(upstream.region) ? 'yes' : 'no'
  }
  if (test.kind !== 'label' || !Object.hasOwn(upstream?.labels ?? {}, test.label)) return 'unknown'
  return upstream?.labels[test.label] === test.value ? 'yes' : 'no'
}

/** Of the roles that the caller may have, those that it would need. */
function findRoles({ certain, possible, mayHoldOthers }: HeldRoles, wanted: readonly Wanted[]): Found {
  const names = ({ part }: Wanted) => (part.test.kind === 'roles' ? part.test.names : [])
  const avoided = new Set(wanted.filter(({ answer }) => answer === 'no' || answer === 'not_yes').flatMap(names))
  if (!avoided.isDisjointFrom(certain)) return null
  const needed: string[] = []
  for (const one of wanted) {
    if (one.answer === 'no' || one.answer === 'not_yes' || names(one).some((name) => certain.has(name))) continue
    if (one.answer === 'not_no' && mayHoldOthers) continue
    const gives = [...possible].find(
      ([, holds]) => holds.some((name) => names(one).includes(name)) && !holds.some((name) => avoided.has(name)),
    )
    if (!gives) return null
    needed.push(gives[0])
  }
  return { value: needed }
}
