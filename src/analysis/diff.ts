import type { CompiledPolicy } from '../policy/compile.ts'
import { type Cell, fieldsOf, type Grid, gridOf } from './diff-cells.ts'
import { comparison, type Finding, findingsIn } from './diff-fields.ts'
import { encodePolicy } from './diff-policy.ts'
import { factSpace } from './space-facts.ts'
import { Formulas } from './space-formula.ts'
import { TooLarge } from './space-solve.ts'

/** Unit: formulas that are looked at, or what costs as much. */
export interface DiffLimits {
  /**
   * What it may cost to find the values that the policies tell apart. Patterns that overlap in a great many ways fill the
   * memory long before they cost as much as the searches may.
   */
  readonly classes: number
  /** What one question may cost, and all of them together. */
  readonly question: number
  readonly total: number
}

export const DIFF_LIMITS: DiffLimits = { classes: 60_000_000, question: 20_000_000, total: 400_000_000 }

/** What two policies decide differently. */
export interface PolicyDiff {
  readonly findings: readonly Finding[]
  /** Where it cannot be told within the limits: these may hide a difference. Empty cells stand for everything. */
  readonly undecided: readonly { readonly cells: readonly Cell[]; readonly why: string }[]
  /** The operations and models that the policies tell apart. */
  readonly grid: Grid
}

/**
 * Compares what two policies decide, for every request there is: no finding and nothing undecided is the proof that no
 * request is decided with another effect. Every finding has a request that both policies have decided. Looks at rules in
 * force only, and not at which rule decides, or why.
 */
export function diffPolicies(before: CompiledPolicy, after: CompiledPolicy, limits = DIFF_LIMITS): PolicyDiff {
  const total = { left: limits.total }
  const classes = { left: limits.classes }
  const findings: Finding[] = []
  const undecided: { cells: readonly Cell[]; why: string }[] = []
  let grid: Grid = { operations: [], models: [] }
  try {
    const outlines = [before.outline(), after.outline()] as const
    const facts = factSpace(new Formulas(), outlines, classes)
    const pair = { before: encodePolicy(outlines[0], facts), after: encodePolicy(outlines[1], facts) }
    const comparing = comparison({ before, after }, pair, { limit: limits.question, total })
    grid = gridOf(...outlines, classes)
    for (const field of fieldsOf(grid, pair.before, pair.after)) {
      try {
        findings.push(...(findingsIn(comparing, field) ?? []))
      } catch (error) {
        if (!(error instanceof TooLarge)) throw error
        undecided.push({ cells: field.cells, why: error.message })
      }
    }
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error
    undecided.push({ cells: [], why: error.message })
  }
  return { findings, undecided, grid }
}
