import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CHUNKS } from './answers.ts'
import type { Contender } from './contender.ts'
import type { Job, Outcome } from './job.ts'
import { REST, start, stop } from './processes.ts'
import type { Workload } from './workloads.ts'

const PROGRAM = fileURLToPath(new URL('./load.ts', import.meta.url))

/** One measured cell: what one contender needed for one workload in one round. */
export interface Cell {
  /** Microseconds of CPU for each request or chunk. */
  readonly cost: number
  readonly perSecond: number
  /** Share of one core that the measured process used: well below 1, it waited for the generator. */
  readonly busy: number
  /** Share of its core that others took meanwhile. */
  readonly others: number
  readonly p50: number
  readonly p99: number
  /** Answers, warm-up included. */
  readonly total: number
  readonly errors: readonly string[]
}

export interface Span {
  readonly warmMs: number
  readonly warmAnswers: number
  readonly measureMs: number
}

export interface Generator {
  run(contender: Contender, workload: Workload, span: Span): Promise<Cell>
  stop(): Promise<void>
}

export function startGenerator(): Generator {
  const child = start(REST, process.execPath, [PROGRAM], ['ignore', 'ignore', 'inherit', 'ipc'])
  return {
    run: async (contender, workload, span) => {
      const { request, beside, connections, expectStatus, expectText, expectTimes, counts } = workload
      const port = contender.ports[workload.kind]
      const { pid } = contender
      const load = { port, pid, request, beside, connections, ...span }
      const job: Job = { ...load, expectStatus, expectText, expectTimes, counts }
      child.send(job)
      const [outcome] = await once(child, 'message')
      return cellOf(outcome, workload)
    },
    stop: () => stop(child),
  }
}

function cellOf(outcome: Outcome, workload: Workload): Cell {
  const { counted, seconds, cpuNs, othersNs, p50, p99, total, errors } = outcome
  const units = counted * (workload.unit === 'chunk' && workload.counts === 'answers' ? CHUNKS : 1)
  return {
    cost: cpuNs / 1000 / units,
    perSecond: units / seconds,
    busy: cpuNs / 1e9 / seconds,
    others: othersNs / 1e9 / seconds,
    p50,
    p99,
    total,
    errors,
  }
}
