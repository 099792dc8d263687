import type { ModelFact } from '../model/request.ts'
import type { PolicyOutline } from '../policy/outline.ts'
import type { PolicyDiff } from './diff.ts'
import { type Cell, type Grid, isAskable, isLikely, UNINSPECTED } from './diff-cells.ts'
import type { Finding } from './diff-fields.ts'
import { namesOf, type Vocabulary, vocabulary } from './diff-names.ts'
import type { Subject } from './diff-subjects.ts'
import type { Witness } from './diff-witness.ts'
import { subjectText, type WordedWays, wordedWays } from './diff-words.ts'

/** `gained` from nothing, `lost` altogether; the others had access before and have it after. */
export type ChangeKind = 'gained' | 'lost' | 'widened' | 'narrowed' | 'changed'

/** What changes in the same way for some subjects, operations and models. */
export interface AccessChange {
  readonly change: ChangeKind
  readonly subjects: readonly Subject[]
  readonly operations: readonly string[]
  /** Empty for operations without a model. */
  readonly models: readonly string[]
  readonly before: WordedWays
  readonly after: WordedWays
  readonly rules: readonly string[]
  /** Decided more openly, less openly, or one request of each. */
  readonly witnesses: readonly Witness[]
}

export interface AccessReport {
  readonly changes: readonly AccessChange[]
  /** Some request is decided more openly, for all that can be told. */
  readonly widens: boolean
  readonly undecided: readonly { readonly where: string; readonly why: string }[]
}

interface Told extends Omit<AccessChange, 'operations' | 'models'> {
  readonly cells: readonly Cell[]
}

interface Names {
  readonly grid: Grid
  readonly operations: Vocabulary
  readonly models: Vocabulary
}

/** A diff as few changes as say it all: equal ones of several subjects, operations and models are one. */
export function reportOf(
  { findings, undecided, grid, rules: compared }: PolicyDiff,
  before: PolicyOutline,
  after: PolicyOutline,
): AccessReport {
  const rules = [...compared.before, ...compared.after]
  const models = [...rules.flatMap((rule) => rule.models ?? []), ...[...before.aliases, ...after.aliases].flat()]
  const toldApart = new Set(models)
  // A set with a name that nothing tells apart would be said where a part of it is meant.
  const isWord = ([name, list]: readonly [string, readonly string[]]) =>
    isSame(list, after.sets.get(name)) && list.every((one) => toldApart.has(one))
  const names: Names = {
    grid,
    operations: vocabulary([...rules.flatMap(({ operations }) => operations ?? []), ...UNINSPECTED], new Map()),
    models: vocabulary(models, new Map([...before.sets].filter(isWord))),
  }
  const bySubject = merged(likelyCells(findings).map(toldOf), ({ subjects }) => JSON.stringify(subjects), joinCells)
  const told = merged(bySubject, ({ cells }) => JSON.stringify(cells), joinSubjects)
  const changes = told.flatMap((one) => rectangles(one, names))
  return {
    changes: changes.sort((a, b) => order(a) - order(b) || compare(sortKey(a), sortKey(b))),
    widens: undecided.length > 0 || findings.some(({ opens }) => opens !== null),
    undecided: undecided.map(({ cells, why }) => ({ where: whereOf(cells, names), why })),
  }
}

function toldOf(finding: Finding): Told {
  const { subject, cells, opens, closes, rules } = finding
  const [before, after] = [wordedWays(finding.before, subject), wordedWays(finding.after, subject)]
  const witnesses = [opens, closes].filter((one) => one !== null)
  return { change: kindOf(finding), subjects: [subject], cells, before, after, rules, witnesses }
}

function kindOf({ before, after, opens, closes }: Finding): ChangeKind {
  if (opens && closes) return 'changed'
  if (opens) return before.allows.length === 0 ? 'gained' : 'widened'
  return after.allows.length === 0 ? 'lost' : 'narrowed'
}

/** Joins what says the same and has the same key. */
function merged(all: readonly Told[], keyOf: (one: Told) => string, join: (one: Told, other: Told) => Told): Told[] {
  const found = new Map<string, Told>()
  for (const one of all) {
    const { change, before, after, rules } = one
    const key = JSON.stringify([change, before, after, rules, keyOf(one)])
    const same = found.get(key)
    found.set(key, same ? join(same, one) : one)
  }
  return [...found.values()]
}

const joinCells = (one: Told, other: Told): Told => ({ ...one, cells: [...one.cells, ...other.cells] })
const joinSubjects = (one: Told, other: Told): Told => ({ ...one, subjects: [...one.subjects, ...other.subjects] })

/** Operations of which the same models are told are together; those without a model are with those that have any. */
function rectangles({ cells, ...told }: Told, names: Names): AccessChange[] {
  const { grid } = names
  const count = (operation: string) => grid.models.filter((model) => isAskable({ operation, model })).length
  const rows = [...Map.groupBy(cells, ({ operation }) => operation)].map(([operation, ones]): Row => {
    const models = ones.map(({ model }) => model.named)
    return { operation, models, isAll: models.length === count(operation), isNone: models.every((one) => one === null) }
  })
  const hasAll = rows.some(({ isAll, isNone }) => isAll && !isNone)
  const groups = Map.groupBy(rows, ({ models, isAll, isNone }) => {
    if (isNone && !hasAll) return 'none'
    return isAll || isNone ? 'all' : JSON.stringify(models.map((one) => one ?? [one === null]))
  })
  return [...groups.values()].map((group) => {
    const chosen = group.map(({ operation }) => operation)
    const alike = grid.operations.filter((operation) => group.some((row) => isAlike(row, operation)))
    return { ...told, operations: namesOf(chosen, alike, names.operations), models: modelsOf(group, names) }
  })
}

type Models = readonly ModelFact[]

interface Row {
  readonly operation: string
  readonly models: Models
  /** Those are all that the operation can have. */
  readonly isAll: boolean
  /** It has none, or those that it could have are not told. */
  readonly isNone: boolean
}

/** The operation is of the row's kind: the same could be said of it. */
function isAlike(row: Row, operation: string): boolean {
  const model = row.isNone ? null : undefined
  const isOf = (one: string) => isLikely({ operation: one, model: { named: model, before: model, after: model } })
  return isOf(operation) || !isOf(row.operation)
}

/**
 * An operation has a model or has none. Where something changes for what is likely, the same of what is not (an operation
 * on files that names a model) is not told; where nothing else changes, it is.
 */
function likelyCells(findings: readonly Finding[]): Finding[] {
  const told = new Set(
    findings.flatMap(({ cells, opens, closes }) =>
      cells
        .filter(isLikely)
        .flatMap(({ operation }) => [
          ...(opens ? [`opens ${operation}`] : []),
          ...(closes ? [`closes ${operation}`] : []),
        ]),
    ),
  )
  return findings.flatMap((finding) => {
    const { opens, closes } = finding
    const cells = finding.cells.filter(
      (cell) =>
        isLikely(cell) ||
        (opens && !told.has(`opens ${cell.operation}`)) ||
        (closes && !told.has(`closes ${cell.operation}`)),
    )
    return cells.length > 0 ? [{ ...finding, cells }] : []
  })
}

/** All models where one of the operations has any; none where they have none. */
function modelsOf(rows: readonly Row[], names: Names): string[] {
  if (rows.every(({ isNone }) => isNone)) return []
  const [first] = rows.filter(({ isNone }) => !isNone)
  return first === undefined || first.isAll ? ['*'] : modelNames(first.models, names)
}

function modelNames(models: Models, { grid, models: words }: Names): string[] {
  const named = models.filter((model) => typeof model === 'string')
  const all = grid.models.flatMap(({ named: name }) => (typeof name === 'string' ? [name] : []))
  const said = named.length === 0 ? [] : namesOf(named, all, words)
  return models.includes(undefined) && !said.includes('*') ? [...said, UNNAMED] : said
}

/** Stands for a request that could name a model and does not. */
export const UNNAMED = '(not named)'

function whereOf(cells: readonly Cell[], names: Names): string {
  if (cells.length === 0) return 'everything'
  const operations = [...new Set(cells.map(({ operation }) => operation))]
  const models = [...new Set(cells.map(({ model }) => model.named))]
  const said = modelNames(models, names)
  const ofModels = said.length === 0 ? '' : ` with ${said.join(', ')}`
  return `${namesOf(operations, names.grid.operations, names.operations).join(', ')}${ofModels}`
}

function isSame(list: readonly string[], other: readonly string[] | undefined): boolean {
  return other !== undefined && [...list].sort().join('\n') === [...other].sort().join('\n')
}

const ORDER: readonly ChangeKind[] = ['gained', 'widened', 'changed', 'narrowed', 'lost']
const order = ({ change }: AccessChange) => ORDER.indexOf(change)
const sortKey = ({ subjects, operations, models }: AccessChange) =>
  JSON.stringify([subjects.map(subjectText), operations, models])
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
