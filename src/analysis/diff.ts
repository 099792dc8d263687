import type { CompiledPolicy } from '../policy/compile.ts'
import type { OutlineRule, PolicyOutline } from '../policy/outline.ts'
import { type Cell, fieldsOf, type Grid, gridOf } from './diff-cells.ts'
import { comparison, type Finding, findingsIn } from './diff-fields.ts'
import { encodePolicy } from './diff-policy.ts'
import { touchedOutlines } from './diff-touched.ts'
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

const DIFF_LIMITS: DiffLimits = { classes: 60_000_000, question: 20_000_000, total: 400_000_000 }

/** What two policies decide differently. */
export interface PolicyDiff {
  readonly findings: readonly Finding[]
  /** Where it cannot be told within the limits: these may hide a difference. Empty cells stand for everything. */
  readonly undecided: readonly { readonly cells: readonly Cell[]; readonly why: string }[]
  /** The operations and models that the policies tell apart. */
  readonly grid: Grid
  /** The rules that were looked at, of both policies: the others make no difference. */
  readonly rules: { readonly before: readonly OutlineRule[]; readonly after: readonly OutlineRule[] }
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
  const outlines = touchedOutlines(before.outline(), after.outline())
  let grid: Grid = { operations: [], models: [] }
  try {
    refuseTooMany(outlines)
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
  return { findings, undecided, grid, rules: { before: outlines[0].rules, after: outlines[1].rules } }
}

/** Every value of a condition is asked of every other one, and every workspace of every other one. */
const MAX_CONDITIONS = 4_000
const MAX_WORKSPACES = 400

function refuseTooMany(outlines: readonly PolicyOutline[]): void {
  const conditions = new Set(outlines.flatMap(({ rules }) => rules.map(({ when }) => JSON.stringify(when))))
  if (conditions.size > MAX_CONDITIONS) {
    throw new TooLarge(`more than ${MAX_CONDITIONS} rules with conditions of their own may meet what changes`)
  }
  const workspaces = new Set(outlines.flatMap((outline) => [...outline.workspaces.keys()]))
  if (workspaces.size > MAX_WORKSPACES) throw new TooLarge(`there are more than ${MAX_WORKSPACES} workspaces`)
}
