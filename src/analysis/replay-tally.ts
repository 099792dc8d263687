import type { RecordedRequest } from './recorded.ts'
import type { Change, Replayed } from './replay.ts'

/** People that are told apart, over all groups; the rest are counted together. */
const MAX_PEOPLE = 20_000
const MAX_GROUPS = 5_000

interface Example {
  /** Null where its event has no id. */
  readonly request: string | null
  readonly operation: string
  readonly model: string | null
}

export interface TalliedPerson {
  readonly user: string | null
  readonly issuer: string | null
  readonly count: number
  readonly example: Example
}

/** What changes for the same reason: by one rule now, and by one before. */
export interface TalliedGroup {
  readonly change: Exclude<Change, 'unchanged'>
  readonly rule: string | null
  readonly reason: string
  readonly was: { readonly effect: string; readonly rule: string | null; readonly reason: string }
  /** What the events do not record, where that is why it cannot be told. */
  readonly not_recorded: readonly string[]
  readonly count: number
  readonly people: readonly TalliedPerson[]
  /** Requests of people that are not told apart any more. */
  readonly others: number
}

export interface Tally {
  add(request: RecordedRequest, replayed: Replayed): void
  /** A request of which the event does not tell what it was. */
  addIncomplete(id: string | null, missing: string): void
  /** The groups with the most requests first. */
  groups(): readonly TalliedGroup[]
  readonly counts: { readonly [Key in Change]: number }
  /** Those that the present policy itself decided. */
  readonly sameRuleset: number
}

interface Person {
  readonly user: string | null
  readonly issuer: string | null
  readonly example: Example
  count: number
}

interface Group extends Omit<TalliedGroup, 'people'> {
  readonly people: Map<string, Person>
  count: number
  others: number
}

/** Counts changes by rule and person, in memory that is bounded whatever comes. */
export function openTally(): Tally {
  const counts = { unchanged: 0, newly_allowed: 0, newly_denied: 0, newly_stepped_up: 0, cannot_tell: 0 }
  const groups = openGroups()
  let sameRuleset = 0
  return {
    counts,
    get sameRuleset() {
      return sameRuleset
    },
    add(request, replayed) {
      const { change, isSameRuleset } = replayed
      counts[change]++
      if (isSameRuleset) sameRuleset++
      if (change === 'unchanged') return
      const { principal, operation, model } = request.input
      const example = { request: request.id, operation, model: model ?? null }
      const person = { user: principal.id ?? null, issuer: principal.issuer ?? null, example }
      groups.count({ change, ...groundsOf(request, replayed) }, person)
    },
    addIncomplete(id, missing) {
      counts.cannot_tell++
      const example = { request: id, operation: '-', model: null }
      groups.count(
        { ...NEITHER, change: 'cannot_tell', not_recorded: [missing] },
        { user: null, issuer: null, example },
      )
    },
    groups: groups.sorted,
  }
}

type Grounds = Pick<TalliedGroup, 'rule' | 'reason' | 'was' | 'not_recorded'>

function groundsOf({ was }: RecordedRequest, { rule, reason, open: [nearest] }: Replayed): Grounds {
  return {
    rule: rule ?? nearest?.rule ?? null,
    reason,
    was: { effect: was.effect, rule: was.rule, reason: was.reason },
    not_recorded: nearest?.facts ?? [],
  }
}

type GroupKey = Grounds & Pick<TalliedGroup, 'change'>

/** Groups and the people in them, both bounded in number. */
function openGroups() {
  const groups = new Map<string, Group>()
  let people = 0
  const groupOf = (given: GroupKey): Group => {
    const { change, rule, reason, was, not_recorded } = given
    const key = JSON.stringify([change, rule, reason, was.effect, was.rule, was.reason, not_recorded])
    const known = groups.get(key)
    if (known) return known
    // One more for each change takes what comes when there is no room.
    if (groups.size >= MAX_GROUPS && was !== NEITHER.was) return groupOf({ ...NEITHER, change })
    const group = { ...given, people: new Map(), count: 0, others: 0 }
    groups.set(key, group)
    return group
  }
  return {
    count(given: GroupKey, person: Omit<Person, 'count'>): void {
      const group = groupOf(given)
      group.count++
      const key = JSON.stringify([person.issuer, person.user])
      const known = group.people.get(key)
      if (known) known.count++
      else if (people >= MAX_PEOPLE) group.others++
      else {
        people++
        group.people.set(key, { ...person, count: 1 })
      }
    },
    /** The groups with the most requests first. */
    sorted: (): TalliedGroup[] => [...groups.values()].map(finished).sort((a, b) => b.count - a.count),
  }
}

/** What is counted together once there are too many groups, or where nothing is known of it. */
const NEITHER = {
  rule: null,
  reason: 'not_recorded',
  was: { effect: '-', rule: null, reason: '-' },
  not_recorded: [],
} as const

function finished(group: Group): TalliedGroup {
  return { ...group, people: [...group.people.values()].sort((a, b) => b.count - a.count) }
}
