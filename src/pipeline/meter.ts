import type { AnswerFacts } from '../model/request.ts'

/** Upper bounds of the duration histogram. Unit: seconds (OpenTelemetry's `http.server.request.duration`). */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120] as const

/**
 * Plain counters that the hot path adds to; `/metrics` reads them when it is asked. Labels are operations and codes
 * of our own, never anything that a client can make up.
 */
export class Meter {
  active = 0
  inputTokens = 0
  outputTokens = 0
  rejectedConnections = 0
  durationSum = 0
  durationCount = 0
  readonly durationBuckets: number[] = DURATION_BOUNDS.map(() => 0)
  readonly #answers = new Map<string, number>()

  /** Counts one request by operation (`-` when unknown) and outcome (`allowed` or a fault's code). */
  answered(operation: string, outcome: string): void {
    const key = `${operation} ${outcome}`
    this.#answers.set(key, (this.#answers.get(key) ?? 0) + 1)
  }

  used({ usage }: AnswerFacts): void {
    this.inputTokens += usage?.inputTokens ?? 0
    this.outputTokens += usage?.outputTokens ?? 0
  }

  took(seconds: number): void {
    this.durationSum += seconds
    this.durationCount += 1
    const bucket = DURATION_BOUNDS.findIndex((bound) => seconds <= bound)
    if (bucket !== -1) this.durationBuckets[bucket] = (this.durationBuckets[bucket] ?? 0) + 1
  }

  answers(): { operation: string; outcome: string; count: number }[] {
    return [...this.#answers].map(([key, count]) => {
      const [operation = '-', outcome = '-'] = key.split(' ')
      return { operation, outcome, count }
    })
  }
}
