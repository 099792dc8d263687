import { OBJECT_KINDS } from './objects.ts'

/** Keys that end like those of objects' ids and hold none, and what they name. */
const NO_OBJECTS = {
  call_id: 'a call within one conversation, which the caller answers by it',
  tool_call_id: 'as `call_id`',
  tool_use_id: 'as `call_id`',
  caller_id: 'as `call_id`',
  event_id: 'one message of a stream',
  client_event_id: 'as `event_id`, given by the caller',
  source_event_id: 'as `event_id`',
  stream_id: 'one of the streams of a session',
  request_id: 'one request, for the provider’s support',
  trace_id: 'as `request_id`',
  span_id: 'as `request_id`',
  custom_id: 'a line of a batch, named by the caller',
  external_id: 'something of another system',
  client_id: 'as `external_id`',
  tenant_id: 'as `external_id`',
  connector_id: 'a service that the provider names, the same for everybody',
  tunnel_id: 'as `connector_id`: what is granted is the host that it stands for',
  stop_token_ids: 'numbers of a vocabulary',
  allowed_token_ids: 'as `stop_token_ids`',
  bad_token_ids: 'as `stop_token_ids`',
  prompt_token_ids: 'as `stop_token_ids`',
  suppress_token_ids: 'as `stop_token_ids`',
  token_ids: 'as `stop_token_ids`',
  eos_token_id: 'as `stop_token_ids`',
  bos_token_id: 'as `stop_token_ids`',
  pad_token_id: 'as `stop_token_ids`',
  return_token_ids: 'whether an answer tells the numbers of its tokens',
  return_tokens_as_token_ids: 'as `return_token_ids`',
  organization_id: 'the provider’s account, which only its administration opens',
  project_id: 'as `organization_id`',
  user_id: 'as `organization_id`',
  api_key_id: 'as `organization_id`',
  datasource_item_id: 'the number of a row',
  segment_id: 'a stretch of one transcript',
} as const satisfies { readonly [key: string]: string }

/** Keys that hold ids and do not end so; those whose value may be an object instead hold one then. */
const OTHERS = [
  ...['ids', 'id', 'conversation', 'thread', 'container', 'vector_store', 'cached_content'],
  ...['training_file', 'validation_file', 'result_files'],
] as const

const NOT: ReadonlySet<string> = new Set(Object.keys(NO_OBJECTS))

/** Ids of known kinds, and the keys above, in one word: what a reader without case and separators takes for them. */
const IN_ONE_WORD: ReadonlySet<string> = new Set([
  ...OTHERS,
  ...OBJECT_KINDS.filter((kind) => !NOT.has(`${kind}_id`)).flatMap((kind) => [
    oneWord(kind, 'id'),
    oneWord(kind, 'ids'),
  ]),
  ...OTHERS.map((key) => oneWord(key, '')),
  'previousresponseid',
  'inputfileid',
])

function oneWord(name: string, end: string): string {
  return name.replaceAll('_', '') + end
}

/** Everything but lower-case letters, digits and `_`: a key without it is written as the API writes its own. */
const FOREIGN = /[^a-z0-9_]/

/**
 * True for a key whose value is the id of a stored object, or a list of such ids, in snake case, camel case or with other
 * separators. A key that is not known counts by its end. The facts of a request, the sealing of answers and the opening
 * of requests go by this one word: what a request may write under such a key is a sealed id, so that nothing that a
 * caller makes up comes back to it sealed.
 */
export function holdsObjects(key: string): boolean {
  return isHolder(FOREIGN.test(key) ? snakeCase(key) : key)
}

function isHolder(key: string): boolean {
  if (IN_ONE_WORD.has(key)) return true
  return (key.endsWith('_id') || key.endsWith('_ids')) && !NOT.has(key)
}

/** `fileID`, `FileId`, `file-id` and `options.file_id` as `file_id`; the long s is one to decoders without case. */
function snakeCase(key: string): string {
  return key
    .replaceAll('\u017f', 's')
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase()
    .replace(/_+$/, '')
}

/**
 * Members in which an `id`, and what else is not known to name an object, is the caller's own name for something: calls
 * that it answers, rows and documents that it sends, questions that it asks.
 */
export const NAMED_BY_CALLER: ReadonlySet<string> = new Set([
  ...['tool_calls', 'arguments', 'item', 'documents', 'questions', 'reasoning_details', 'thinking_blocks', 'plugins'],
])

/**
 * Keys of the caller's own JSON, in which nothing is sealed and nothing opened: what stands in it goes and comes back as it
 * is. No answer is looked into under one of them.
 */
export const CALLERS_OWN: ReadonlySet<string> = new Set([
  ...['metadata', 'attributes', 'variables', 'parameters', 'schema', 'input_schema', 'output_schema', 'item_schema'],
  ...['headers', 'env', 'filters', 'logit_bias', 'guided_json', 'structured_outputs', 'chat_template_kwargs'],
  // Checks are named within one response, and acknowledged by that name.
  ...['pending_safety_checks', 'acknowledged_safety_checks'],
])
