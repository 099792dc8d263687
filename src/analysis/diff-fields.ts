import type { CompiledPolicy } from '../policy/compile.ts'
import { type Cell, type Field, isLikely } from './diff-cells.ts'
import { type Effects, type EncodedRule, effectsOf, opening } from './diff-policy.ts'
import {
  type EncodedSubject,
  everybody,
  memberSubjects,
  type Pair,
  roleSubjects,
  type Subject,
} from './diff-subjects.ts'
import { decidedWitness, openness, type Witness } from './diff-witness.ts'
import { type Formula, type Formulas, TRUE } from './space-formula.ts'
import { type Budget, solve, TooLarge } from './space-solve.ts'

/** A rule that allows something to a subject, or takes something away. */
export interface Ways {
  readonly allows: readonly EncodedRule[]
  readonly denies: readonly EncodedRule[]
}

/** What changes for one subject in some cells. At least one of the witnesses is there. */
export interface Finding {
  readonly subject: Subject
  readonly cells: readonly Cell[]
  readonly before: Ways
  readonly after: Ways
  /** The rules that one policy has and the other has not, or not so, and that may concern the subject. */
  readonly rules: readonly string[]
  /** A request that is decided more openly, and one that is decided less so. */
  readonly opens: Witness | null
  readonly closes: Witness | null
}

/** What is asked again and again of a pair of policies. */
export interface Comparison {
  readonly policies: { readonly before: CompiledPolicy; readonly after: CompiledPolicy }
  readonly pair: Pair
  readonly members: readonly EncodedSubject[]
  readonly everybody: EncodedSubject
  /** Of each question alone; `total` of all together. */
  readonly limit: number
  readonly total: Budget
}

export function comparison(
  policies: Comparison['policies'],
  pair: Pair,
  { limit, total }: Pick<Comparison, 'limit' | 'total'>,
): Comparison {
  return { policies, pair, members: memberSubjects(pair), everybody: everybody(pair), limit, total }
}

interface Sides {
  readonly before: Effects
  readonly after: Effects
  readonly opens: Formula
  readonly closes: Formula
}

/** What changes in a field, by subject; null where nothing does. Throws `TooLarge` where that cannot be told. */
export function findingsIn(comparing: Comparison, field: Field): Finding[] | null {
  const { pair } = comparing
  const { facts } = pair.before
  const before = effectsOf(pair.before, field.before)
  const after = effectsOf(pair.after, field.after)
  if (before.allowed === after.allowed && before.steppedUp === after.steppedUp) return null
  const opens = opening(facts, before, after)
  const closes = opening(facts, after, before)
  const [opened, closed] = [witness(comparing, field, [opens], 1), witness(comparing, field, [closes], -1)]
  if (opened === null && closed === null) return null
  const sides: Sides = {
    before,
    after,
    opens: opened === null ? facts.space.formulas.not(TRUE) : opens,
    closes: closed === null ? facts.space.formulas.not(TRUE) : closes,
  }
  try {
    return bySubject(comparing, field, sides)
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error
    return [
      finding(comparing, field, sides, { subject: { kind: 'caller' }, form: TRUE, opens: opened, closes: closed }),
    ]
  }
}

function bySubject(comparing: Comparison, field: Field, sides: Sides): Finding[] {
  const { pair } = comparing
  const { formulas } = pair.before.facts.space
  const changed = changedRules(field)
  // What is for everybody concerns all roles that anything is allowed to.
  const isForAll = changed.some(({ rule }) => rule.roles === null)
  const concerned = isForAll ? [...field.before, ...field.after] : changed
  const speaking = new Set(concerned.flatMap(({ rule }) => rule.roles ?? []))
  const differing = [pair.before, pair.after].flatMap(({ outline }, index) => {
    const other = [pair.after, pair.before][index]?.outline
    return [...outline.roles].flatMap(([name, { holds }]) =>
      [...holds].sort().join() === [...(other?.roles.get(name)?.holds ?? [])].sort().join() ? [] : [name],
    )
  })
  const forAll = ask(comparing, field, sides, comparing.everybody)
  const found = forAll ? [forAll] : []
  const left = { opens: forAll?.opens ? [TRUE] : [], closes: forAll?.closes ? [TRUE] : [] } as {
    opens: Formula[]
    closes: Formula[]
  }
  for (const subject of [...roleSubjects(pair, new Set([...speaking, ...differing])), ...comparing.members]) {
    const one = ask(comparing, field, sides, subject)
    if (!one) continue
    if (one.opens) left.opens.push(subject.covers)
    if (one.closes) left.closes.push(subject.covers)
    if (!forAll || !saysNoMore(one, forAll)) found.push(one)
  }
  const rest: Sides = {
    ...sides,
    opens: formulas.all([sides.opens, formulas.not(formulas.any(left.opens))]),
    closes: formulas.all([sides.closes, formulas.not(formulas.any(left.closes))]),
  }
  const others = ask(comparing, field, rest, { subject: { kind: 'caller' }, forms: [TRUE], covers: TRUE })
  return others ? [...found, others] : found
}

/** A role for which only that changes which changes for everybody. */
function saysNoMore(one: Finding, forAll: Finding): boolean {
  if ((one.opens && !forAll.opens) || (one.closes && !forAll.closes)) return false
  return one.rules.every((rule) => forAll.rules.includes(rule))
}

function ask(comparing: Comparison, field: Field, sides: Sides, { subject, forms }: EncodedSubject): Finding | null {
  const { formulas } = comparing.pair.before.facts.space
  const first = (goal: Formula, sign: 1 | -1) => {
    for (const form of forms) {
      const found = witness(comparing, field, [form, goal], sign)
      if (found) return { found, form }
    }
    return null
  }
  const opened = first(sides.opens, 1)
  const closed = first(sides.closes, -1)
  const form = opened?.form ?? closed?.form
  if (form === undefined) return null
  return finding(comparing, field, sides, {
    subject,
    form: formulas.any([opened?.form ?? form, closed?.form ?? form]),
    opens: opened?.found ?? null,
    closes: closed?.found ?? null,
  })
}

function finding(
  comparing: Comparison,
  field: Field,
  { before, after }: Sides,
  { subject, form, opens, closes }: Pick<Finding, 'subject' | 'opens' | 'closes'> & { readonly form: Formula },
): Finding {
  const { formulas } = comparing.pair.before.facts.space
  const isPossible = (...goals: Formula[]) => mayHold(comparing, [form, ...goals])
  const waysOf = (rules: readonly EncodedRule[], { allowed }: Effects): Ways => {
    const allows = rules.filter(({ rule, fires }) => rule.effect === 'allow' && isPossible(fires, allowed))
    const granted = formulas.any(allows.map(({ fires }) => fires))
    const denies = rules.filter(({ rule, fires }) => rule.effect === 'deny' && isPossible(fires, granted))
    return { allows, denies }
  }
  return {
    subject,
    cells: field.cells,
    before: waysOf(field.before, before),
    after: waysOf(field.after, after),
    rules: changedFor(field, formulas, isPossible),
    opens,
    closes,
  }
}

/** The rules that concern the subject otherwise than a rule of the other side that says the same; allows by denies, too. */
function changedFor(
  { before, after }: Field,
  formulas: Formulas,
  isPossible: (...goals: Formula[]) => boolean,
): string[] {
  const found = [
    [before, after],
    [after, before],
  ].flatMap(([own = [], other = []]) => {
    const said = Map.groupBy(other, ({ rule }) => saidBy(rule))
    const granted = formulas.any(own.filter(({ rule }) => rule.effect === 'allow').map(({ fires }) => fires))
    return own.filter(({ rule, fires }) => {
      const same = formulas.any((said.get(saidBy(rule)) ?? []).map((one) => one.fires))
      return same !== fires && isPossible(fires, formulas.not(same), rule.effect === 'deny' ? granted : TRUE)
    })
  })
  return [...new Set(found.map(({ rule }) => rule.id))].sort()
}

function saidBy({ effect, roles, workspaces, when }: EncodedRule['rule']): string {
  return JSON.stringify([effect, roles, workspaces, Object.entries(when).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** The rules of one side that the other side has not, whatever their names are. */
function changedRules({ before, after }: Field): EncodedRule[] {
  const [old, young] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))]
  return [...before.filter((one) => !young.has(keyOf(one))), ...after.filter((one) => !old.has(keyOf(one)))]
}

function keyOf({ rule, fires, firesFor, acrs }: EncodedRule): string {
  return [rule.effect, fires, firesFor(null), JSON.stringify(acrs)].join()
}

/** A request for which the formula holds, decided by both policies; that they agree with the formula is a must. */
function witness(
  { policies, pair, limit, total }: Comparison,
  { cells }: Field,
  goals: readonly Formula[],
  sign: 1 | -1,
): Witness | null {
  const { space } = pair.before.facts
  const solution = spend(limit, total, (budget) => solve(space.formulas, goals, budget))
  const cell = cells.find(isLikely) ?? cells[0]
  if (solution === null || cell === undefined) return null
  const found = decidedWitness(policies.before, policies.after, cell, space.facts(solution))
  if (Math.sign(openness(found.before, found.after)) === sign) return found
  throw new Error(`the request ${JSON.stringify(found.line)} is not decided as the analysis says`)
}

/** Where it is too large to tell, it may. */
function mayHold({ pair, limit, total }: Comparison, goals: readonly Formula[]): boolean {
  try {
    return spend(limit, total, (budget) => solve(pair.before.facts.space.formulas, goals, budget)) !== null
  } catch (error) {
    if (error instanceof TooLarge) return true
    throw error
  }
}

function spend<Answer>(limit: number, total: Budget, ask: (budget: Budget) => Answer): Answer {
  const most = Math.min(limit, total.left)
  const budget = { left: most }
  try {
    return ask(budget)
  } finally {
    total.left -= most - Math.max(budget.left, 0)
  }
}
