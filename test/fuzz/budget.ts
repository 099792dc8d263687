import type { Parameters } from 'fast-check'
import fc from 'fast-check'
import type { Test } from 'tap'

/** Seconds for one fuzzer's file; a longer run is asked for by the environment. */
const SECONDS = Number(process.env.SALLYPORT_FUZZ_SECONDS ?? 2)

/** Tries a property for its share of the time. A finding is printed with the seed and path that repeat it. */
export function fuzz<Values extends [unknown, ...unknown[]]>(
  t: Test,
  property: fc.IProperty<Values>,
  share: number,
  more: Parameters<Values> = {},
): void {
  report(t, fc.check(property, { ...limits(share), ...more }))
}

/** The same for a property that waits. */
export async function fuzzAsync<Values extends [unknown, ...unknown[]]>(
  t: Test,
  property: fc.IAsyncProperty<Values>,
  share: number,
): Promise<void> {
  report(t, await fc.check(property, limits(share)))
}

function limits(share: number) {
  return { interruptAfterTimeLimit: SECONDS * 1000 * share, numRuns: 100_000_000 }
}

function report<Values>(t: Test, details: fc.RunDetails<Values>): void {
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? 'no finding')
  t.ok(details.failed || details.numRuns > 0, `${details.numRuns} runs`)
}
