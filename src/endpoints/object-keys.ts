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
])

/** Undefined for a key that may name objects of any kind. */
export function objectKind(key: string): ObjectKind | undefined {
  return KINDS.get(key)
}
