import { compareCodePoints } from '../policy/code-points.ts'
import { grouped, subjectsOf } from './access.ts'
import { type Cell, cellOf, type Field, fieldOf, type Subject } from './access-cell.ts'
import { wayConditions } from './access-text.ts'
import {
  type AnalysedOperation,
  type AnalysedPolicy,
  EVERY_MODEL,
  type NamedTarget,
  namesModel,
  targetOf,
} from './access-universe.ts'

/** Whether a role may reach the models of a column by one of the operations, and under which conditions. */
export interface MatrixCell {
  /** `yes`: whatever is allowed needs no more than the role. `if`: some of it has conditions, and the notes say which. */
  readonly access: 'yes' | 'if' | 'no'
  /** Each is one way; that of an operation is enough for it. */
  readonly notes: readonly string[]
}

/** Rows are roles (null is everybody), columns models. */
export interface AccessMatrix {
  readonly operations: readonly string[]
  readonly models: readonly string[]
  readonly rows: readonly { readonly role: string | null; readonly cells: readonly MatrixCell[] }[]
}

/** The named sets and the models that rules name beside them, by code points; `*` where a rule is for every model. */
export function matrixTargets({ outline }: AnalysedPolicy): NamedTarget[] {
  const inForce = outline.rules.filter(({ mode }) => mode === 'enforce')
  const written = inForce.flatMap(({ effect, modelsWritten }) => modelsWritten ?? (effect === 'allow' ? ['*'] : []))
  const names = new Set([...[...outline.sets.keys()].map((name) => `@${name}`), ...written])
  return [...names].sort(compareCodePoints).map((name) => targetOf(outline, name) ?? EVERY_MODEL)
}

export function accessMatrix(
  policy: AnalysedPolicy,
  targets: readonly NamedTarget[],
  operations: readonly AnalysedOperation[],
): AccessMatrix {
  const asked = operations.filter(namesModel)
  const isWhole = (target: NamedTarget, { parts }: Field['allows'][number]) =>
    target.label !== '*' || !parts.some(({ condition }) => condition === 'models')
  const columns = targets.map((target) =>
    asked.map(({ label, asked: name }) => {
      const field = fieldOf(policy, { label, asked: name }, target)
      // What is for a part of all models is told where that part is.
      return { label, field: { ...field, allows: field.allows.filter((rule) => isWhole(target, rule)) } }
    }),
  )
  return {
    operations: asked.map(({ label }) => label),
    models: targets.map(({ label }) => label),
    rows: subjectsOf(policy).map((subject) => ({
      role: subject.role,
      cells: columns.map((fields) => matrixCell(fields, subject)),
    })),
  }
}

function matrixCell(fields: readonly { label: string; field: Field }[], subject: Subject): MatrixCell {
  const cells = fields.map(({ label, field }) => ({ label, cell: cellOf(field, subject) }))
  const open = cells.filter(({ cell }) => cell.ways.length > 0)
  if (open.length === 0) return { access: 'no', notes: [] }
  const texts = ({ ways }: Cell) => {
    const all = ways.map(wayConditions)
    return all.includes('') ? ['without a condition'] : all
  }
  const groups = grouped(open, ({ cell }) => texts(cell))
  const isFree = open.every(({ cell }) => cell.ways.some((way) => wayConditions(way) === ''))
  if (isFree) return { access: 'yes', notes: [] }
  const notes = groups.flatMap((list) => {
    const labels = groups.length === 1 ? '' : `${list.map(({ label }) => label).join(', ')}: `
    return texts(list[0]?.cell ?? { ways: [], removed: [] }).map((text) => `${labels}${text}`)
  })
  return { access: 'if', notes: [...new Set(notes)] }
}
