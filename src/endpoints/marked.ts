import { type JsonObject, ownValue } from '../model/json.ts'
import type { ObjectKind } from '../model/objects.ts'
import type { OperationName } from '../model/request.ts'

/**
 * The kinds of objects that have `metadata`, and lists of an account. Each is marked as its owner's when it is made, so
 * that a list can be kept to one's own.
 *
 * Source: the parameters and answers in the types of OpenAI's SDK (`openai` 7.57).
 */
const FAMILIES: { readonly [name: string]: ObjectKind } = {
  batches: 'batch',
  vector_stores: 'vector_store',
  assistants: 'assistant',
  evals: 'eval',
  'fine_tuning.jobs': 'fine_tuning_job',
  'chat.completions': 'completion',
}

const MADE: ReadonlySet<OperationName> = new Set(
  Object.keys(FAMILIES).flatMap((name) => (name === 'chat.completions' ? ['chat'] : [`${name}.create`])),
)

/** An update takes the place of all pairs where it has `metadata`, and leaves them where it has none. */
const CHANGED: ReadonlySet<OperationName> = new Set(
  ['vector_stores', 'assistants', 'evals', 'chat.completions'].map((name) => `${name}.update`),
)

/** Lists that the API narrows by pairs of `metadata` itself. */
const NARROWED: ReadonlySet<OperationName> = new Set(['chat.completions.list', 'fine_tuning.jobs.list'])

/** The kind of object whose marks the answers of an operation may hold; null for none. */
export function markedKind(operation: OperationName): ObjectKind | null {
  if (operation === 'chat') return 'completion'
  const words = operation.split('.')
  for (let count = words.length; count > 0; count--) {
    const name = words.slice(0, count).join('.')
    if (Object.hasOwn(FAMILIES, name)) return FAMILIES[name] ?? null
  }
  return null
}

/** The kind of object that is marked by a request of this body; null for none. A chat is kept where it says `store`. */
export function marksKind(operation: OperationName, body: JsonObject): ObjectKind | null {
  if (CHANGED.has(operation)) return ownValue(body, 'metadata') === undefined ? null : markedKind(operation)
  if (!MADE.has(operation)) return null
  const isKept = operation !== 'chat' || ![undefined, null, false].includes(ownValue(body, 'store') as null)
  return isKept ? markedKind(operation) : null
}

/** The kind of object that an operation lists of a whole account; null for any other operation, and for other kinds. */
export function listedKind(operation: OperationName): ObjectKind | null {
  const name = operation.endsWith('.list') ? operation.slice(0, -'.list'.length) : ''
  return Object.hasOwn(FAMILIES, name) ? (FAMILIES[name] ?? null) : null
}

export function isNarrowed(operation: OperationName): boolean {
  return NARROWED.has(operation)
}
