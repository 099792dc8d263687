import type { RecordedRequest } from './recorded.ts'
import type { Change, Replayed } from './replay.ts'

/** People that are told apart, over all groups; the rest are counted together. */
const MAX_PEOPLE = 20_000
const MAX_GROUPS = 5_000

export interface Example {
  readonly request: string
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
  addIncomplete(id: string, missing: string): void
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
  const groups = new Map<string, Group>()
  let people = 0
  let sameRuleset = 0
  const groupOf = (given: Omit<Group, 'people' | 'count' | 'others'>): Group => {
    const { change, rule, reason, was, not_recorded } = given
    const key = JSON.stringify([change, rule, reason, was.effect, was.rule, was.reason, not_recorded])
    const known = groups.get(key)
    if (known) return known
    // One more for each change takes what comes when there is no room.
    if (groups.size >= MAX_GROUPS && rule !== null) return groupOf({ ...NEITHER, change })
    const group = { ...given, people: new Map(), count: 0, others: 0 }
    groups.set(key, group)
    return group
  }
  const countPerson = (group: Group, user: string | null, issuer: string | null, example: Example) => {
    group.count++
    const key = JSON.stringify([issuer, user])
    const known = group.people.get(key)
    if (known) known.count++
    else if (people >= MAX_PEOPLE) group.others++
    else {
      people++
      group.people.set(key, { user, issuer, example, count: 1 })
    }
  }
  return {
    counts,
    get sameRuleset() {
      return sameRuleset
    },
    add(request, { change, isSameRuleset, rule, reason, open }) {
      counts[change]++
      if (isSameRuleset) sameRuleset++
      if (change === 'unchanged') return
      const [nearest] = open
      const { effect, rule: before, reason: why } = request.was
      const group = groupOf({
        change,
        rule: rule ?? nearest?.rule ?? null,
        reason,
        was: { effect, rule: before, reason: why },
        not_recorded: nearest?.facts ?? [],
      })
      const { principal, operation, model } = request.input
      const example = { request: request.id, operation, model: model ?? null }
      countPerson(group, principal.id ?? null, principal.issuer ?? null, example)
    },
    addIncomplete(id, missing) {
      counts.cannot_tell++
      const group = groupOf({ ...NEITHER, change: 'cannot_tell', not_recorded: [missing] })
      countPerson(group, null, null, { request: id, operation: '-', model: null })
    },
    groups: () => [...groups.values()].map(finished).sort((a, b) => b.count - a.count),
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
