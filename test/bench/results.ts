import type { Cell } from './generator.ts'

/** Median and quartiles of one figure over the rounds. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Every cell of a run, by workload and contender, one a round. */
export class Results {
  readonly #cells = new Map<string, Cell[]>()

  add(workload: string, contender: string, cell: Cell): void {
    const key = `${workload}\n${contender}`
    const cells = this.#cells.get(key)
    if (cells) cells.push(cell)
    else this.#cells.set(key, [cell])
  }

  cells(workload: string, contender: string): readonly Cell[] {
    return this.#cells.get(`${workload}\n${contender}`) ?? []
  }

  /** One figure of every cell there is. */
  overall(of: (cell: Cell) => number): Spread | null {
    return spread([...this.#cells.values()].flat().map(of))
  }

  figure(workload: string, contender: string, of: (cell: Cell) => number): Spread | null {
    return spread(this.cells(workload, contender).map(of))
  }

  /** What `contender` needed as a share of what `base` needed in the same round. */
  ratio(workload: string, contender: string, base: string): Spread | null {
    const bases = this.cells(workload, base)
    const ratios = this.cells(workload, contender).flatMap(({ cost }, round) => {
      const other = bases[round]?.cost
      return other ? [cost / other] : []
    })
    return spread(ratios)
  }

  /** Figures of `contender` less those of `base` in the same round. */
  difference(workload: string, contender: string, base: string, of: (cell: Cell) => number): Spread | null {
    const bases = this.cells(workload, base)
    const differences = this.cells(workload, contender).flatMap((cell, round) => {
      const other = bases[round]
      return other ? [of(cell) - of(other)] : []
    })
    return spread(differences)
  }
}

export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

/** Between two values it lies on the line from one to the other. */
function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
