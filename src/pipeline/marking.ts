import { PURPOSES } from '../endpoints/batch-purpose.ts'
import { isNarrowed, listedKind, marksKind } from '../endpoints/marked.ts'
import type { Fault } from '../model/fault.ts'
import type { OperationName } from '../model/request.ts'
import { failed, ok, type Result } from '../model/result.ts'
import type { Edit } from '../shape/edits.ts'
import { marking, unmarkable } from '../shape/mark.ts'
import { markedName, naming, unnameable } from '../shape/name-mark.ts'
import { listFault, type OwnList } from '../shape/own-pages.ts'
import type { AskedObjects } from './asked-objects.ts'
import { verdictOn } from './batch-verdict.ts'
import { isSealing, type Owner } from './owners.ts'
import { storedRefused } from './refusals.ts'
import type { ServingUpstream } from './snapshot.ts'

/** How a request says whose the object is that it makes or changes. */
export interface Marking {
  /** A change of its body; null for none. */
  readonly marking: Edit | null
  /** The same of a form: what its files are called; null where they keep their names. */
  readonly rename: ((filename: string) => string) | null
}

/** True for an upstream on which names say whose files and containers are. */
const marksNames = (upstream: ServingUpstream): boolean => isSealing(upstream) && upstream.settings.markNames

/** True for a list of what bears its mark in its name. */
function isListedByName(operation: OperationName): boolean {
  const listed = listedKind(operation)
  return listed !== null && listed.place !== 'metadata'
}

/**
 * Of the upstreams those that can list what a request asks for: what bears its mark in its name cannot be told from that of
 * others where names are not marked.
 */
export function listersOf(
  { found: { endpoint } }: AskedObjects,
  serving: readonly ServingUpstream[],
): Result<readonly ServingUpstream[], Fault> {
  const { operation } = endpoint
  if (!isListedByName(operation)) return ok(serving)
  const listing = serving.filter((upstream) => !isSealing(upstream) || marksNames(upstream))
  return listing.length > 0 ? ok(listing) : failed(storedRefused(operation, UNTOLD))
}

const UNTOLD = 'the upstream has `mark_names: false`, and without marks in names nobody’s objects can be told apart'

/**
 * Why a request cannot be marked, or what a list is asked for that it cannot be kept to one's own by. `serving`: where it
 * may go.
 */
export function unmarkedFault(
  { found: { endpoint, query }, body, fields, filenames, store }: AskedObjects,
  serving: readonly ServingUpstream[],
): Fault | null {
  if (listedKind(endpoint.operation) !== null) return listFault(query)
  const place = marksKind(endpoint.operation, body === null ? null : body.value, store)?.place ?? null
  if (place === null) return null
  if (place !== 'metadata') {
    return unnameable({ place, isMarked: serving.some(marksNames), body, fields: fields ?? [], filenames })
  }
  return body === null ? null : unmarkable(body)
}

const UNMARKED: Marking = { marking: null, rename: null }

/** What marks the object that a request makes or changes. */
export function markingOf(asked: AskedObjects, { marker, marksNames }: Owner): Marking {
  const { found, body, store } = asked
  const marked = marksKind(found.endpoint.operation, body === null ? null : body.value, store)
  if (marked === null || (marked.place !== 'metadata' && !marksNames)) return UNMARKED
  const mark = marker(marked.kind).mark(verdictOn(asked))
  if (body === null) return { marking: null, rename: (filename) => markedName(filename, mark) }
  return { marking: marked.place === 'metadata' ? marking(body, mark) : naming(body, marked.place, mark), rename: null }
}

/** Which objects of an account's list are the caller's; null for an operation that lists no account. */
export function listOf(operation: OperationName, { sealer, marker }: Owner): OwnList | null {
  const listed = listedKind(operation)
  if (listed === null) return null
  const { kind, place } = listed
  const purposes = kind === 'file' ? PURPOSES : null
  const isOfPairs = isNarrowed(operation)
  return { marker: marker(kind), sealer, place, purposes, isNarrowed: isOfPairs, judged: new Map() }
}
