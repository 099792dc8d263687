/** The score of a run, and what no test noticed. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Mutant } from './mutants.ts'
import type { Outcome } from './results.ts'

export interface Row {
  readonly file: string
  readonly mutant: Mutant
  /** The line that the mutant is in. */
  readonly code: string
  /** Null where time was up before. */
  readonly outcome: Outcome | null
}

/** A mutant that changes nothing that anybody could notice, and why. Known by its line's text: numbers move. */
export interface Equivalent {
  readonly file: string
  readonly code: string
  readonly after: string
  readonly why: string
}

export function readEquivalents(): Equivalent[] {
  const path = new URL('./equivalents.yaml', import.meta.url)
  return parse(readFileSync(path, 'utf8')) as Equivalent[]
}

/** Answers how many survivors nobody has explained. */
export function printReport(
  rows: readonly Row[],
  equivalents: readonly Equivalent[],
  listsAll: boolean,
  print: (text: string) => void,
): number {
  const reasonOf = ({ file, code, mutant }: Row) =>
    equivalents.find((one) => one.file === file && one.code === code && one.after === mutant.after)?.why
  const tried = rows.filter(({ outcome }) => outcome !== null)
  const survivors = tried.filter(({ outcome }) => outcome?.is === 'survived')
  const unexplained = survivors.filter((row) => reasonOf(row) === undefined)
  const explained = survivors.filter((row) => reasonOf(row) !== undefined)
  for (const row of listsAll ? explained : []) print(`${words(row)}\n    equivalent: ${reasonOf(row)}`)
  for (const row of unexplained) print(words(row))
  for (const file of new Set(rows.map((row) => row.file))) {
    const own = (list: readonly Row[]) => list.filter((row) => row.file === file)
    const noticed = own(tried).length - own(survivors).length
    print(`${file.padEnd(46)}${score(noticed, own(tried).length - own(explained).length)}`)
  }
  const stuck = tried.filter(({ outcome }) => outcome?.is === 'stuck').length
  print(
    `\n${rows.length} mutants, ${tried.length} tried, ${tried.length - survivors.length} noticed (${stuck} of them ` +
      `by never ending), ${explained.length} equivalent, ${unexplained.length} not noticed: ` +
      `${score(tried.length - survivors.length, tried.length - explained.length)}`,
  )
  return unexplained.length
}

function words({ file, code, mutant }: Row): string {
  return `${file}:${mutant.line}: ${code}\n    \`${oneLine(mutant.before)}\` became \`${oneLine(mutant.after)}\``
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 100)}…` : line
}

function score(noticed: number, all: number): string {
  return all === 0 ? 'none' : `${noticed}/${all} ${((noticed / all) * 100).toFixed(1)} %`
}
