import type { PlacedProblem } from '../model/problem.ts'

const WIDTH = 100
const BEFORE_CARET = 60

/** Reads the text of a file that problems were found in; null when it cannot be read again. */
export type ReadSource = (file: string) => string | null

/**
 * Every problem as `file:line:column: message`, sorted by place, with the offending line and a caret below. Control
 * characters are escaped and long lines cut around the caret; what may be a secret in such a line is blotted out.
 */
export function renderProblems(problems: readonly PlacedProblem[], read: ReadSource): string {
  const sources = new Map<string, readonly string[] | null>()
  const secretLines = new Set(problems.filter(({ code }) => code === 'plain_secret').map(lineKey))
  const pieces = sortProblems(problems).map((problem) => {
    if (!sources.has(problem.file)) sources.set(problem.file, read(problem.file)?.split(/\r?\n/) ?? null)
    const line = sources.get(problem.file)?.[problem.line - 1]
    const { file, line: row, column, severity, message } = problem
    const head = `${printable(file)}:${row}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${printable(message)}\n`
    if (line === undefined || line.trim() === '') return head
    return head + excerpt(secretLines.has(lineKey(problem)) ? blotFrom(line, 0) : blot(line), column)
  })
  return pieces.join('')
}

/** Sorted by file, line and column; those of one place keep their order. */
function sortProblems(problems: readonly PlacedProblem[]): PlacedProblem[] {
  return [...problems].sort((a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column)
}

/** The machine-readable form: exactly the six members of the contract, in order. */
export function problemsJson(problems: readonly PlacedProblem[]): string {
  const rows = sortProblems(problems).map(({ file, line, column, severity, code, message }) => {
    return { file, line, column, severity, code, message }
  })
  return `${printableJson(rows, 2)}\n`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function lineKey({ file, line }: PlacedProblem): string {
  return `${line}:${file}`
}

const HIDDEN = '[hidden]'
// A value under a key that names a secret, unless it is a reference; and anything that looks like a key or token.
const SECRET_VALUE =
  /((?:api_?-?ke?ye?|secret|passw(?:or)?d|token|credential|bearer|authorization)[a-z_-]*["']?\s*[:=]\s*)(?![\s{*&]|$)(.*)$/i
const TOKEN_LIKE =
  /\b(?:sk|sp|pk|ghp|xox[a-z])[-_][A-Za-z0-9_-]{8,}|\beyJ[A-Za-z0-9_.-]{16,}|:\/\/[^\s/@]+@|[A-Za-z0-9+_-]{40,}/g

function blot(line: string): string {
  // A blot keeps the width of what it covers, so that the caret of another problem in the line stays in place.
  const tokens = line.replace(TOKEN_LIKE, (found) => cover(found.length))
  const value = SECRET_VALUE.exec(tokens)
  return value ? blotFrom(tokens, value.index + (value[1]?.length ?? 0)) : tokens
}

function blotFrom(line: string, from: number): string {
  const start = from === 0 ? Math.max(line.search(/\S/), 0) : from
  const colon = from === 0 ? /^\s*(?:- )?[a-z_]+:(?= )/.exec(line) : null
  const keep = colon ? colon[0].length + 1 : start
  return line.slice(0, keep) + cover(line.length - keep)
}

function cover(width: number): string {
  return HIDDEN.padEnd(width, '·')
}

function excerpt(line: string, column: number): string {
  const caret = Math.min(column - 1, line.length)
  const start = line.length > WIDTH && caret > BEFORE_CARET ? caret - BEFORE_CARET : 0
  const cut = line.slice(start, start + WIDTH)
  const lead = start > 0 ? '…' : ''
  const tail = start + WIDTH < line.length ? '…' : ''
  const before = lead + printable(line.slice(start, caret))
  return `  ${lead}${printable(cut)}${tail}\n  ${' '.repeat([...before].length)}^\n`
}

/** Text that a terminal shows as it is: controls and writing-direction characters become escapes, tabs spaces. */
export function printable(text: string): string {
  const shown = text.toWellFormed().replace(/\t/g, ' ')
  return shown.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (found) => {
    return `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`
  })
}

/** The same of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** JSON of a value, the same for a reader, in which what a terminal would act on stands as an escape. */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(/[\x7f-\x9f\p{Cf}\u2028\u2029]/gu, (found) =>
    found
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
