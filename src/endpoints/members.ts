import { holdsObjects, NAMED_BY_CALLER } from '../model/object-members.ts'
import { toolAnywhere, toolAtTop } from './engine-tools.ts'
import { foldKey, isLikeJudged, redirects } from './key-names.ts'
import { type Media, mediaByEnd } from './media-keys.ts'
import { steers } from './steering-keys.ts'

/**
 * How the value of a member is read: `text` is prose that nobody follows, `opaque` is not looked into (schemas,
 * arguments), `object` names something stored, `named` does so as far as its key says, `id` by the object that it stands
 * in, `own` holds names of the caller's own, `remote` is a place that a program
 * fetches from, `models` names several models, `double` is at the top of a body another spelling of a member that is judged,
 * `other` is everything not known.
 */
export type MemberKind =
  | 'model'
  | 'models'
  | 'redirect'
  | 'double'
  | 'url'
  | 'host'
  | 'object'
  | 'named'
  | 'id'
  | 'own'
  | 'text'
  | 'opaque'
  | 'network'
  | 'tools'
  | 'graders'
  | 'ranker'
  | 'remote'
  | 'other'
export interface Member {
  readonly kind: MemberKind
  /** What the member brings in when it is there and not null. */
  readonly media: readonly Media[]
  /** Another spelling of a member that is read below the top of bodies, too. */
  readonly misspelt?: true
  /** Its media are a guess by how the key ends: a number or a flag under it brings none in. */
  readonly isGuess?: true
  /** It redirects the call where it stands at the top of a body. */
  readonly steers?: true
  /** The hosted tool that it switches on wherever it stands, and the one at the top of a body. */
  readonly tool?: string
  readonly topTool?: string
}

const NO_MEDIA: readonly Media[] = []

const KINDS = {
  model: ['model'],
  ranker: ['ranker'],
  graders: ['grader', 'graders', 'testing_criteria'],
  object: [
    'previous_response_id',
    'comparison_response_id',
    'conversation',
    'file_id',
    'file_ids',
    'vector_store_id',
    'vector_store_ids',
    'container',
    'container_id',
    'skill_id',
    'thread',
    'vector_store',
    'cached_content',
  ],
  text: [
    'role',
    'type',
    'content',
    'text',
    'name',
    'title',
    'description',
    'server_description',
    'server_label',
    'refusal',
    'detail',
    'format',
    'filename',
    'instructions',
    'input',
    'output',
    'summary',
    'thinking',
    'reasoning',
    'reasoning_content',
    'encrypted_content',
    'message',
    'prompt',
    'suffix',
    'stop',
    'user',
    'safety_identifier',
    'prompt_cache_key',
    'query',
    'queries',
    'quote',
    'code',
    'diff',
    'path',
    'commands',
    'command',
    'logs',
    'stdout',
    'stderr',
    'reason',
    'definition',
    'prediction',
    'revised_prompt',
    'authorization',
    'error',
    'call_id',
    'tool_call_id',
    'status',
  ],
  opaque: [
    'parameters',
    'output_schema',
    'input_schema',
    'schema',
    'item_schema',
    'headers',
    'filters',
    'logit_bias',
    'logprobs',
    'env',
  ],
  /** Nothing in particular: here so that the usual keys need not be examined. */
  other: [
    ...['function', 'custom', 'function_call', 'strict', 'tool_choice', 'allowed_tools', 'tool_names'],
    ...['stream', 'stream_options', 'include_usage', 'include_obfuscation', 'response_format', 'json_schema'],
    ...['temperature', 'top_p', 'top_k', 'n', 'seed', 'max_tokens', 'max_completion_tokens', 'max_output_tokens'],
    ...['presence_penalty', 'frequency_penalty', 'parallel_tool_calls', 'store', 'include', 'truncation', 'modalities'],
    ...['reasoning_effort', 'effort', 'verbosity', 'service_tier', 'encoding_format', 'dimensions', 'data', 'action'],
    ...['annotations', 'cache_control', 'prompt_cache_breakpoint', 'phase', 'require_approval', 'search_context_size'],
    ...['index', 'namespace', 'user_location', 'environment', 'skills', 'moderation', 'messages', 'functions'],
  ],
  id: ['id'],
  own: [...NAMED_BY_CALLER],
  network: ['network_policy'],
  tools: ['tools'],
} as const satisfies { readonly [kind in MemberKind]?: readonly string[] }

const MEDIA: { readonly [key: string]: readonly [MemberKind, readonly Media[]] } = {
  image_url: ['url', ['images']],
  input_image: ['other', ['images']],
  input_image_mask: ['other', ['images']],
  image: ['other', ['images']],
  images: ['other', ['images']],
  image_data: ['other', ['images']],
  image_embeds: ['other', ['images']],
  video: ['other', ['images', 'audio']],
  video_url: ['url', ['images', 'audio']],
  input_video: ['other', ['images', 'audio']],
  audio_url: ['url', ['audio']],
  input_audio: ['other', ['audio']],
  audio: ['other', ['audio']],
  audio_data: ['other', ['audio']],
  audio_embeds: ['other', ['audio']],
  file: ['other', ['files']],
  file_url: ['url', ['files']],
  file_data: ['other', ['files']],
  file_ids: ['object', ['files']],
  input_reference: ['other', ['images']],
  mask: ['other', ['images']],
}

const MEMBERS: ReadonlyMap<string, Member> = new Map([
  ...Object.entries(KINDS).flatMap(([kind, keys]) =>
    keys.map((key): [string, Member] => [key, { kind: kind as MemberKind, media: NO_MEDIA }]),
  ),
  ...Object.entries(MEDIA).map(([key, [kind, media]]): [string, Member] => [key, { kind, media }]),
])

/**
 * Members by which blocks, parts, sources and tools are told apart, as keys are compared: decoders without case (Go,
 * .NET) take `Type` for `type`, and the last one stands. URLs and ids count in every spelling, and are not among them.
 */
const READ: ReadonlySet<string> = new Set([
  ...['type', 'name', 'role', 'content', 'text', 'input', 'output', 'source', 'data', 'result', 'skills', 'tools'],
  ...['tool', 'toolreferences', 'toolchanges', 'function', 'functions', 'custom', 'toolchoice', 'allowedtools'],
  ...['environment', 'networkpolicy', 'grader', 'graders', 'testingcriteria', 'ranker'],
  ...['connectorid', 'tunnelid', 'encryptedcontent', 'thinking', 'summary', 'refusal', 'reasoningcontent'],
  ...Object.keys(MEDIA).map((key) => foldKey(key)),
])
/** Keys of these that are written as they should be, beside those that are known. */
const WELL_SPELT: ReadonlySet<string> = new Set([
  ...['source', 'result', 'tool', 'tool_references', 'tool_changes', 'connector_id', 'tunnel_id'],
])

const REDIRECT: Member = { kind: 'redirect', media: NO_MEDIA }
const DOUBLE: Member = { kind: 'double', media: NO_MEDIA }
const URL_MEMBER: Member = { kind: 'url', media: NO_MEDIA }
const HOST_MEMBER: Member = { kind: 'host', media: NO_MEDIA }
const MODEL_MEMBER: Member = { kind: 'model', media: NO_MEDIA }
const MODELS_MEMBER: Member = { kind: 'models', media: NO_MEDIA }
const REMOTE: Member = { kind: 'remote', media: NO_MEDIA }
const NAMED: Member = { kind: 'named', media: NO_MEDIA }
/** What the key of a member says of its value, wherever in a body it stands; undefined for one that is not known. */
export function knownMember(key: string): Member | undefined {
  return MEMBERS.get(key)
}

/** Examines a key that is not known. It takes time in proportion to the key's length, some 1,000 times a look-up. */
export function examineKey(key: string): Member {
  const folded = foldKey(key)
  const [tool, topTool] = [toolAnywhere(folded), toolAtTop(folded)]
  const found = withMedia(examineFolded(key, folded), folded)
  return {
    ...found,
    ...(READ.has(folded) && !WELL_SPELT.has(key) ? { misspelt: true as const } : {}),
    ...(steers(folded) ? { steers: true as const } : {}),
    ...(tool === undefined ? {} : { tool }),
    ...(topTool === undefined ? {} : { topTool }),
  }
}

function examineFolded(key: string, folded: string): Member {
  if (redirects(key, folded)) return REDIRECT
  if (isLikeJudged(key, folded)) return DOUBLE
  if (/(?:ur[li]|webhook|callback)s?$/.test(folded)) return URL_MEMBER
  if (isHost(folded)) return HOST_MEMBER
  if (/(?:repo|repository|repositories|remote|mirror|registry|registries)s?$/.test(folded)) return REMOTE
  if (folded.endsWith('model')) return MODEL_MEMBER
  if (/model(?:s|names?)$/.test(folded)) return MODELS_MEMBER
  return holdsObjects(key) ? NAMED : OTHER
}

function withMedia(member: Member, folded: string): Member {
  if (member.kind !== 'other' && member.kind !== 'url') return member
  const media = mediaByEnd(folded)
  return media === null ? member : { ...member, media, isGuess: true }
}

/** What is connected to, and what may be; not what is kept out. */
function isHost(folded: string): boolean {
  if (/(?:host|hostname|egress)s?$/.test(folded)) return true
  if (/(?:ip|remote|server|peer|node|engine|bootstrap)addr(?:ess)?(?:es|s)?$/.test(folded)) return true
  return folded.endsWith('domains') && !/^(?:blocked|excluded?|denied|deny|disallowed)/.test(folded)
}

/** What a key is taken for once there is no need to know. */
export const OTHER: Member = { kind: 'other', media: NO_MEDIA }
