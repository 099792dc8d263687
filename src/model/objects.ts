/**
 * Every kind of object that the API keeps beyond the request that made it. In a path template the kind in braces stands
 * for one id: `/v1/threads/{thread}/runs/{run}`.
 */
export const OBJECT_KINDS = [
  ...['file', 'upload', 'part', 'batch', 'response', 'item', 'conversation', 'completion', 'message', 'prompt'],
  ...['assistant', 'thread', 'run', 'step', 'vector_store', 'file_batch', 'container', 'container_file'],
  ...['fine_tuning_job', 'checkpoint', 'permission', 'event', 'project', 'eval', 'eval_run', 'output_item'],
  ...['video', 'character', 'voice', 'voice_consent', 'audio', 'image', 'skill', 'skill_version', 'call'],
  ...['live_session', 'chatkit_session', 'chatkit_thread', 'workflow', 'webhook', 'alert', 'case'],
  ...['agent', 'automation', 'invocation', 'environment', 'template', 'session', 'artifact', 'subagent', 'turn'],
  ...['trace', 'vault', 'credential', 'message_batch'],
] as const

export type ObjectKind = (typeof OBJECT_KINDS)[number]

/** A stored object that a request refers to, by the key, query parameter or place in the path that named it. */
export interface ObjectReference {
  readonly key: string
  /** Absent where the key may name objects of several kinds. */
  readonly kind?: ObjectKind
  readonly id: string
}
