import { compareCodePoints } from '../policy/code-points.ts'
import { type Cell, cellOf, fieldOf, roleSubject, type Subject } from './access-cell.ts'
import {
  type AnalysedOperation,
  type AnalysedPolicy,
  EVERY_MODEL,
  type ModelTarget,
  type NamedTarget,
  NO_MODEL,
  namesModel,
  operationsOf,
  serving,
  targetOf,
} from './access-universe.ts'

/** What one role may do; null stands for everybody, whatever roles they hold. */
export interface RoleAccess extends Cell {
  readonly role: string | null
}

/** Operations whose answers are equal, and the answer. */
interface AccessGroup {
  readonly operations: readonly string[]
  readonly access: readonly RoleAccess[]
}

/** Who may reach a model or an operation. */
export interface ReachAnswer {
  /** Null where none was asked for. */
  readonly model: {
    readonly asked: string
    /** What is decided: the model itself, where an alias was asked for. */
    readonly name: string
    readonly alias: boolean
    /** The upstreams that serve it, or a part of it. */
    readonly upstreams: readonly string[]
  } | null
  /** Only operations that somebody may use, or that a deny keeps everybody from. */
  readonly groups: readonly AccessGroup[]
}

/** Models whose answers are equal, and the answer: what a role or caller may do. */
export interface UseGroup {
  /** Names, patterns and `@sets`; `*` is every model. Null where the operations have none. */
  readonly models: readonly string[] | null
  readonly uses: readonly (Cell & { readonly operations: readonly string[] })[]
}

/** Everybody, then all roles by code points. */
export function subjectsOf(policy: AnalysedPolicy): Subject[] {
  const roles = [...policy.outline.roles.keys()].sort(compareCodePoints)
  return [null, ...roles].map((role) => roleSubject(policy, role))
}

/** Who may reach a model by each of the operations; null asks about all models, and of some operations about none. */
export function whoCan(
  policy: AnalysedPolicy,
  asked: NamedTarget | null,
  operations: readonly AnalysedOperation[],
): ReachAnswer {
  const subjects = subjectsOf(policy)
  const rows = operations.map((operation) => {
    const target = namesModel(operation) ? (asked ?? EVERY_MODEL) : NO_MODEL
    const field = fieldOf(policy, operation, target)
    const access = subjects
      .map((subject) => ({ role: subject.role, ...cellOf(field, subject) }))
      .filter(({ ways, removed }) => ways.length + removed.length > 0)
    return { operations: operation.label, access }
  })
  const groups = grouped(
    rows.filter(({ access }) => access.length > 0),
    ({ access }) => access,
  )
  return {
    model: asked && {
      ...named(asked),
      upstreams: serving(policy, asked, operations)
        .map(({ name }) => name)
        .sort(compareCodePoints),
    },
    groups: groups.map((list) => ({
      operations: list.map(({ operations: label }) => label),
      access: list[0]?.access ?? [],
    })),
  }
}

function named(target: NamedTarget) {
  const name = target.kind === 'name' ? target.name : target.label
  return { asked: target.label, name, alias: name !== target.label }
}

/** What the subject may do, by the sets, patterns and names of the rules that are for it. */
export function whatCan(policy: AnalysedPolicy, subject: Subject): UseGroup[] {
  const operations = operationsOf(policy.outline)
  const withModel = operations.filter(namesModel)
  const rows = targetsFor(policy, subject)
    .map((target) => ({ label: target.label, uses: usesOf(policy, subject, target, withModel) }))
    .filter(({ uses }) => uses.length > 0)
  const others = operations.filter((operation) => !namesModel(operation))
  const without = usesOf(policy, subject, NO_MODEL, others)
  const groups = grouped(rows, ({ uses }) => uses).map((list) => ({
    models: list.map(({ label }) => label),
    uses: list[0]?.uses ?? [],
  }))
  return without.length > 0 ? [...groups, { models: null, uses: without }] : groups
}

/**
 * What the rules say of the target as a whole: a rule for a part of it is told where that part is, and what only rules
 * for every model say is told with every model.
 */
function usesOf(
  policy: AnalysedPolicy,
  subject: Subject,
  target: ModelTarget,
  operations: readonly AnalysedOperation[],
): UseGroup['uses'] {
  const isEvery = target.kind === 'none' || target.label === '*'
  const forEvery = new Set(policy.outline.rules.filter(({ models }) => models === null).map(({ id }) => id))
  const rows = operations.map((operation) => {
    const field = fieldOf(policy, operation, target)
    const allows = field.allows.filter(({ parts }) => !parts.some(({ condition }) => condition === 'models'))
    return { label: operation.label, cell: cellOf({ ...field, allows }, subject) }
  })
  const open = rows.filter(({ cell: { ways, removed } }) =>
    [...ways.flatMap(({ rule, also }) => [rule, ...also]), ...removed.map(({ rule }) => rule)].some(
      (rule) => isEvery || !forEvery.has(rule),
    ),
  )
  return grouped(open, ({ cell }) => cell).map((list) => ({
    operations: list.map(({ label }) => label),
    ...(list[0]?.cell ?? { ways: [], removed: [] }),
  }))
}

/** As the allows for the subject write them, by code points; every model first where one names none. */
function targetsFor({ outline }: AnalysedPolicy, { roles: { certain, possible } }: Subject): NamedTarget[] {
  const held = new Set([...certain, ...[...possible.values()].flat()])
  const allows = outline.rules.filter(
    ({ effect, mode, roles }) =>
      effect === 'allow' && mode === 'enforce' && (roles === null || roles.some((role) => held.has(role))),
  )
  const written = new Set(allows.flatMap(({ modelsWritten }) => modelsWritten ?? ['*']))
  return [...written].sort(compareCodePoints).map((name) => targetOf(outline, name) ?? EVERY_MODEL)
}

/** Rows with equal answers together, in the order of the first of each. */
export function grouped<Row>(rows: readonly Row[], answer: (row: Row) => unknown): Row[][] {
  return [...Map.groupBy(rows, (row) => JSON.stringify(answer(row))).values()]
}
