import type { FormName } from '../endpoints/answer-forms.ts'
import { namesAnswer } from '../endpoints/answer-name.ts'
import type { Endpoint } from '../endpoints/endpoint.ts'
import { asksForOthers, type Isolation, isKept, isolationOf } from '../endpoints/isolation.ts'
import { showsMarks } from '../endpoints/marked.ts'
import type { Marks } from '../endpoints/seal-answer.ts'
import type { Decision } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Sealer } from '../model/sealing.ts'
import type { Obligations } from '../model/transforms.ts'
import type { Edit } from '../shape/edits.ts'
import { openBody, type Unopened } from '../shape/open-body.ts'
import { openForm, strayObject } from '../shape/open-form.ts'
import { type OpenedTarget, openTarget } from '../shape/open-target.ts'
import type { OwnList } from '../shape/own-pages.ts'
import { RequestIds } from '../shape/request-ids.ts'
import type { AskedObjects } from './asked-objects.ts'
import { answerMarks, restsOnMarks, unmarkable } from './batch-marking.ts'
import { listOf, type Marking, markingOf, unmarkedFault } from './marking.ts'
import { type Caller, type Owner, ownersOf } from './owner.ts'
import { answerNamed, objectNotFound, objectRefused, objectsUnavailable, storedRefused } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'

/** What an upstream that keeps its callers apart is asked, and how it is answered. */
export interface Owned extends Marking {
  readonly target: OpenedTarget
  /** What opens the ids in the body. */
  readonly edits: readonly Edit[]
  /** The same of a form: fields to set, by their names. */
  readonly changes: ReadonlyMap<string, string>
  readonly answer: OwnedAnswer
}

export interface OwnedAnswer {
  readonly ids: RequestIds
  /** How the ids in a good answer are sealed; null where they are not. */
  readonly sealing: { readonly form: FormName; readonly sealer: Sealer; readonly marks: Marks | null } | null
  /** What an upstream says that does not have an object is answered with; null where the request names none. */
  readonly notFound: Fault | null
  /** The answer may hold marks, which nobody sees. */
  readonly isMarked: boolean
  /** Which objects of an account's list are answered; null where the answer is no such list. */
  readonly list: OwnList | null
}

/** The upstreams that a request can be meant for; `owned` is null where none of them keeps its callers apart. */
export interface Placement {
  readonly serving: readonly ServingUpstream[]
  owned(upstream: ServingUpstream): Owned | null
}

const rows = new Map<Endpoint, Isolation>()

function rowOf(endpoint: Endpoint): Isolation {
  const known = rows.get(endpoint)
  if (known !== undefined) return known
  const row = isolationOf(endpoint)
  rows.set(endpoint, row)
  return row
}

/** True where a request neither makes nor opens anything that another one can name: then every upstream is the same. */
export function isAside(asked: AskedObjects): boolean {
  const { body, noted } = asked
  const { endpoint, objects } = asked.found
  if (objects.length > 0 || noted.length > 0 || nameOf(asked) !== null) return false
  if (endpoint.operation === 'chat') return body === null || !isKept(body.value)
  return rowOf(endpoint).kind === 'plain'
}

/**
 * Of the upstreams that serve a request those that have what it speaks of: the one that sealed its ids, or where they are
 * raw one that keeps nobody apart. `decision` is an allow for one of them: the workspace is the same for all.
 *
 * Faults: `object_not_found` for ids that do not open, whatever is wrong with them; `unknown_endpoint` and `invalid_body`
 * for what speaks of the objects of everybody, and for batches of what was not judged; `objects_unavailable`.
 */
export function place(
  asked: AskedObjects,
  decision: Decision,
  caller: Caller,
  candidates: readonly ServingUpstream[],
  snapshot: Snapshot,
): Result<Placement, Fault> {
  const isMarked = restsOnMarks(asked)
  const serving = isMarked ? candidates.filter(isSealing) : candidates
  if (isMarked && serving.length === 0) return failed(unmarkable(asked))
  const open = serving.filter((upstream) => !isSealing(upstream))
  if (open.length === serving.length) return ok({ serving, owned: nobodys })
  const refused = ofEverybody(asked)
  if (refused !== null) return open.length > 0 ? ok({ serving: open, owned: nobodys }) : failed(refused)
  const unmarked = unmarkedFault(asked)
  if (unmarked !== null) return failed(unmarked)
  const owners = ownersOf(decision, caller, serving, snapshot)
  if (owners === null) return failed(objectsUnavailable)
  const ids = new RequestIds([...owners.values()].map(({ sealer }) => sealer))
  const opened = openAll(asked, ids)
  if (!opened.ok) {
    if (ids.owner !== null || open.length === 0) return failed(notFound(asked, opened.fault))
    return ok({ serving: open, owned: nobodys })
  }
  const marks = answerMarks(asked)
  if (!marks.ok) return marks
  const { owner } = ids.settle()
  const fitting = owner === null ? serving : serving.filter(({ settings }) => settings.name === owner.upstream)
  return ok({
    serving: fitting,
    owned: (upstream) => {
      const owned = owners.get(upstream)
      if (owned === undefined) return null
      const answer = answerOf(asked, ids, owned, marks.value)
      return { ...opened.value, ...markingOf(asked, owned), answer }
    },
  })
}

const nobodys = (): null => null
const isSealing = ({ settings }: ServingUpstream): boolean => settings.isolation !== 'off'

function nameOf({ body, fields }: Pick<AskedObjects, 'body' | 'fields'>): string | null {
  return namesAnswer(body === null ? null : body.value, fields ?? [])
}

function ofEverybody(asked: AskedObjects): Fault | null {
  const { body, fields, noted } = asked
  const { endpoint } = asked.found
  const row = rowOf(endpoint)
  if (row.kind === 'refused') return storedRefused(endpoint.operation, row.why)
  const name = nameOf(asked)
  if (name !== null) return answerNamed(name)
  const member = body === null ? null : asksForOthers(endpoint.operation, body.value)
  if (member !== null) return objectRefused(member)
  const stray = fields === null ? null : strayObject(fields, noted)
  return stray === null ? null : objectRefused(stray.key)
}

const NO_CHANGES: ReadonlyMap<string, string> = new Map()

function openAll(
  { found, body, fields, noted }: AskedObjects,
  ids: RequestIds,
): Result<Pick<Owned, 'target' | 'edits' | 'changes'>, Unopened> {
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

function answerOf(asked: AskedObjects, ids: RequestIds, owner: Owner, marks: Marks | null): OwnedAnswer {
  const { endpoint } = asked.found
  const row = rowOf(endpoint)
  const { sealer } = owner
  const list = row.kind === 'sealed' ? listOf(endpoint.operation, owner) : null
  // Which of the ids in a list are marked says the list itself.
  const known = list === null ? marks : (_key: string, _depth: number, id: string) => list.judged.get(id) ?? null
  // The bytes of a file are the caller's own: an id in them is none of ours.
  const sealing = row.kind === 'sealed' && !endpoint.bytes ? { form: row.form, sealer, marks: known } : null
  const isMarked = showsMarks(endpoint.operation)
  return { ids, sealing, notFound: ids.owner === null ? null : notFound(asked), isMarked, list }
}

/** The same for an id that does not open as for one that the upstream does not have. */
function notFound({ found, noted }: AskedObjects, unopened?: Unopened): Fault {
  const named = [...found.objects, ...noted, ...(unopened ? [unopened] : [])]
  return objectNotFound([...new Set(named.map(({ key }) => key))])
}

/** A chat that the policy forbids to be stored is marked as nobody's: the API takes metadata only of what is stored. */
export function bodyEdits({ edits, marking }: Owned, obligations: Obligations | null): readonly Edit[] {
  return marking === null || obligations?.set.store === false ? edits : [...edits, marking]
}
