import { PURPOSES } from '../endpoints/batch-purpose.ts'
import { isNarrowed, listedKind, marksKind } from '../endpoints/marked.ts'
import type { Fault } from '../model/fault.ts'
import type { OperationName } from '../model/request.ts'
import type { Edit } from '../shape/edits.ts'
import { marking, unmarkable } from '../shape/mark.ts'
import { markedName, naming, unnameable } from '../shape/name-mark.ts'
import { listFault, type OwnList } from '../shape/own-pages.ts'
import type { AskedObjects } from './asked-objects.ts'
import { judgedMark } from './batch-marking.ts'
import type { Owner } from './owners.ts'

/** How a request says whose the object is that it makes or changes. */
export interface Marking {
  /** A change of its body; null for none. */
  readonly marking: Edit | null
  /** The same of a form: what its files are called; null where they keep their names. */
  readonly rename: ((filename: string) => string) | null
}

/** Why a request cannot be marked, or what a list is asked for that it cannot be kept to one's own by. */
export function unmarkedFault({ found: { endpoint, query }, body, fields, filenames }: AskedObjects): Fault | null {
  if (listedKind(endpoint.operation) !== null) return listFault(query)
  const place = marksKind(endpoint.operation, body === null ? null : body.value)?.place ?? null
  if (place === null) return null
  if (place !== 'metadata') return unnameable({ place, body, fields: fields ?? [], filenames })
  return body === null ? null : unmarkable(body)
}

const UNMARKED: Marking = { marking: null, rename: null }

/** What marks the object that a request makes or changes. */
export function markingOf(asked: AskedObjects, { marker }: Owner): Marking {
  const { found, body } = asked
  const marked = marksKind(found.endpoint.operation, body === null ? null : body.value)
  if (marked === null) return UNMARKED
  const mark = marker(marked.kind).mark(judgedMark(asked))
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
