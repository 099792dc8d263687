import type { Formula, Formulas } from './space-formula.ts'

/** How much may be asked before an honest "too large" is the answer. Counts formulas that were looked at. */
export interface Budget {
  left: number
}

/** Thrown when the budget is used up: the question is open then. */
export class TooLarge extends Error {}

/** The index of a value for each variable. */
export type Solution = readonly number[]

/** A disjunction that does not hold yet, and the parts of it that could. */
interface Open {
  readonly formula: Formula
  readonly choices: readonly Formula[]
}

type Verdict = 'yes' | 'no' | 'open'

/** A search that goes wrong so often begins again, with what it has learnt about where it goes wrong. */
const FIRST_PATIENCE = 50
const MORE_PATIENCE = 1.5

class Impatient extends Error {}

/**
 * Finds values for which all the formulas hold; null when there are none. Exact: narrows the values of variables by what must
 * hold, and tries the alternatives of one open disjunction after the other: a short one, or one that has failed often, so
 * that what contradicts itself is looked at before what has nothing to do with it. Of the values that are left for a
 * variable, the first is chosen.
 */
export function solve(formulas: Formulas, goals: readonly Formula[], budget: Budget): Solution | null {
  const search = new Search(formulas, budget)
  for (let patience = FIRST_PATIENCE; ; patience *= MORE_PATIENCE) {
    try {
      return search.run(goals, patience) ? search.solution() : null
    } catch (error) {
      if (!(error instanceof Impatient)) throw error
    }
  }
}

class Search {
  readonly #formulas: Formulas
  readonly #budget: Budget
  readonly #domains: bigint[]
  /** What is settled of formulas that are no literals, without looking at their parts. */
  readonly #settled = new Map<Formula, boolean>()
  /** How to undo each change, newest last. */
  readonly #trail: (() => void)[] = []
  /** How often each disjunction has failed. */
  readonly #failures = new Map<Formula, number>()
  #patience = 0

  constructor(formulas: Formulas, budget: Budget) {
    this.#formulas = formulas
    this.#budget = budget
    this.#domains = [...formulas.domains]
  }

  run(goals: readonly Formula[], patience: number): boolean {
    this.#undo(0)
    this.#patience = patience
    const open: Formula[] = []
    return goals.every((goal) => this.#demand(goal, open)) && this.#search(open)
  }

  solution(): Solution {
    return this.#domains.map((domain) => {
      let index = 0
      for (let left = domain; (left & 1n) === 0n; left >>= 1n) index++
      return index
    })
  }

  #search(given: readonly Formula[]): boolean {
    const open = this.#propagate(given)
    if (open === null) return false
    const next = this.#next(open)
    if (next === null) return true
    const rest = open.filter((one) => one !== next).map(({ formula }) => formula)
    for (const choice of next.choices) {
      const mark = this.#trail.length
      const more = [...rest]
      if (this.#demand(choice, more) && this.#search(more)) return true
      this.#undo(mark)
      // What was tried in vain does not hold in any other alternative.
      if (!this.#demand(this.#formulas.not(choice), rest)) return false
    }
    return false
  }

  /** What is open when nothing more follows by itself; null for a contradiction. */
  #propagate(given: readonly Formula[]): readonly Open[] | null {
    let left = given
    for (;;) {
      let isStable = true
      const open: Open[] = []
      const next: Formula[] = []
      for (const formula of left) {
        const choices = this.#choices(formula)
        if (choices === null) continue
        const [only, more] = choices
        if (only === undefined) return this.#fail(formula)
        if (more === undefined) {
          isStable = false
          if (!this.#demand(only, next)) return this.#fail(formula)
        } else {
          open.push({ formula, choices })
          next.push(formula)
        }
      }
      if (isStable) return open
      left = next
    }
  }

  /** The parts of a disjunction that could hold; null when one of them does. */
  #choices(formula: Formula): readonly Formula[] | null {
    const shape = this.#formulas.shape(formula)
    if (shape.kind !== 'any') return [formula]
    const choices: Formula[] = []
    for (const part of shape.parts) {
      const verdict = this.#verdict(part)
      if (verdict === 'yes') return null
      if (verdict === 'open') choices.push(part)
    }
    return choices
  }

  #fail(formula: Formula): null {
    this.#failures.set(formula, (this.#failures.get(formula) ?? 0) + 1)
    this.#patience--
    if (this.#patience < 0) throw new Impatient()
    return null
  }

  #next(open: readonly Open[]): Open | null {
    let best: Open | null = null
    let least = Number.POSITIVE_INFINITY
    for (const one of open) {
      const cost = one.choices.length / (1 + (this.#failures.get(one.formula) ?? 0))
      if (cost >= least) continue
      best = one
      least = cost
    }
    return best
  }

  /** Makes a formula hold: its literals at once, its disjunctions are added to `open`. False for a contradiction. */
  #demand(formula: Formula, open: Formula[]): boolean {
    const shape = this.#formulas.shape(formula)
    if (shape.kind === 'literal') {
      const before = this.#domains[shape.variable] ?? 0n
      const after = before & shape.mask
      if (after === before) return true
      this.#domains[shape.variable] = after
      this.#trail.push(() => {
        this.#domains[shape.variable] = before
      })
      return after !== 0n
    }
    const before = this.#settled.get(formula)
    if (before !== undefined) return before
    this.#settle(formula, true)
    this.#settle(this.#formulas.not(formula), false)
    if (shape.kind === 'all') return shape.parts.every((part) => this.#demand(part, open))
    if (shape.parts.length === 0) return false
    open.push(formula)
    return true
  }

  #settle(formula: Formula, holds: boolean): void {
    this.#settled.set(formula, holds)
    this.#trail.push(() => {
      this.#settled.delete(formula)
    })
  }

  #undo(mark: number): void {
    while (this.#trail.length > mark) this.#trail.pop()?.()
  }

  #verdict(formula: Formula): Verdict {
    this.#budget.left--
    if (this.#budget.left < 0) throw new TooLarge('the budget is used up')
    const shape = this.#formulas.shape(formula)
    if (shape.kind === 'literal') {
      const domain = this.#domains[shape.variable] ?? 0n
      const kept = domain & shape.mask
      return kept === domain ? 'yes' : kept === 0n ? 'no' : 'open'
    }
    const settled = this.#settled.get(formula)
    if (settled !== undefined) return settled ? 'yes' : 'no'
    const [absorbing, neutral] = shape.kind === 'all' ? (['no', 'yes'] as const) : (['yes', 'no'] as const)
    let isOpen = false
    for (const part of shape.parts) {
      const verdict = this.#verdict(part)
      if (verdict === absorbing) return absorbing
      if (verdict === 'open') isOpen = true
    }
    return isOpen ? 'open' : neutral
  }
}
