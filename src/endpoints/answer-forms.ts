import { holdsObjects } from '../model/object-members.ts'

/** Where the ids of stored objects stand in one object of an answer. */
interface FormRow {
  /** `all`: under every key that holds ids (`holdsObjects`); else under these alone. */
  readonly ids: 'all' | readonly string[]
  /** Members whose value is an object of this form, or a list of them. Nothing else is looked into. */
  readonly members: { readonly [key: string]: string }
  /** Members beside `FILE_NAMES` that may hold a marked name. */
  readonly names?: readonly string[]
}

/** What the name of a file stands under, wherever there is one. */
const FILE_NAMES = ['filename', 'file_name']

const LISTED = ['id', 'first_id', 'last_id']

/**
 * The places of ids in answers, an allow list: to seal an id is to grant it, and much of an answer is JSON of the caller's
 * own, of its files, or of a server that it names (`metadata`, schemas, rows of evals, tools of an MCP server). An id that
 * somebody put there and that came back sealed would open an object of somebody else. What stands at no place of these
 * forms leaves as it came, and opens nothing.
 *
 * Source: the answers in the types of OpenAI's SDK (`openai` 7.57).
 */
const FORMS = {
  /** It tells of nothing that the caller has not named. */
  bare: { ids: [], members: {} },
  object: { ids: 'all', members: {} },
  listed: { ids: 'all', members: { data: 'object' } },
  upload: { ids: 'all', members: { file: 'object' } },
  // The path of a file ends with its name.
  container: { ids: 'all', members: { data: 'container' }, names: ['name', 'path'] },
  video: { ids: 'all', members: { data: 'object', character: 'object' } },
  found: { ids: ['file_id'], members: {} },
  vectorStores: { ids: 'all', members: { data: 'object' } },
  annotation: { ids: 'all', members: { file_citation: 'object', file_path: 'object' } },
  text: { ids: [], members: { annotations: 'annotation' } },
  content: { ids: 'all', members: { annotations: 'annotation', text: 'text', image_file: 'object', file: 'object' } },
  // Without `tools` and `output`: those of an MCP server are what that server says.
  item: {
    ids: 'all',
    members: { content: 'content', outputs: 'object', results: 'found', environment: 'environment' },
  },
  environment: { ids: 'all', members: { skills: 'object' } },
  tool: { ids: 'all', members: { container: 'environment', environment: 'environment', input_image_mask: 'object' } },
  response: {
    ids: 'all',
    members: {
      ...{ response: 'response', item: 'item', part: 'content', annotation: 'annotation' },
      ...{ output: 'item', data: 'item', instructions: 'item', tools: 'tool', conversation: 'object' },
    },
  },
  conversation: {
    ids: 'all',
    members: {
      ...{ data: 'item', content: 'content', outputs: 'object', results: 'found', environment: 'environment' },
    },
  },
  resources: { ids: [], members: { code_interpreter: 'object', file_search: 'stores' } },
  stores: { ids: 'all', members: { vector_stores: 'object' } },
  // The `id` of a tool call names the call, and the caller answers by it.
  callOutput: { ids: [], members: { image: 'object' } },
  ranInterpreter: { ids: [], members: { outputs: 'callOutput' } },
  ranSearch: { ids: [], members: { results: 'found' } },
  toolCall: { ids: [], members: { code_interpreter: 'ranInterpreter', file_search: 'ranSearch' } },
  step: { ids: [], members: { message_creation: 'object', tool_calls: 'toolCall' } },
  thread: {
    ids: 'all',
    members: {
      ...{ data: 'thread', delta: 'thread', tools: 'tool', tool_resources: 'resources' },
      ...{ content: 'content', attachments: 'object', step_details: 'step' },
    },
  },
  // The body of a chat is the caller's, and an engine may echo of it what it likes: only what opens something.
  audio: { ids: ['id'], members: {} },
  chatMessage: { ids: [], members: { audio: 'audio' } },
  choice: { ids: [], members: { message: 'chatMessage', delta: 'chatMessage' } },
  keptMessage: { ids: ['id'], members: { audio: 'audio', choices: 'choice' } },
  chat: { ids: LISTED, members: { data: 'keptMessage', choices: 'choice' } },
  // Rows of an eval come from files, and what graders answer from code: neither is looked into.
  evalSource: { ids: ['id'], members: {} },
  evalData: { ids: [], members: { source: 'evalSource' } },
  evalEntry: { ids: ['id', 'eval_id', 'run_id'], members: { data_source: 'evalData' } },
  eval: { ids: [...LISTED, 'eval_id', 'run_id'], members: { data: 'evalEntry', data_source: 'evalData' } },
} as const satisfies { readonly [name: string]: FormRow }

export type AnswerFormName = keyof typeof FORMS
export const ANSWER_FORM_NAMES = Object.keys(FORMS) as AnswerFormName[]

/** One object of an answer, as it is read while it passes. */
export interface AnswerForm {
  seals(key: string): boolean
  /** True for a member whose text is a name that may be marked. */
  names(key: string): boolean
  /** Null for a member that is not looked into. */
  member(key: string): AnswerForm | null
}

const forms = new Map<string, AnswerForm>()
for (const [name, row] of Object.entries<FormRow>(FORMS)) {
  const ids = row.ids === 'all' ? null : new Set(row.ids)
  const members = new Map(Object.entries(row.members))
  const names = new Set([...FILE_NAMES, ...(row.names ?? [])])
  forms.set(name, {
    seals: ids === null ? holdsObjects : (key) => ids.has(key),
    names: (key) => names.has(key),
    member: (key) => {
      const member = members.get(key)
      return member === undefined ? null : answerForm(member as AnswerFormName)
    },
  })
}

export function answerForm(name: AnswerFormName): AnswerForm {
  const form = forms.get(name)
  if (form === undefined) throw new Error(`no form of an answer is called ${name}`)
  return form
}
