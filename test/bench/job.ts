/** What the load generator is asked to do: one closed loop of one pre-built request. */
export interface Job {
  readonly port: number
  /** The whole request, head and body, as latin1 text. */
  readonly request: string
  readonly connections: number
  /** Sent on one more connection every so often, where its last one has been answered; counted in `total` only. */
  readonly beside: { readonly request: string; readonly everyMs: number } | null
  readonly warmMs: number
  /** Not measured before so many answers came, however long `warmMs` is. */
  readonly warmAnswers: number
  readonly measureMs: number
  readonly expectStatus: number
  /** What the first answer on each connection must hold, this many times; the others only need to be complete. */
  readonly expectText: string
  readonly expectTimes: number
  /** What is counted in the measured time: whole answers, or each `expectText` as it arrives. */
  readonly counts: 'answers' | 'texts'
  /** Root of the process tree whose CPU is measured; null measures none. */
  readonly pid: number | null
}

export interface Outcome {
  /** Answers or texts of the measured time. */
  readonly counted: number
  readonly seconds: number
  /** CPU of the measured process tree, user and system. Unit: nanoseconds. */
  readonly cpuNs: number
  /** What others took of the measured process's core in the same window. Unit: nanoseconds. */
  readonly othersNs: number
  /** Unit: microseconds. */
  readonly p50: number
  readonly p99: number
  /** Answers of the whole job, warm-up and tail included: what an audit has to account for. */
  readonly total: number
  readonly errors: readonly string[]
}
