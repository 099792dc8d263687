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

/** The verbs of the resources that the contract spells out; a slip in one of them is an error. */
const VERBS: ReadonlyMap<string, readonly string[]> = new Map([
  ['responses', ['get', 'delete', 'cancel', 'input_items', 'compact']],
  ['models', ['list', 'get', 'delete']],
  ['images', ['generate', 'edit', 'variation']],
  ['audio', ['speech', 'transcribe', 'translate']],
])

/** The resources with verbs beside those that the contract spells out. */
export const OPEN_RESOURCES: readonly string[] = RESOURCES.filter((resource) => !VERBS.has(resource))

/** The operations that the contract spells out, for suggestions; there are more. */
export const SPELLED_OPERATIONS: readonly string[] = [
  ...SINGLE,
  ...[...VERBS].flatMap(([resource, verbs]) => verbs.map((verb) => `${resource}.${verb}`)),
]

/** Operations whose requests name a model, or could: a described one that names none is *cannot tell*. */
export const MODEL_OPERATIONS: readonly string[] = [
  ...SINGLE,
  'responses.compact',
  'models.get',
  'models.delete',
  'images.generate',
  'images.edit',
  'images.variation',
  'audio.speech',
  'audio.transcribe',
  'audio.translate',
]

/**
 * True for a name that an `operations` list may hold: `chat`, `responses.get`, `files.*`, `*`. A star may stand for the
 * verb of a resource or for everything; nowhere else.
 */
export function isOperationName(name: string): boolean {
  if (name === '*') return true
  if ((SINGLE as readonly string[]).includes(name)) return true
  const [resource = '', ...verbs] = name.split('.')
  if (!(RESOURCES as readonly string[]).includes(resource) || verbs.length === 0) return false
  const known = VERBS.get(resource)
  if (known) return verbs.length === 1 && (verbs[0] === '*' || known.includes(verbs[0] ?? ''))
  return verbs.every((verb, index) => /^[a-z][a-z0-9_-]*$/.test(verb) || (verb === '*' && index === verbs.length - 1))
}
