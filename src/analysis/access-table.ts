import type { AccessMatrix, MatrixCell } from './access-matrix.ts'
import { markdownText } from './markdown-text.ts'
import { shownRole } from './words.ts'

export const TABLE_FORMATS = ['text', 'markdown', 'csv'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

/** What stands between the fields of CSV: spreadsheets of languages with a decimal comma read semicolons. */
export const SEPARATORS = [',', ';'] as const

interface TableForm {
  readonly format: TableFormat
  readonly separator?: string
}

/**
 * A matrix for people: conditions are footnotes, or stand in the cell where there is no foot (CSV). `printable` makes
 * names fit for where they are shown: it is asked before anything is laid out.
 */
export function matrixText(
  matrix: AccessMatrix,
  { format, separator = ',' }: TableForm,
  printable: (text: string) => string,
): string {
  const head = ['role', ...matrix.models.map((model) => (model === '*' ? 'every model' : model))].map(printable)
  const name = (role: string | null) => printable(shownRole(role))
  if (format === 'csv') {
    const rows = matrix.rows.map(({ role, cells }) => [name(role), ...cells.map((cell) => printable(fullCell(cell)))])
    return [head, ...rows].map((row) => `${row.map(csvCell).join(separator)}\r\n`).join('')
  }
  const notes: string[] = []
  const rows = matrix.rows.map(({ role, cells }) => [name(role), ...cells.map((cell) => notedCell(cell, notes))])
  const layOut = format === 'markdown' ? markdownTable : textTable
  const foot = notes.map((note, index) => footnote(printable(note), index + 1, format))
  return `${layOut([head, ...rows])}${foot.length > 0 ? `\n${foot.join('')}` : ''}`
}

function fullCell({ access, notes }: MatrixCell): string {
  if (access === 'no') return '-'
  return access === 'yes' ? 'yes' : `if ${notes.join('; or ')}`
}

function notedCell({ access, notes: own }: MatrixCell, notes: string[]): string {
  if (access === 'no') return '-'
  if (access === 'yes') return 'yes'
  const numbers = own.map((note) => {
    if (!notes.includes(note)) notes.push(note)
    return notes.indexOf(note) + 1
  })
  return `if [${numbers.join(', ')}]`
}

function footnote(note: string, number: number, format: TableFormat): string {
  return format === 'markdown' ? `${number}. ${markdownText(note)}\n` : `[${number}] ${note}\n`
}

function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  const padded = (cell: string, column: number) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length)
  return rows.map((row) => `${row.map(padded).join('  ').trimEnd()}\n`).join('')
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows
  const line = (cells: readonly string[]) => `| ${cells.map(markdownText).join(' | ')} |\n`
  return `${line(head)}|${' --- |'.repeat(head.length)}\n${rest.map(line).join('')}`
}

/**
 * A field of RFC 4180, for whatever separator. One that a spreadsheet would read as a formula begins with an apostrophe,
 * which shows its text as it is; a lone dash is no formula. What would begin a field for a reader that separates by
 * something else is treated alike.
 */
export function csvCell(text: string): string {
  const safe = text === '-' ? text : text.replace(FORMULA, "$1'")
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Where a formula could begin: at the start, or behind what some reader takes for the end of a field. */
const FORMULA = /(^|[,;\t\r\n])(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])/g
