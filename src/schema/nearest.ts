/** The known name that a person most likely meant, or null when none is near. Bounded: long names have no neighbour. */
export function nearest(written: string, known: readonly string[]): string | null {
  if (written.length > 64) return null
  const plain = fold(written)
  const ranked = known
    .map((name) => ({ name, steps: distance(plain, fold(name)) }))
    .filter(({ name, steps }) => steps <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.steps - b.steps)
  return ranked[0]?.name ?? null
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, '')
}

/** Edits from one name to the other (Damerau-Levenshtein, restricted): a swap of neighbours counts once. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const next = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      }
      next.push(best)
    }
    beforeLast = last
    last = next
  }
  return last[to.length] ?? 0
}
