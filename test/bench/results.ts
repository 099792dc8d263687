import type { Cell } from './generator.ts'

/** Middle and extent of one figure over the rounds. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
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
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper
  if (upper === undefined || lower === undefined) return null
  return { median: (lower + upper) / 2, min: sorted[0] ?? upper, max: sorted.at(-1) ?? upper }
}
