import type { AccessMatrix, MatrixCell } from './access-matrix.ts'
import { shownRole } from './words.ts'

export const TABLE_FORMATS = ['text', 'markdown', 'csv'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

/**
 * A matrix for people: conditions are footnotes, or stand in the cell where there is no foot (CSV). `printable` makes
 * names fit for where they are shown: it is asked before anything is laid out.
 */
export function matrixText(matrix: AccessMatrix, format: TableFormat, printable: (text: string) => string): string {
  const head = ['role', ...matrix.models.map((model) => (model === '*' ? 'every model' : model))].map(printable)
  const name = (role: string | null) => printable(shownRole(role))
  if (format === 'csv') {
    const rows = matrix.rows.map(({ role, cells }) => [name(role), ...cells.map((cell) => printable(fullCell(cell)))])
    return [head, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
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
  return format === 'markdown' ? `${number}. ${markdownCell(note)}\n` : `[${number}] ${note}\n`
}

function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  const padded = (cell: string, column: number) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length)
  return rows.map((row) => `${row.map(padded).join('  ').trimEnd()}\n`).join('')
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows
  const line = (cells: readonly string[]) => `| ${cells.map(markdownCell).join(' | ')} |\n`
  return `${line(head)}|${' --- |'.repeat(head.length)}\n${rest.map(line).join('')}`
}

/** Nothing in a name is markup: neither a cell's end nor emphasis, links, code or tags. */
function markdownCell(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|~&#!]/g, (mark) => `\\${mark}`)
}

/**
 * A field of RFC 4180. One that a spreadsheet would read as a formula begins with an apostrophe, which shows its text
 * as it is; a lone dash is no formula.
 */
export function csvCell(text: string): string {
  const safe = text !== '-' && /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
