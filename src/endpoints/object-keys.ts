import type { ObjectKind } from '../model/objects.ts'

/** What kind of object a key of a body names: an id, or a list of ids. Where one depends on its place, the key says so. */
const KINDS: ReadonlyMap<string, ObjectKind> = new Map<string, ObjectKind>([
  ['id', 'item'],
  ['prompt.id', 'prompt'],
  ['audio.id', 'audio'],
  ['image_generation_call.id', 'image'],
  ['uuid', 'image'],
  ['video.id', 'video'],
  ['voice.id', 'voice'],
  ['workflow.id', 'workflow'],
  ['source.id', 'file'],
  ['previous_response_id', 'response'],
  ['previous_message_id', 'message'],
  ['comparison_response_id', 'response'],
  ['conversation', 'conversation'],
  ['file_id', 'file'],
  ['file_ids', 'file'],
  ['input_file_id', 'file'],
  ['training_file', 'file'],
  ['validation_file', 'file'],
  ['part_ids', 'part'],
  ['vector_store_id', 'vector_store'],
  ['vector_store_ids', 'vector_store'],
  ['container', 'container'],
  ['container_id', 'container'],
  ['skill_id', 'skill'],
  ['assistant_id', 'assistant'],
  ['project_ids', 'project'],
  ['agent_id', 'agent'],
  ['session_id', 'session'],
  ['environment_id', 'environment'],
  ['environment_template_id', 'template'],
  ['vault_ids', 'vault'],
  ['credential_id', 'credential'],
  ['conversation_id', 'conversation'],
  ['thread', 'thread'],
  ['thread_id', 'thread'],
  ['response_id', 'response'],
  ['batch_id', 'batch'],
  ['consent', 'voice_consent'],
  ['consent_id', 'voice_consent'],
  ['run_id', 'run'],
  ['vector_store', 'vector_store'],
])

/** Kinds that are nothing but content, or that only hold some: they bring no tools and name no hosts. */
const CONTENT: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  ...(['file', 'upload', 'part', 'vector_store', 'image', 'video', 'audio', 'voice', 'voice_consent'] as const),
  ...(['character', 'project', 'credential', 'vault'] as const),
])

/**
 * True for an object that may bring tools, hosts and input of its own into a request that names it: what is not known to
 * be content does, and so does the input of a batch.
 */
export function bringsSettings(key: string, kind: ObjectKind | undefined): boolean {
  return kind === undefined || !CONTENT.has(kind) || key === 'input_file_id'
}

/** Undefined for a key that may name objects of any kind. An `id` is of the kind that its holder says. */
export function objectKind(key: string): ObjectKind | undefined {
  const kind = KINDS.get(key)
  if (kind !== undefined || !key.endsWith('.id')) return kind
  const holder = key.slice(0, -'.id'.length)
  return KINDS.get(holder) ?? KINDS.get(`${holder}_id`)
}

/** How the ids of stored objects begin. Calls and events, which the caller answers by their ids, are none. */
const STORED =
  /^(?:file|resp|conv|thread|run|step|asst|vs|vsfb|batch|video|ftjob|ftckpt|cntr|cfile|eval|evalrun|pmpt|prompt|upload|part|skill|agent|sess|chatcmpl|msg|rs|ig|vault|voice|char)[-_][A-Za-z0-9_-]*[A-Za-z0-9]{12}/
const MAX_ID = 256

/**
 * True for a text that is written as the id of a stored object and stands under a key that is not known to hold one
 * (`from_task`). What names itself an id was judged by its key.
 */
export function looksStored(key: string, text: string): boolean {
  return text.length <= MAX_ID && text.length > 12 && !/ids?$/i.test(key) && STORED.test(text) && /[0-9]/.test(text)
}
