/** Which rules of a policy no test exercises. */
export interface Coverage {
  readonly rules: number
  readonly exercised: number
  /** Rounded down to a tenth, so that 100 means all. A policy without rules is covered. */
  readonly percent: number
  /** By `id`. */
  readonly missing: readonly string[]
}

export function coverageOf(rules: readonly string[], exercised: ReadonlySet<string>): Coverage {
  const missing = rules.filter((id) => !exercised.has(id))
  const count = rules.length - missing.length
  const percent = rules.length === 0 ? 100 : Math.floor((count * 1000) / rules.length) / 10
  return { rules: rules.length, exercised: count, percent, missing }
}

export function meetsMinimum({ rules, exercised }: Coverage, percent: number): boolean {
  return exercised * 100 >= percent * rules
}

/** The number of an option such as `--min-coverage 90`; null for what is no share of a hundred. */
export function percentOf(written: string): number | null {
  return /^(100(\.0+)?|\d{1,2}(\.\d+)?)$/.test(written) ? Number(written) : null
}
