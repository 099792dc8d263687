import type { UpstreamKind } from './settings.ts'

/** Operations that have the name of their resource alone: they create one. */
const SINGLE = ['chat', 'completions', 'responses', 'embeddings', 'moderations', 'realtime', 'messages'] as const

/** Verbs that most kinds of stored objects have. */
const KEPT = ['create', 'list', 'get', 'update', 'delete'] as const

/**
 * Every other operation of the OpenAI API but its administration, and those of the Anthropic Messages API, by resource,
 * after the methods of the official SDKs: `retrieve` is `get`, and what an SDK keeps under `beta` stands without it.
 * `connect` opens a WebSocket.
 */
const VERBS = {
  'chat.completions': ['list', 'get', 'update', 'delete'],
  'chat.completions.messages': ['list'],
  responses: ['get', 'delete', 'cancel', 'input_items', 'input_tokens', 'compact', 'connect'],
  models: ['list', 'get', 'delete'],
  files: ['create', 'list', 'get', 'delete', 'content'],
  uploads: ['create', 'cancel', 'complete'],
  'uploads.parts': ['create'],
  batches: ['create', 'list', 'get', 'cancel'],
  images: ['generate', 'edit', 'variation'],
  audio: ['speech', 'transcribe', 'translate'],
  'audio.voices': ['create', 'delete'],
  'audio.voice_consents': KEPT,
  'fine_tuning.jobs': ['create', 'list', 'get', 'cancel', 'pause', 'resume', 'list_events'],
  'fine_tuning.jobs.checkpoints': ['list'],
  'fine_tuning.checkpoints.permissions': ['create', 'list', 'delete'],
  'fine_tuning.alpha.graders': ['run', 'validate'],
  vector_stores: [...KEPT, 'search'],
  'vector_stores.files': [...KEPT, 'content'],
  'vector_stores.file_batches': ['create', 'get', 'cancel', 'list_files'],
  assistants: KEPT,
  threads: ['create', 'get', 'update', 'delete', 'create_and_run'],
  'threads.messages': KEPT,
  'threads.runs': ['create', 'list', 'get', 'update', 'cancel', 'submit_tool_outputs'],
  'threads.runs.steps': ['list', 'get'],
  conversations: ['create', 'get', 'update', 'delete'],
  'conversations.items': ['create', 'list', 'get', 'delete'],
  containers: ['create', 'list', 'get', 'delete'],
  'containers.files': ['create', 'list', 'get', 'delete', 'content'],
  evals: KEPT,
  'evals.runs': ['create', 'list', 'get', 'cancel', 'delete'],
  'evals.runs.output_items': ['list', 'get'],
  videos: [
    'create',
    'list',
    'get',
    'delete',
    'download_content',
    'edit',
    'extend',
    'remix',
    'create_character',
    'get_character',
  ],
  'realtime.calls': ['create', 'accept', 'hangup', 'refer', 'reject'],
  'realtime.client_secrets': ['create'],
  'realtime.sessions': ['create'],
  'realtime.transcription_sessions': ['create'],
  'realtime.translations': ['connect'],
  'realtime.translations.client_secrets': ['create'],
  live: ['create', 'connect'],
  'live.forks': ['connect'],
  'live.sideband': ['connect'],
  'live.sessions': ['accept', 'fork', 'hangup', 'refer', 'reject', 'download_recording'],
  decisions: ['create'],
  content_provenance_checks: ['create'],
  'safety.alerts': ['get'],
  'safety.cases': ['get'],
  skills: [...KEPT, 'content'],
  'skills.versions': ['create', 'list', 'get', 'delete', 'content'],
  webhooks: [...KEPT, 'rotate_secret', 'test'],
  'webhooks.event_types': ['list'],
  'chatkit.sessions': ['create', 'cancel'],
  'chatkit.threads': ['list', 'get', 'delete', 'list_items'],
  agents: KEPT,
  'agents.automations': [...KEPT, 'pause', 'resume'],
  'agents.automations.invocations': ['create', 'list', 'get'],
  'agents.environments': ['create', 'list', 'get'],
  'agents.environments.files': ['create', 'list'],
  'agents.environments.templates': KEPT,
  'agents.sessions': KEPT,
  'agents.sessions.artifacts': ['list', 'get', 'delete', 'content'],
  'agents.sessions.events': ['create', 'stream'],
  'agents.sessions.items': ['list'],
  'agents.sessions.subagents': ['list', 'get'],
  'agents.sessions.subagents.items': ['list'],
  'agents.sessions.subagents.turns': ['list', 'get'],
  'agents.sessions.subagents.turns.items': ['list'],
  'agents.sessions.traces': ['list'],
  'agents.sessions.turns': ['list', 'get'],
  'agents.sessions.turns.items': ['list'],
  'agents.vaults': KEPT,
  'agents.vaults.credentials': KEPT,
  messages: ['count_tokens'],
  'messages.batches': ['create', 'list', 'get', 'cancel', 'delete', 'results'],
} as const satisfies { readonly [resource: string]: readonly string[] }

type Verbs = typeof VERBS
type Named = { [Resource in keyof Verbs]: `${Resource}.${Verbs[Resource][number]}` }[keyof Verbs]

/** An operation of the table: `src/endpoints/` has exactly one endpoint for each. */
export type TableOperation = (typeof SINGLE)[number] | Named

/** Every operation of the table. */
export const SPELLED_OPERATIONS: readonly string[] = [
  ...SINGLE,
  ...Object.entries(VERBS).flatMap(([resource, verbs]) => verbs.map((verb) => `${resource}.${verb}` as Named)),
]

/** Resources whose verbs the operator names. */
export const OPEN_RESOURCES: readonly string[] = ['passthrough']

/**
 * True for an operation of a passthrough route: nobody reads its bodies, so that every fact of a body *cannot be told*, its
 * models among them.
 */
export function isUninspected(operation: string): boolean {
  return operation.startsWith('passthrough.')
}

/** The operation of the passthrough route of a name. */
export function passthroughOperation(name: string): string {
  return `passthrough.${name}`
}

/** Operations whose requests name a model, or could: a described one that names none is *cannot tell*. */
const MODELLED = [
  ...SINGLE,
  ...['responses.compact', 'responses.input_tokens', 'models.get', 'models.delete'],
  ...['images.generate', 'images.edit', 'images.variation', 'audio.speech', 'audio.transcribe', 'audio.translate'],
  ...['decisions.create', 'batches.create', 'videos.create', 'videos.edit', 'videos.extend', 'videos.remix'],
  ...['fine_tuning.jobs.create', 'fine_tuning.alpha.graders.run', 'fine_tuning.alpha.graders.validate'],
  ...['fine_tuning.jobs.resume', 'fine_tuning.checkpoints.permissions.create'],
  ...['fine_tuning.checkpoints.permissions.list', 'fine_tuning.checkpoints.permissions.delete'],
  'chat.completions.list',
  ...['evals.create', 'evals.runs.create', 'assistants.create', 'assistants.update'],
  ...['threads.create_and_run', 'threads.runs.create', 'threads.runs.submit_tool_outputs'],
  ...['realtime.calls.create', 'realtime.calls.accept', 'realtime.client_secrets.create', 'realtime.sessions.create'],
  ...['realtime.transcription_sessions.create', 'realtime.translations.connect'],
  ...['realtime.translations.client_secrets.create', 'live.create', 'live.connect', 'live.sessions.accept'],
  ...['live.sessions.fork', 'live.forks.connect', 'live.sideband.connect', 'chatkit.sessions.create'],
  ...['agents.create', 'agents.update', 'agents.sessions.create', 'agents.sessions.update'],
  ...['agents.sessions.events.create', 'agents.automations.create', 'agents.automations.update'],
  ...['agents.automations.resume', 'agents.automations.invocations.create'],
  ...['messages.count_tokens', 'messages.batches.create'],
] as const satisfies readonly TableOperation[]
export const MODEL_OPERATIONS: readonly string[] = MODELLED

/**
 * Operations whose every request goes on with something stored, which may bring tools, hosts and input of its own: no
 * request to them can be told in these.
 */
const STORED = [
  ...['batches.create', 'messages.batches.create', 'evals.runs.create', 'fine_tuning.jobs.resume'],
  ...['threads.create_and_run', 'threads.runs.create', 'threads.runs.submit_tool_outputs'],
  ...['agents.sessions.create', 'agents.sessions.update', 'agents.sessions.events.create'],
  ...['agents.automations.create', 'agents.automations.update', 'agents.automations.resume'],
  'agents.automations.invocations.create',
] as const satisfies readonly TableOperation[]
export const STORED_OPERATIONS: readonly string[] = STORED

/** Operations that set up a session, and what opens that: a request to one is decided as both. */
const SETTING_UP = {
  'realtime.calls.create': 'realtime',
  'realtime.client_secrets.create': 'realtime',
  'realtime.sessions.create': 'realtime',
  'realtime.transcription_sessions.create': 'realtime',
  'realtime.translations.client_secrets.create': 'realtime.translations.connect',
} as const satisfies { readonly [Operation in TableOperation]?: TableOperation }

/** What the session that it sets up is opened as; null for an operation that sets up none. */
export function openedBy(operation: string): 'realtime' | 'realtime.translations.connect' | null {
  const opened: { readonly [operation: string]: 'realtime' | 'realtime.translations.connect' } = SETTING_UP
  return Object.hasOwn(opened, operation) ? (opened[operation] ?? null) : null
}

/** Operations that the proxy answers from what all of its upstreams have. */
const ANSWERED_HERE: ReadonlySet<string> = new Set(['models.list', 'models.get'])

/** Whose API an operation is: only an upstream of this kind serves it. `any`: it is no one's. */
export function apiOf(operation: string): UpstreamKind | 'any' {
  if (operation === 'messages' || operation.startsWith('messages.')) return 'anthropic'
  return ANSWERED_HERE.has(operation) || isUninspected(operation) ? 'any' : 'openai'
}

/** True where an upstream of the kind can serve the operation; where its kind is not said, any can. */
export function speaks(kind: UpstreamKind | undefined, operation: string): boolean {
  const api = apiOf(operation)
  return api === 'any' || kind === undefined || kind === api
}

const NAMES: ReadonlySet<string> = new Set(SPELLED_OPERATIONS)

/** What may stand before `.*`: the resources, and those that they are part of. */
const GROUPS: ReadonlySet<string> = new Set(
  [...SPELLED_OPERATIONS, ...OPEN_RESOURCES.map((resource) => `${resource}.any`)].flatMap((name) => {
    const words = name.split('.').slice(0, -1)
    return words.map((_, index) => words.slice(0, index + 1).join('.'))
  }),
)

/** Every pattern that stands for all of a resource: `files.*`, `threads.runs.*`. */
export const OPERATION_PATTERNS: readonly string[] = [...GROUPS].map((group) => `${group}.*`)

/**
 * True for a name that an `operations` list may hold: `chat`, `responses.get`, `files.*`, `threads.runs.*`, `*`. A star
 * may stand for all that a resource has or for everything; nowhere else.
 */
export function isOperationName(name: string): boolean {
  if (name === '*' || NAMES.has(name)) return true
  if (name.endsWith('.*')) return GROUPS.has(name.slice(0, -2))
  const [resource = '', ...verbs] = name.split('.')
  return OPEN_RESOURCES.includes(resource) && verbs.length === 1 && /^[a-z][a-z0-9_-]*$/.test(verbs[0] ?? '')
}
