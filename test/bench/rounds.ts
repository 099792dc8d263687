import { setTimeout as wait } from 'node:timers/promises'
import type { Contender } from './contender.ts'
import { type Credential, makeCredential } from './credential.ts'
import { type Generator, type Span, startGenerator } from './generator.ts'
import {
  startBare,
  startHaproxyWithModel,
  startHaproxyWithToken,
  startInstantUpstream,
  startModelServer,
  startNginxProxy,
} from './peers.ts'
import { installed, residentMiB } from './processes.ts'
import { render, renderOwn } from './report.ts'
import { Results } from './results.ts'
import { type Sallyport, startSallyport } from './sallyport.ts'
import { refusedWorkloads, ruleWorkload, sharedWorkloads, type Workload } from './workloads.ts'

/** Long enough for the compiler of Node to have settled before anything is counted. */
const FIRST_WARM_MS = 2500
const CELL_WARM_MS = 250
const RULES = { few: 10, many: 1000, most: 10_000 } as const

export interface BenchOptions {
  readonly folder: string
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly only: string
  readonly withSallyport: boolean
  readonly nodeArguments: readonly string[]
}

interface Pair {
  readonly contender: Contender
  readonly workload: Workload
}

interface Running {
  readonly contenders: Contender[]
  readonly sallyports: Sallyport[]
  readonly absent: string[]
  readonly stops: (() => Promise<void>)[]
}

async function startAll(options: BenchOptions, credential: Credential, running: Running): Promise<void> {
  const { folder, nodeArguments } = options
  const { contenders, sallyports, absent, stops } = running
  const keep = <Started extends Contender>(contender: Started): Started => {
    contenders.push(contender)
    stops.unshift(contender.stop)
    return contender
  }
  const modelServer = await startModelServer()
  stops.unshift(modelServer.stop)
  const instant = installed('nginx') ? await startInstantUpstream(folder) : modelServer
  stops.unshift(instant.stop)
  const upstreams = { json: instant.port, stream: modelServer.port }
  const nothing = async () => undefined
  keep({ name: 'direct', checks: 'none', pid: null, ports: upstreams, stop: nothing })
  if (options.withSallyport) {
    for (const [name, rules] of [
      ['sallyport', RULES.few],
      ['1000-rules', RULES.many],
      ['10000-rules', RULES.most],
    ] as const) {
      const profiled = name === 'sallyport' ? nodeArguments : []
      sallyports.push(
        keep(await startSallyport({ name, rules, folder, credential, upstreams, nodeArguments: profiled })),
      )
    }
  }
  keep(await startBare(upstreams))
  if (installed('haproxy')) {
    keep(await startHaproxyWithToken({ folder, upstreams, credential }))
    keep(await startHaproxyWithModel({ folder, upstreams }))
  } else absent.push('haproxy (not installed)')
  if (installed('nginx')) keep(await startNginxProxy({ folder, upstreams }))
  else absent.push('nginx (not installed; a Node script is the upstream)')
}

function pairsOf({ contenders, sallyports }: Running, options: BenchOptions, token: string): Pair[] {
  const { connections, only } = options
  const [ours, ...larger] = sallyports
  const rivals = contenders.filter((contender) => !larger.some((other) => other === contender))
  const pairs: Pair[] = sharedWorkloads(token, connections).flatMap((workload) =>
    rivals
      .filter(({ pid }) => pid !== null || workload.measures === 'latency')
      .map((contender) => ({ contender, workload })),
  )
  for (const contender of larger) pairs.push({ contender, workload: ruleWorkload(token, connections) })
  if (ours) for (const workload of refusedWorkloads(token, connections)) pairs.push({ contender: ours, workload })
  return pairs.filter(({ workload }) => workload.name.includes(only))
}

/** A fresh random order for each round, so that no contender always follows the same other one. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

class Measurement {
  readonly results = new Results()
  readonly problems: string[] = []
  readonly expected = new Map<Contender, { decision: number; complete: number }>()
  readonly #generator: Generator

  constructor(generator: Generator) {
    this.#generator = generator
  }

  async cell({ contender, workload }: Pair, span: Span, counted: boolean): Promise<void> {
    const cell = await this.#generator.run(contender, workload, span)
    for (const error of cell.errors) this.problems.push(`${contender.name}, ${workload.name}: ${error}`)
    const expected = this.expected.get(contender) ?? { decision: 0, complete: 0 }
    expected.decision += cell.total
    if (workload.events === 2) expected.complete += cell.total
    this.expected.set(contender, expected)
    if (counted) this.results.add(workload.name, contender.name, cell)
  }
}

/** Every request has its decision event, and every admitted one its complete event: neither more nor fewer. */
function auditProblems(measurement: Measurement, sallyports: readonly Sallyport[]): string[] {
  return sallyports.flatMap((sallyport) => {
    const { decision, complete } = sallyport.audited()
    const expected = measurement.expected.get(sallyport)
    if (expected && decision === expected.decision && complete === expected.complete) return []
    const wanted = `${expected?.decision} decisions and ${expected?.complete} completes`
    return [`${sallyport.name}: audit holds ${decision} decisions and ${complete} completes, not ${wanted}`]
  })
}

async function measureRounds(measurement: Measurement, pairs: readonly Pair[], options: BenchOptions): Promise<void> {
  for (const pair of pairs) await measurement.cell(pair, { warmMs: FIRST_WARM_MS / 5, measureMs: 100 }, false)
  for (let round = 0; round < options.rounds; round++) {
    for (const pair of shuffled(pairs)) {
      await measurement.cell(pair, { warmMs: CELL_WARM_MS, measureMs: options.seconds * 1000 }, true)
    }
    process.stderr.write(`round ${round + 1} of ${options.rounds}\n`)
  }
}

function memoryLine(before: number, after: number, requests: number): string {
  return `Memory of sallyport: ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after ${requests} requests\n`
}

/** Starts everything, measures, stops everything; what was wrong with the run comes back beside its report. */
export async function measureAll(options: BenchOptions): Promise<{ text: string; problems: readonly string[] }> {
  const credential = makeCredential()
  const running: Running = { contenders: [], sallyports: [], absent: [], stops: [] }
  const generator = startGenerator()
  const measurement = new Measurement(generator)
  const ours = () => running.sallyports[0]
  let memory = ''
  try {
    await startAll(options, credential, running)
    const pairs = pairsOf(running, options, credential.token)
    const pid = ours()?.pid ?? null
    const before = pid === null ? 0 : residentMiB(pid)
    await measureRounds(measurement, pairs, options)
    await wait(200) // what the last answers still have to write
    const requests = measurement.expected.get(running.sallyports[0] as Contender)?.decision ?? 0
    if (pid !== null) memory = memoryLine(before, residentMiB(pid), requests)
  } finally {
    for (const halt of running.stops) await halt()
    await generator.stop()
  }
  return {
    text: textOf(measurement.results, running, credential, options) + memory,
    problems: [...new Set([...measurement.problems, ...auditProblems(measurement, running.sallyports)])],
  }
}

function textOf(results: Results, running: Running, { token }: Credential, options: BenchOptions): string {
  const workloads = sharedWorkloads(token, options.connections).filter(({ name }) => name.includes(options.only))
  const rivals = running.contenders.filter(({ name }) => !name.endsWith('-rules'))
  const text = render({ results, workloads, contenders: rivals, absent: running.absent })
  if (running.sallyports.length === 0) return text
  return `${text}\n${renderOwn(results, [
    { workload: '1 KB', contender: '1000-rules', label: '1,000 rules' },
    { workload: '1 KB', contender: '10000-rules', label: '10,000 rules' },
    { workload: 'denied by policy', contender: 'sallyport', label: 'denied by policy' },
    { workload: 'no credential', contender: 'sallyport', label: 'no credential' },
  ])}`
}
