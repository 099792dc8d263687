import type { Fault } from '../model/fault.ts'
import { ok, type Result } from '../model/result.ts'
import type { Edit } from '../shape/edits.ts'
import { openBody, type Unopened } from '../shape/open-body.ts'
import { openForm } from '../shape/open-form.ts'
import { type OpenedTarget, openTarget } from '../shape/open-target.ts'
import type { RequestIds } from '../shape/request-ids.ts'
import type { AskedObjects } from './asked-objects.ts'
import { rowOf } from './isolation-row.ts'
import { objectNotFound } from './refusals.ts'

/** A request whose ids are those that its upstream knows. */
export interface OpenedIds {
  readonly target: OpenedTarget
  /** What opens the ids in the body. */
  readonly edits: readonly Edit[]
  /** The same of a form: fields to set, by their names. */
  readonly changes: ReadonlyMap<string, string>
}

const NO_CHANGES: ReadonlyMap<string, string> = new Map()

/** Opens every id of a request, in its path, query, form and body; what does not open is not the caller's. */
export function openIds({ found, body, fields, noted }: AskedObjects, ids: RequestIds): Result<OpenedIds, Unopened> {
  const { endpoint, path, query } = found
  const target = openTarget({ template: endpoint.path, path, query, parameters: endpoint.query }, ids.open)
  if (!target.ok) return target
  if (fields !== null) {
    const changes = openForm(fields, noted, ids.open)
    return changes.ok ? ok({ target: target.value, edits: [], changes: changes.value }) : changes
  }
  if (body === null) return ok({ target: target.value, edits: [], changes: NO_CHANGES })
  const row = rowOf(endpoint)
  const isStrict = row.kind === 'sealed' && row.isStrict
  const edits = openBody(body.text, { noted, isStrict }, ids.open)
  return edits.ok ? ok({ target: target.value, edits: edits.value, changes: NO_CHANGES }) : edits
}

/** The same for an id that does not open as for one that the upstream does not have. */
export function notFound({ found, noted }: AskedObjects, unopened?: Unopened): Fault {
  const named = [...found.objects, ...noted, ...(unopened ? [unopened] : [])]
  return objectNotFound([...new Set(named.map(({ key }) => key))])
}
