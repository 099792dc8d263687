/** Each number that is still within one of the limits, as large as can be, and one beyond all of them. */
export function stepsOf(limits: readonly number[]): number[] {
  const sorted = [...new Set(limits)].sort((a, b) => a - b)
  return [...sorted, (sorted.at(-1) ?? 0) + 1]
}

/** An age between every two limits; whole seconds where there are any. Undefined cannot be told. Unit: milliseconds. */
export function agesBetween(limits: readonly number[]): (number | undefined)[] {
  const sorted = [...new Set(limits)].sort((a, b) => a - b)
  if (sorted.length === 0) return [undefined]
  const inner = sorted.map((limit, index) => {
    const below = sorted[index - 1] ?? 0
    const middle = below + (limit - below) / 2
    const rounded = Math.ceil(middle / 1000) * 1000
    return rounded <= limit ? rounded : middle
  })
  return [...inner, (sorted.at(-1) ?? 0) + 60_000, undefined]
}
