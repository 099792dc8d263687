import type { ObjectKind } from '../model/objects.ts'

/** What kind of object a key of a body names: an id, or a list of ids. Where one depends on its place, the key says so. */
const KINDS: ReadonlyMap<string, ObjectKind> = new Map<string, ObjectKind>([
  ['id', 'item'],
  ['prompt.id', 'prompt'],
  ['audio.id', 'audio'],
  ['image_generation_call.id', 'image'],
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
