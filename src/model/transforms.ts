import type { JsonValue } from './json.ts'

/** Operations whose bodies a transform can change. */
export type TransformedOperation =
  | 'chat'
  | 'completions'
  | 'embeddings'
  | 'messages'
  | 'realtime'
  | 'responses'
  | 'responses.compact'
  | 'threads.runs.create'
  | 'threads.create_and_run'

/** What is done to the bodies of allowed requests: members are set, a text is put in front of what the model reads. */
export interface Obligations {
  /** `transform:ID`, by `id`. */
  readonly names: readonly string[]
  readonly set: { readonly [Name in SettableName]?: JsonValue | undefined }
  readonly prepend: string | null
  /** Parts that the body has no place for, although a model reads it and answers: the request cannot go on. */
  readonly unplaced?: readonly string[]
}

/**
 * What a transform may set, and the member that it is in each operation's body. A closed table: nothing in it could send
 * a request elsewhere or name another object.
 */
export const SETTABLE = {
  max_output_tokens: {
    chat: 'max_completion_tokens',
    completions: 'max_tokens',
    messages: 'max_tokens',
    realtime: 'max_output_tokens',
    responses: 'max_output_tokens',
    ...runs('max_completion_tokens'),
  },
  temperature: {
    chat: 'temperature',
    completions: 'temperature',
    messages: 'temperature',
    responses: 'temperature',
    ...runs('temperature'),
  },
  top_p: { chat: 'top_p', completions: 'top_p', messages: 'top_p', responses: 'top_p', ...runs('top_p') },
  seed: { chat: 'seed', completions: 'seed' },
  store: { chat: 'store', responses: 'store' },
  parallel_tool_calls: {
    chat: 'parallel_tool_calls',
    responses: 'parallel_tool_calls',
    ...runs('parallel_tool_calls'),
  },
  service_tier: { chat: 'service_tier', messages: 'service_tier', responses: 'service_tier' },
  safety_identifier: { chat: 'safety_identifier', responses: 'safety_identifier' },
  user: { chat: 'user', completions: 'user', embeddings: 'user', responses: 'user' },
} as const satisfies { readonly [name: string]: { readonly [Operation in TransformedOperation]?: string } }

/** Both ways to run an assistant have the same members. */
function runs<Member extends string>(member: Member) {
  return { 'threads.runs.create': member, 'threads.create_and_run': member } as const
}

export type SettableName = keyof typeof SETTABLE

/** The member that a setting is in the body of an operation; undefined where the operation has none. */
export function settableMember(name: SettableName, operation: string): string | undefined {
  const members: { readonly [operation: string]: string } = SETTABLE[name]
  return Object.hasOwn(members, operation) ? members[operation] : undefined
}

/** Operations that a text can be put in front of: a prompt of `completions` is one text without roles. */
export const PREPENDABLE: readonly string[] = [
  ...(['chat', 'messages', 'realtime', 'responses', 'responses.compact'] satisfies TransformedOperation[]),
]

/**
 * Operations in which a model reads and writes text: a cap or a text that finds no place there must not be lost. Those of a
 * batch are changed line by line when they are uploaded.
 */
export const GENERATING: readonly string[] = [
  ...['chat', 'completions', 'responses', 'responses.compact', 'decisions.create'],
  ...['threads.runs.create', 'threads.create_and_run', 'threads.runs.submit_tool_outputs', 'evals.runs.create'],
  ...['agents.sessions.create', 'agents.sessions.events.create', 'agents.automations.create'],
  ...['agents.automations.update', 'agents.automations.resume', 'agents.automations.invocations.create'],
]

/** Names by which operations and engines know an output limit: one that is set beside the operation's own counts, too. */
export const OUTPUT_LIMITS: readonly string[] = [
  'max_completion_tokens',
  'max_tokens',
  'max_output_tokens',
  'max_new_tokens',
  'max_length',
  'n_predict',
  'num_predict',
  'max_gen_len',
  'max_tokens_to_sample',
  'max_tokens_to_generate',
  'max_generated_tokens',
  'max_token_count',
  ...['max_response_tokens', 'max_generation_tokens', 'max_decode_steps', 'max_decode_tokens', 'max_dec_len'],
  ...['max_gen_toks', 'max_out_len', 'tokens_to_generate', 'maximum_tokens', 'max_predicted_tokens'],
]

/** Where an operation goes by any one of several limits of its own; every other one goes by the member of the table. */
export const OWN_LIMITS: { readonly [operation: string]: readonly string[] } = {
  chat: ['max_completion_tokens', 'max_tokens'],
} satisfies { readonly [Operation in TransformedOperation]?: readonly string[] }
