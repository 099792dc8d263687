/**
 * The names of the operations that a policy may speak of, after the OpenAI API. A resource whose requests are not
 * carried yet is still a name: a policy may grant it in advance and nothing is reachable by that alone.
 */
const SINGLE = ['chat', 'completions', 'responses', 'embeddings', 'moderations', 'realtime'] as const
const RESOURCES = [
  'chat',
  'responses',
  'models',
  'files',
  'uploads',
  'batches',
  'images',
  'audio',
  'fine_tuning',
  'vector_stores',
  'assistants',
  'threads',
  'conversations',
  'containers',
  'evals',
  'videos',
  'realtime',
  'passthrough',
] as const

/** Operations whose requests name a model, or could: a rule with `models` and no `operations` speaks of these. */
export const MODEL_OPERATIONS: readonly string[] = [...SINGLE, 'models.get', 'models.delete']

/**
 * True for a name that an `operations` list may hold: `chat`, `responses.get`, `files.*`, `*`. A star may stand for the
 * verb of a resource or for everything; nowhere else.
 */
export function isOperationName(name: string): boolean {
  if (name === '*') return true
  if ((SINGLE as readonly string[]).includes(name)) return true
  const [resource = '', ...verbs] = name.split('.')
  if (!(RESOURCES as readonly string[]).includes(resource) || verbs.length === 0) return false
  return verbs.every((verb, index) => /^[a-z][a-z0-9_-]*$/.test(verb) || (verb === '*' && index === verbs.length - 1))
}
