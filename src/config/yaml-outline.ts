export type Path = readonly (string | number)[]
export type Place = (path: Path, at?: 'key' | 'value') => { readonly line: number; readonly column: number }

/**
 * Where each value of a file stands: one row for each, in the order of reading, so that those inside of a value follow it.
 * Numbers instead of the library's nodes, which take many times as much memory, for as long as anybody may ask.
 */
export class Outline {
  /** The key of a map's entry, the position of a list's. */
  readonly #steps: (string | number | null)[] = []
  /** Offsets in UTF-16 units: of the value, or of its key where nothing of it can be seen. */
  readonly #values: number[] = []
  readonly #keys: number[] = []
  /** The row behind the last one inside. */
  readonly #ends: number[] = []

  /** Opens a row; `close` it once everything inside has been opened and closed. Offsets in UTF-16 units. */
  open(step: string | number | null, value: number, key: number): number {
    this.#values.push(value)
    this.#keys.push(key)
    this.#ends.push(0)
    return this.#steps.push(step) - 1
  }

  close(row: number): void {
    this.#ends[row] = this.#steps.length
  }

  /** The offset of the deepest value that a path leads to, or of its key. Zero where there is no row at all. */
  locate(path: Path, at: 'key' | 'value'): number {
    let row = 0
    for (const [index, step] of path.entries()) {
      const inside = this.#inside(row, step)
      if (inside === null) return this.#values[row] ?? 0
      row = inside
      if (at === 'key' && index === path.length - 1) return this.#keys[row] ?? 0
    }
    return this.#values[row] ?? 0
  }

  #inside(row: number, step: string | number): number | null {
    const end = this.#ends[row] ?? 0
    for (let next = row + 1; next < end; next = this.#ends[next] ?? end) {
      if (this.#steps[next] === step) return next
    }
    return null
  }
}

/** Tells lines and columns, from 1, of offsets in a text, both counted in UTF-16 units. */
export function lineFinder(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const { length } = text
  return (offset) => {
    const within = Math.min(Math.max(offset, 0), length)
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= within) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: within - (starts[low] ?? 0) + 1 }
  }
}
