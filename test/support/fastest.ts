/** The least time of several rounds, for others use the machine. Milliseconds. */
export function fastest(work: () => unknown, rounds = 3): number {
  let lowest = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    work()
    lowest = Math.min(lowest, performance.now() - start)
  }
  return lowest
}
