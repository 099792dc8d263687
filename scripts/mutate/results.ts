/** What became of each mutant, kept between runs so that a run goes on where the last one ended. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Mutant } from './mutants.ts'

export type Outcome =
  | { readonly is: 'killed'; readonly by: string; readonly why: string }
  | { readonly is: 'survived' }
  /** It never came back, or took the process down. */
  | { readonly is: 'stuck' }

interface Kept {
  readonly outcome: Outcome
  /** Of the tests that it survived: with others it is tried again. */
  readonly tests: string
}

export interface Results {
  get(file: string, mutant: Mutant, tests: string): Outcome | null
  set(file: string, mutant: Mutant, tests: string, outcome: Outcome): void
  save(): void
}

/** A mutant is known by its change and the text of the file that it is of, not by its place among others. */
export function openResults(path: string, startsAnew: boolean, sources: ReadonlyMap<string, string>): Results {
  const kept = new Map<string, Kept>(startsAnew ? [] : Object.entries(readKept(path)))
  const digests = new Map([...sources].map(([file, source]) => [file, digestOf([source])]))
  const keyOf = (file: string, { start, end, after }: Mutant) => `${file} ${digests.get(file)} ${start}-${end} ${after}`
  return {
    get: (file, mutant, tests) => {
      const found = kept.get(keyOf(file, mutant))
      // A mutant that a test noticed is not hidden again by more tests.
      return found && (found.outcome.is !== 'survived' || found.tests === tests) ? found.outcome : null
    },
    set: (file, mutant, tests, outcome) => void kept.set(keyOf(file, mutant), { outcome, tests }),
    save: () => {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, JSON.stringify(Object.fromEntries(kept)))
    },
  }
}

function readKept(path: string): { [key: string]: Kept } {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}

export function digestOf(texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex').slice(0, 16)
}
