import { cpus, loadavg } from 'node:os'
import type { Contender } from './contender.ts'
import { layout } from './processes.ts'
import { type Results, type Spread, spread } from './results.ts'
import { SMALL, type Workload } from './workloads.ts'

const OURS = 'sallyport'
/** Below this the measured process waited for its load, and its cost holds the price of waiting. */
const BUSY = 0.8
/** Above this share of its core taken by others, in percent, small differences mean nothing. */
const DISTURBED = 5

/** What is asked of us, as shares of what the other needs for the same workload. */
const TARGETS = [
  { workload: '1 KB', base: 'bare', atMost: 1.35 },
  { workload: '1 KB', base: 'haproxy+es256', atMost: 0.8 },
  { workload: '32 KB', base: 'haproxy+es256', atMost: 1 },
  { workload: 'stream, paced', base: 'bare', atMost: 1.3 },
] as const

export interface Measured {
  readonly results: Results
  readonly workloads: readonly Workload[]
  readonly contenders: readonly Contender[]
  readonly absent: readonly string[]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(spread: Spread | null, digits: number): string {
  if (spread === null) return '-'
  const { median, low, high } = spread
  return `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`
}

function opening({ results, contenders, absent }: Measured): string {
  const model = cpus()[0]?.model ?? 'unknown CPU'
  const load = loadavg()[0]?.toFixed(1)
  const lines = [`Node ${process.version} on ${cpus().length} x ${model}, load ${load}; ${layout}`]
  for (const { name, checks, takes } of contenders) {
    if (name !== 'direct' && takes !== 'own') lines.push(`  ${name}: checks ${checks}`)
  }
  const others = (results.overall((cell) => cell.others)?.median ?? 0) * 100
  lines.push(
    `other work on the measured core: ${others.toFixed(0)} %${others > DISTURBED ? ': repeat this on a quieter machine' : ''}`,
  )
  if (absent.length > 0) lines.push(`not measured: ${absent.join(', ')}`)
  return lines.join('\n')
}

const isOther = ({ name, takes }: Contender) => name !== OURS && name !== 'direct' && takes !== 'own'
const isShared = ({ measures, scope }: Workload) => measures === 'cpu' && scope !== 'ours'

function ratios({ results, workloads, contenders }: Measured): string {
  const bases = contenders.filter(isOther).map(({ name }) => name)
  const rows = workloads
    .filter(isShared)
    .map((workload) => [workload.name, ...bases.map((base) => shown(results.ratio(workload.name, OURS, base), 2))])
  return `CPU of ${OURS} as a share of the other's, same round: median (quartiles)\n${table(['', ...bases], rows)}`
}

function costs({ results, workloads, contenders }: Measured): string {
  const names = [OURS, ...contenders.filter(isOther).map(({ name }) => name)]
  const rows = workloads.filter(isShared).map(({ name, unit }) => {
    const cell = (contender: string) => {
      const idle = (results.figure(name, contender, ({ busy }) => busy)?.median ?? 1) < BUSY
      return (
        shown(
          results.figure(name, contender, ({ cost }) => cost),
          1,
        ) + (idle ? ' ~' : '')
      )
    }
    return [`${name}, us a ${unit}`, ...names.map(cell)]
  })
  const note = `~ the process was less than ${BUSY * 100} % busy: the load was the limit`
  return `CPU of the process on this machine\n${table(['', ...names], rows)}\n${note}`
}

function latencies({ results, workloads, contenders }: Measured): string {
  const others = contenders.filter((contender) => isOther(contender) && contender.takes === 'all')
  const names = [OURS, ...others.map(({ name }) => name)]
  const percentiles = ['p50', 'p99'] as const
  const rows = workloads
    .filter(({ measures }) => measures === 'latency')
    .flatMap(({ name }) =>
      percentiles.map((key) => [
        `${name}, ${key}`,
        ...names.map((contender) =>
          shown(
            results.difference(name, contender, 'direct', (cell) => cell[key]),
            0,
          ),
        ),
      ]),
    )
  return `Latency added to the direct call, us\n${table(['', ...names], rows)}`
}

function targets({ results }: Measured): string {
  const lines = TARGETS.flatMap(({ workload, base, atMost }) => {
    const ratio = results.ratio(workload, OURS, base)
    if (ratio === null) return []
    const verdict = ratio.median <= atMost ? 'met' : 'NOT met'
    return [`  ${workload}: at most ${atMost} of ${base}: ${ratio.median.toFixed(2)}, ${verdict}`]
  })
  return lines.length === 0 ? '' : `Targets\n${lines.join('\n')}`
}

/** What rules cost, and what a refusal costs, as shares of a small request that is let through. */
function own({ results, workloads, contenders }: Measured): string {
  const compared = [
    ...contenders.filter(({ takes }) => takes === 'own').map(({ name }) => ({ workload: SMALL, name })),
    ...workloads.filter(({ scope }) => scope === 'ours').map(({ name }) => ({ workload: name, name: OURS })),
  ]
  const bases = results.cells(SMALL, OURS)
  if (bases.length === 0) return ''
  const rows = compared.map(({ workload, name }) => {
    const cells = results.cells(workload, name)
    const shares = spread(cells.map(({ cost }, round) => cost / (bases[round]?.cost ?? Number.NaN)))
    const label = name === OURS ? workload : name
    return [label, shown(shares, 2), shown(spread(cells.map(({ cost }) => cost)), 1)]
  })
  return `Sallyport against itself at ${SMALL}\n${table(['', 'share', 'us a request'], rows)}`
}

export function render(measured: Measured): string {
  const parts = [opening, ratios, costs, latencies, own, targets].map((part) => part(measured))
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}
