import { type JsonObject, type JsonValue, ownValue } from '../model/json.ts'
import type { MarkPlace } from '../model/marks.ts'
import type { ObjectKind } from '../model/objects.ts'
import type { OperationName } from '../model/request.ts'

/** A kind of object that is marked, and where. */
export interface MarkedKind {
  readonly kind: ObjectKind
  readonly place: MarkPlace
}

const inMetadata = (kind: ObjectKind): MarkedKind => ({ kind, place: 'metadata' })
const FILE: MarkedKind = { kind: 'file', place: 'filename' }

/**
 * The kinds of objects that lists of an account have, and that have `metadata`, or a name that stays with them. Each is
 * marked as its owner's when it is made, so that a list can be kept to one's own.
 *
 * Source: the parameters and answers in the types of OpenAI's SDK (`openai` 7.57).
 */
const FAMILIES: { readonly [name: string]: MarkedKind } = {
  batches: inMetadata('batch'),
  vector_stores: inMetadata('vector_store'),
  assistants: inMetadata('assistant'),
  evals: inMetadata('eval'),
  'fine_tuning.jobs': inMetadata('fine_tuning_job'),
  'chat.completions': inMetadata('completion'),
  files: FILE,
  containers: { kind: 'container', place: 'name' },
}

/** What makes an object of a family. An upload becomes a file of the name that it was begun with. */
const MADE: ReadonlyMap<OperationName, MarkedKind> = new Map([
  ...Object.entries(FAMILIES).map(
    ([name, made]) => [name === 'chat.completions' ? 'chat' : `${name}.create`, made] as const,
  ),
  ['uploads.create', FILE],
])

/** An update takes the place of all pairs where it has `metadata`, and leaves them where it has none. */
const CHANGED: ReadonlySet<OperationName> = new Set(
  ['vector_stores', 'assistants', 'evals', 'chat.completions'].map((name) => `${name}.update`),
)

/** Lists that the API narrows by pairs of `metadata` itself. */
const NARROWED: ReadonlySet<OperationName> = new Set(['chat.completions.list', 'fine_tuning.jobs.list'])

function familyOf(operation: OperationName): MarkedKind | null {
  const words = operation.split('.')
  for (let count = words.length; count > 0; count--) {
    const name = words.slice(0, count).join('.')
    if (Object.hasOwn(FAMILIES, name)) return FAMILIES[name] ?? null
  }
  return null
}

/** True for an operation whose answers may hold marks in `metadata`. Those in names are known by where they stand. */
export function showsMarks(operation: OperationName): boolean {
  return operation === 'chat' || familyOf(operation)?.place === 'metadata'
}

/**
 * True for a chat that is stored. Any word for `store` but a plain no counts as a yes, for engines differ; without a word
 * it is not, as the API has it. `store`: what a transform writes there, which takes the place of the body's own.
 */
export function isStored(body: JsonObject, store?: JsonValue): boolean {
  const said = store === undefined ? ownValue(body, 'store') : store
  return said !== undefined && said !== null && said !== false
}

/**
 * What is marked by a request of this body; null for nothing. A chat is marked where it is stored. `body`: null for a
 * form.
 */
export function marksKind(operation: OperationName, body: JsonObject | null, store?: JsonValue): MarkedKind | null {
  if (CHANGED.has(operation)) {
    return body === null || ownValue(body, 'metadata') === undefined ? null : familyOf(operation)
  }
  const made = MADE.get(operation) ?? null
  if (operation !== 'chat') return made
  return body !== null && isStored(body, store) ? made : null
}

/** What an operation lists of a whole account; null for any other operation, and for other kinds. */
export function listedKind(operation: OperationName): MarkedKind | null {
  const name = operation.endsWith('.list') ? operation.slice(0, -'.list'.length) : ''
  return Object.hasOwn(FAMILIES, name) ? (FAMILIES[name] ?? null) : null
}

export function isNarrowed(operation: OperationName): boolean {
  return NARROWED.has(operation)
}
