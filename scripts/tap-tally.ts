/** One finished test file of a TAP stream. */
export interface FileTally {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface Skip {
  readonly file: string
  readonly name: string
  readonly reason: string
}

export interface Failure {
  readonly file: string
  readonly name: string
  readonly detail: readonly string[]
}

interface Open {
  readonly indent: number
  readonly name: string
  passed: number
  failed: number
  skipped: number
}

interface Point {
  readonly indent: number
  readonly ok: boolean
  readonly name: string
  readonly directive: 'skip' | 'todo' | null
  readonly reason: string
}

/**
 * Counts the assertions of a TAP stream, line by line, file by file. A group counts by what is in it; one that failed
 * although nothing in it did (a crash, a time-out) counts as one failure, and one that was skipped as one skip.
 */
export class TapTally {
  readonly skips: Skip[] = []
  readonly failures: Failure[] = []
  readonly #onFile: (tally: FileTally) => void
  #open: Open[] = []
  #total = { passed: 0, failed: 0, skipped: 0 }
  #detail: { readonly indent: number; readonly lines: string[] } | null = null
  #lastIndent = 0
  #lastFailure: string[] | null = null

  constructor(onFile: (tally: FileTally) => void = () => {}) {
    this.#onFile = onFile
  }

  get total(): { readonly passed: number; readonly failed: number; readonly skipped: number } {
    return this.#total
  }

  push(line: string): void {
    if (this.#detail !== null) {
      this.#addDetail(line)
      return
    }
    const indent = line.length - line.trimStart().length
    if (indent === this.#lastIndent + 2 && line.trim() === '---') {
      this.#detail = { indent, lines: this.#lastFailure ?? [] }
      return
    }
    const group = /^ *# Subtest: (.*)$/.exec(line)
    if (group) {
      this.#open.push({ indent, name: group[1] ?? '', passed: 0, failed: 0, skipped: 0 })
      return
    }
    if (/^ *Bail out!/.test(line)) this.#count({ indent, ok: false, name: line.trim(), directive: null, reason: '' })
    const point = parsePoint(line, indent)
    if (point) this.#take(point)
  }

  #addDetail(line: string): void {
    const detail = this.#detail
    if (detail === null) return
    if (line.trim() === '...' && line.length - line.trimStart().length === detail.indent) {
      this.#detail = null
      this.#lastFailure = null
    } else {
      detail.lines.push(line.slice(detail.indent))
    }
  }

  #take(point: Point): void {
    this.#lastIndent = point.indent
    this.#lastFailure = null
    const group = this.#open.at(-1)
    if (group === undefined || group.indent !== point.indent) {
      this.#count(point)
      return
    }
    this.#open.pop()
    const inside = group.passed + group.failed + group.skipped
    if (point.directive !== null && inside === 0) this.#count(point, group)
    else if (!point.ok && group.failed === 0 && point.directive === null) this.#count(point, group)
    this.#addUp(group)
    if (point.indent === 0) this.#onFile({ file: group.name, ...counts(group) })
  }

  /** Counts one leaf: into the group that it stands in, or into `into` when it closes that group. */
  #count(point: Point, into: Open | undefined = this.#open.at(-1)): void {
    const kind = point.directive !== null ? 'skipped' : point.ok ? 'passed' : 'failed'
    if (into === undefined) this.#total[kind]++
    else into[kind]++
    if (kind === 'passed') return
    const names = this.#open.map(({ name }) => name)
    const [file = point.name, ...groups] = names
    const name = [...groups, ...(names.length > 0 ? [point.name] : [])].join(' > ')
    if (kind === 'skipped') {
      this.skips.push({ file, name, reason: point.reason || String(point.directive) })
      return
    }
    const detail: string[] = []
    this.failures.push({ file, name, detail })
    this.#lastFailure = detail
  }

  #addUp(group: Open): void {
    const parent = this.#open.at(-1) ?? this.#total
    parent.passed += group.passed
    parent.failed += group.failed
    parent.skipped += group.skipped
  }
}

function counts({ passed, failed, skipped }: Open) {
  return { passed, failed, skipped }
}

function parsePoint(line: string, indent: number): Point | null {
  const match = /^ *(not )?ok\b(?: \d+)?(?: - )?(.*)$/.exec(line)
  if (!match) return null
  const rest = match[2] ?? ''
  const directive = /(?<!\\)# (SKIP|TODO)\b ?(.*)$/i.exec(rest)
  const name = rest
    .slice(0, directive?.index ?? rest.length)
    .replace(/(?<!\\)# time=.*$/, '')
    .trim()
  return {
    indent,
    ok: !match[1],
    name,
    directive: directive ? (directive[1]?.toLowerCase() as 'skip' | 'todo') : null,
    reason: directive?.[2]?.trim() ?? '',
  }
}
