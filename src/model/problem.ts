/**
 * One thing wrong with a file, found before serving. `path` leads from the document's root to the value that is wrong
 * (keys and list positions); the loader turns it into line and column. With `at: 'key'` the key itself is wrong.
 */
export interface Problem {
  readonly path: readonly (string | number)[]
  readonly at?: 'key' | 'value'
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
}

/** A problem with its place in a file; lines and columns count from 1. */
export interface PlacedProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
}
