import { type Formula, type Formulas, TRUE } from './space-formula.ts'

/** How much may be asked before an honest "too large" is the answer. Counts formulas that were looked at. */
export interface Budget {
  left: number
}

/** Thrown when the budget is used up: the question is open then. */
export class TooLarge extends Error {}

/** The index of a value for each variable. */
export type Solution = readonly number[]

type Verdict = 'yes' | 'no' | 'open'

/**
 * Finds values for which a formula holds; null when there are none. Exact: narrows the values of variables by what must
 * hold, and tries the alternatives of the shortest open disjunction one after the other. Of the values that are left for
 * a variable, the first is chosen.
 */
export function solve(formulas: Formulas, goal: Formula, budget: Budget): Solution | null {
  const search = new Search(formulas, budget)
  return search.run(goal) ? search.solution() : null
}

class Search {
  readonly #formulas: Formulas
  readonly #budget: Budget
  readonly #domains: bigint[]
  /** What is settled of formulas that are no literals, without looking at their parts. */
  readonly #settled = new Map<Formula, boolean>()
  /** How to undo each change, newest last. */
  readonly #trail: (() => void)[] = []

  constructor(formulas: Formulas, budget: Budget) {
    this.#formulas = formulas
    this.#budget = budget
    this.#domains = [...formulas.domains]
  }

  run(goal: Formula): boolean {
    const open: Formula[] = []
    return this.#demand(goal, open) && this.#search(open)
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
    const shortest = this.#shortest(open)
    if (shortest === null) return true
    const rest = open.filter((formula) => formula !== shortest.formula)
    for (const choice of shortest.choices) {
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
  #propagate(given: readonly Formula[]): readonly Formula[] | null {
    let open = given
    for (let isStable = false; !isStable; ) {
      isStable = true
      const next: Formula[] = []
      for (const formula of open) {
        const choices = this.#choices(formula)
        if (choices === null) continue
        if (choices.length === 0) return null
        if (choices.length > 1) {
          next.push(formula)
          continue
        }
        isStable = false
        if (!this.#demand(choices[0] ?? TRUE, next)) return null
      }
      open = next
    }
    return open
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

  #shortest(open: readonly Formula[]): { formula: Formula; choices: readonly Formula[] } | null {
    let best: { formula: Formula; choices: readonly Formula[] } | null = null
    for (const formula of open) {
      const choices = this.#choices(formula)
      if (choices !== null && (best === null || choices.length < best.choices.length)) best = { formula, choices }
      if (best?.choices.length === 2) break
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
