/** Keys that end like those of objects' ids and hold none, and what they name. */
const NO_OBJECTS = {
  call_id: 'a call within one conversation, which the caller answers by it',
  tool_call_id: 'as `call_id`',
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
  organization_id: 'the provider’s account, which only its administration opens',
  project_id: 'as `organization_id`',
  user_id: 'as `organization_id`',
  api_key_id: 'as `organization_id`',
  datasource_item_id: 'the number of a row',
  segment_id: 'a stretch of one transcript',
} as const satisfies { readonly [key: string]: string }

/** Keys that hold ids and do not end so; those whose value may be an object instead hold one then. */
const OTHERS = ['ids', 'id', 'conversation', 'container', 'training_file', 'validation_file', 'result_files'] as const

const NOT: ReadonlySet<string> = new Set(Object.keys(NO_OBJECTS))
const ALSO: ReadonlySet<string> = new Set(OTHERS)

/**
 * True for a key whose value is the id of a stored object, or a list of such ids. A key that is not known counts by its
 * end. Answers are sealed and requests opened by this one word: what a request may write under such a key is a sealed id,
 * so that nothing that a caller makes up comes back to it sealed.
 */
export function holdsObjects(key: string): boolean {
  if (ALSO.has(key)) return true
  return (key.endsWith('_id') || key.endsWith('_ids')) && !NOT.has(key)
}

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
