import type { FormName } from '../endpoints/answer-forms.ts'
import type { Endpoint } from '../endpoints/endpoint.ts'
import { asksForOthers, type Isolation, isKept, isolationOf } from '../endpoints/isolation.ts'
import type { Route } from '../endpoints/route.ts'
import type { Decision } from '../model/decision.ts'
import type { Fault } from '../model/fault.ts'
import type { JsonBody } from '../model/json.ts'
import type { ObjectReference } from '../model/objects.ts'
import { failed, ok, type Result } from '../model/result.ts'
import { objectScope, type Sealer } from '../model/sealing.ts'
import type { Edit } from '../shape/edits.ts'
import { openBody, type Unopened } from '../shape/open-body.ts'
import { type OpenedTarget, openTarget } from '../shape/open-target.ts'
import { RequestIds } from '../shape/request-ids.ts'
import { openSealer } from '../shape/seal.ts'
import { objectNotFound, objectRefused, objectsUnavailable, storedRefused } from './refusals.ts'
import type { ServingUpstream, Snapshot } from './snapshot.ts'

/** A request as far as whose objects it speaks of depends on it. */
export interface AskedObjects {
  readonly found: Route
  readonly body: JsonBody | null
  /** Named in the body. */
  readonly noted: readonly ObjectReference[]
}

interface Caller {
  /** The configured name. */
  readonly issuer: string
  readonly id: string
}

/** What an upstream that keeps its callers apart is asked, and how it is answered. */
export interface Owned {
  readonly target: OpenedTarget
  /** What opens the ids in the body. */
  readonly edits: readonly Edit[]
  readonly answer: OwnedAnswer
}

export interface OwnedAnswer {
  readonly ids: RequestIds
  /** How the ids in a good answer are sealed; null where they are not. */
  readonly sealing: { readonly form: FormName; readonly sealer: Sealer } | null
  /** What an upstream says that does not have an object is answered with; null where the request names none. */
  readonly notFound: Fault | null
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
export function isAside({ found: { endpoint, objects }, body, noted }: AskedObjects): boolean {
  if (objects.length > 0 || noted.length > 0) return false
  if (endpoint.operation === 'chat') return body === null || !isKept(body.value)
  return rowOf(endpoint).kind === 'plain'
}

/**
 * Of the upstreams that serve a request those that have what it speaks of: the one that sealed its ids, or where they are
 * raw one that keeps nobody apart. `decision` is an allow for one of them: the workspace is the same for all.
 *
 * Faults: `object_not_found` for ids that do not open, whatever is wrong with them; `unknown_endpoint` and `invalid_body`
 * for what speaks of the objects of everybody; `objects_unavailable`.
 */
export function place(
  asked: AskedObjects,
  decision: Decision,
  caller: Caller,
  serving: readonly ServingUpstream[],
  snapshot: Snapshot,
): Result<Placement, Fault> {
  const open = serving.filter(({ settings }) => settings.isolation === 'off')
  if (open.length === serving.length) return ok({ serving, owned: nobodys })
  const refused = ofEverybody(asked)
  if (refused !== null) return open.length > 0 ? ok({ serving: open, owned: nobodys }) : failed(refused)
  const sealers = sealersOf(decision, caller, serving, snapshot)
  if (sealers === null) return failed(objectsUnavailable)
  const ids = new RequestIds([...sealers.values()])
  const opened = openAll(asked, ids)
  if (!opened.ok) {
    if (ids.owner !== null || open.length === 0) return failed(notFound(asked, opened.fault))
    return ok({ serving: open, owned: nobodys })
  }
  const { owner } = ids.settle()
  const fitting = owner === null ? serving : serving.filter(({ settings }) => settings.name === owner.upstream)
  return ok({
    serving: fitting,
    owned: (upstream) => {
      const sealer = sealers.get(upstream)
      return sealer === undefined ? null : { ...opened.value, answer: answerOf(asked, ids, sealer) }
    },
  })
}

const nobodys = (): null => null

/** Null where the keys cannot be read. */
function sealersOf(
  { workspace }: Decision,
  caller: Caller,
  serving: readonly ServingUpstream[],
  { keyRing }: Snapshot,
): Map<ServingUpstream, Sealer> | null {
  const ring = keyRing()
  if (ring === null) return null
  const sealers = new Map<ServingUpstream, Sealer>()
  for (const upstream of serving) {
    const { isolation, name } = upstream.settings
    if (isolation === 'off') continue
    const scope = objectScope(isolation, workspace, caller)
    sealers.set(upstream, openSealer(ring, { upstream: name, isolation, scope }))
  }
  return sealers
}

function ofEverybody({ found: { endpoint }, body }: AskedObjects): Fault | null {
  const row = rowOf(endpoint)
  if (row.kind === 'refused') return storedRefused(endpoint.operation, row.why)
  const member = body === null ? null : asksForOthers(endpoint.operation, body.value)
  return member === null ? null : objectRefused(member)
}

function openAll(
  { found, body, noted }: AskedObjects,
  ids: RequestIds,
): Result<Pick<Owned, 'target' | 'edits'>, Unopened> {
  const { endpoint, path, query } = found
  const target = openTarget({ template: endpoint.path, path, query, parameters: endpoint.query }, ids.open)
  if (!target.ok) return target
  // The ids in a form are not opened: they are raw ones, whatever they are.
  const [raw] = body === null ? noted : []
  if (raw) return failed(raw)
  if (body === null) return ok({ target: target.value, edits: [] })
  const row = rowOf(endpoint)
  const isStrict = row.kind === 'sealed' && row.isStrict
  const edits = openBody(body.text, { noted, isStrict }, ids.open)
  return edits.ok ? ok({ target: target.value, edits: edits.value }) : edits
}

function answerOf(asked: AskedObjects, ids: RequestIds, sealer: Sealer): OwnedAnswer {
  const { endpoint } = asked.found
  const row = rowOf(endpoint)
  // The bytes of a file are the caller's own: an id in them is none of ours.
  const sealing = row.kind === 'sealed' && !endpoint.bytes ? { form: row.form, sealer } : null
  return { ids, sealing, notFound: ids.owner === null ? null : notFound(asked) }
}

/** The same for an id that does not open as for one that the upstream does not have. */
function notFound({ found, noted }: AskedObjects, unopened?: Unopened): Fault {
  const named = [...found.objects, ...noted, ...(unopened ? [unopened] : [])]
  return objectNotFound([...new Set(named.map(({ key }) => key))])
}
