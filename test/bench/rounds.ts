import { setTimeout as wait } from 'node:timers/promises'
import type { Contender } from './contender.ts'
import { makeCredential } from './credential.ts'
import { Field, type FieldOptions } from './field.ts'
import { type Generator, type Span, startGenerator } from './generator.ts'
import { residentMiB } from './processes.ts'
import { render } from './report.ts'
import { Results } from './results.ts'
import type { Sallyport } from './sallyport.ts'
import { type Workload, workloads } from './workloads.ts'

/** Before anything is counted, so that Node's compiler has settled: most of all on the path that all requests share. */
const FIRST_MS = { warmMs: 400, measureMs: 100 } as const
const FIRST_ANSWERS = { rules: 40_000, shared: 2000, ours: 2000 } as const
const FIRST_STREAMS = 300
/** Short, as the measured time is: a shared machine changes within seconds, and a ratio is of two neighbours. */
const CELL_WARM_MS = 200
/** For the events of the last answers. */
const SETTLE_MS = 200

export interface BenchOptions extends FieldOptions {
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  /** Only the workload of this name, else those whose name holds it. */
  readonly only: string
}

interface Expected {
  readonly decision: number
  readonly complete: number
}

class Measurement {
  readonly results = new Results()
  readonly problems = new Set<string>()
  readonly #expected = new Map<Contender, Expected>()
  readonly #generator: Generator

  constructor(generator: Generator) {
    this.#generator = generator
  }

  async cell(contender: Contender, workload: Workload, span: Span, counted: boolean): Promise<void> {
    const cell = await this.#generator.run(contender, workload, span)
    for (const error of cell.errors) this.problems.add(`${contender.name}, ${workload.name}: ${error}`)
    if (counted && cell.perSecond === 0) this.problems.add(`${contender.name}, ${workload.name}: nothing was answered`)
    const { decision, complete } = this.expected(contender)
    const completes = workload.events === 2 ? cell.total : 0
    this.#expected.set(contender, { decision: decision + cell.total, complete: complete + completes })
    if (counted) this.results.add(workload.name, contender.name, cell)
  }

  expected(contender: Contender): Expected {
    return this.#expected.get(contender) ?? { decision: 0, complete: 0 }
  }

  /** Every request has its decision event and every admitted one its complete event: neither more nor fewer. */
  compareAudit(sallyport: Sallyport): void {
    const held = sallyport.audited()
    const wanted = this.expected(sallyport)
    if (held.decision === wanted.decision && held.complete === wanted.complete) return
    const text = ({ decision, complete }: Expected) => `${decision} decision and ${complete} complete events`
    this.problems.add(`${sallyport.name}: its audit holds ${text(held)}, not ${text(wanted)}`)
  }
}

function takes(contender: Contender, { measures, scope, unit }: Workload): boolean {
  switch (contender.takes) {
    case 'own':
      return scope === 'rules'
    case 'requests':
      return measures === 'cpu' && unit === 'request' && scope !== 'ours'
    case 'all':
      if (contender.pid === null) return measures === 'latency'
      return scope !== 'ours' || contender.name === 'sallyport'
  }
}

/** A fresh random order for each round, so that nothing always follows the same other thing. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

/** The contenders of one workload take turns right after each other: what is compared lies close together in time. */
async function measureRound(
  measurement: Measurement,
  contenders: readonly Contender[],
  plan: readonly Workload[],
  span: Span,
  counted: boolean,
): Promise<void> {
  for (const workload of shuffled(plan)) {
    for (const contender of shuffled(contenders.filter((one) => takes(one, workload)))) {
      await measurement.cell(contender, workload, span, counted)
    }
  }
}

async function warmUp(
  measurement: Measurement,
  contenders: readonly Contender[],
  plan: readonly Workload[],
): Promise<void> {
  for (const workload of plan) {
    const { measures, unit, scope } = workload
    const answers = unit === 'chunk' ? FIRST_STREAMS : FIRST_ANSWERS[scope]
    const warmAnswers = measures === 'cpu' ? answers : 0
    await measureRound(measurement, contenders, [workload], { ...FIRST_MS, warmAnswers }, false)
  }
}

/** Starts everything, measures, stops everything; what was wrong with the run comes back beside its report. */
export async function measureAll(options: BenchOptions): Promise<{ text: string; problems: readonly string[] }> {
  const credential = makeCredential()
  const plan = chosen(workloads(credential.token, options.connections), options.only)
  const field = new Field()
  const generator = startGenerator()
  const measurement = new Measurement(generator)
  let memory = ''
  try {
    await field.start(options, credential)
    await warmUp(measurement, field.contenders, plan)
    const memoryOf = watchMemory(measurement, field.sallyports[0])
    const span = { warmMs: CELL_WARM_MS, warmAnswers: 0, measureMs: options.seconds * 1000 }
    for (let round = 1; round <= options.rounds; round++) {
      await measureRound(measurement, field.contenders, plan, span, true)
      process.stderr.write(`round ${round} of ${options.rounds}\n`)
    }
    await wait(SETTLE_MS)
    memory = memoryOf()
  } finally {
    await field.stop()
    await generator.stop()
  }
  for (const sallyport of field.sallyports) measurement.compareAudit(sallyport)
  const { contenders, absent } = field
  const text = render({ results: measurement.results, workloads: plan, contenders, absent })
  return { text: `${text}\n${memory}`, problems: [...measurement.problems] }
}

/** The workload of that name, else all whose name holds the text. */
function chosen(plan: readonly Workload[], only: string): readonly Workload[] {
  const exact = plan.filter(({ name }) => name === only)
  return exact.length > 0 ? exact : plan.filter(({ name }) => name.includes(only))
}

/** Resident memory from now until the answer is asked for. */
function watchMemory(measurement: Measurement, sallyport: Sallyport | undefined): () => string {
  if (sallyport === undefined || sallyport.pid === null) return () => ''
  const { pid } = sallyport
  const before = { mib: residentMiB(pid), requests: measurement.expected(sallyport).decision }
  return () => {
    const mib = residentMiB(pid)
    const requests = measurement.expected(sallyport).decision - before.requests
    return `Memory: ${before.mib.toFixed(0)} MiB when warm, ${mib.toFixed(0)} MiB after ${requests} more requests\n`
  }
}
