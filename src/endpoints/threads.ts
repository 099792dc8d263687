import { isJsonObject, type JsonValue } from '../model/json.ts'
import { walkItems, walkParts } from './content.ts'
import { type Draft, refuse } from './draft.ts'
import type { Endpoint, QueryForm } from './endpoint.ts'
import { act, get, list, remove, send } from './operation.ts'
import { walkMember } from './walk.ts'

const THREAD = '/v1/threads/{thread}'
const MESSAGE = `${THREAD}/messages/{message}`
const RUN = `${THREAD}/runs/{run}`
const STEPS: QueryForm = { 'include[]': null }
const BETA = { beta: 'assistants=v2' }

/** A run without a model goes by that of its assistant: *cannot tell*. */
const RUNNING = {
  ...BETA,
  streams: 'asked',
  model: 'optional',
  models: ['.model', '.tools[].model'],
  answer: 'response',
  outputLimits: ['max_completion_tokens'],
  runsStored: true,
  ids: ['assistant_id'],
  known: ['additional_instructions', 'max_prompt_tokens', 'tool_resources', 'truncation_strategy'],
} as const

export const threads: readonly Endpoint[] = [
  send('threads.create', '/v1/threads', {
    ...BETA,
    known: ['tool_resources'],
    readers: [['messages', (draft, value) => walkItems(draft, value, 'messages')]],
  }),
  get('threads.get', THREAD, BETA),
  send('threads.update', THREAD, { ...BETA, known: ['tool_resources'] }),
  remove('threads.delete', THREAD, BETA),
  send('threads.create_and_run', '/v1/threads/runs', { ...RUNNING, readers: [['thread', readThread]] }),
  send('threads.messages.create', `${THREAD}/messages`, {
    ...BETA,
    known: ['role', 'attachments'],
    readers: [['content', (draft, value) => walkParts(draft, value, 'content')]],
  }),
  list(
    'threads.messages.list',
    `${THREAD}/messages`,
    'message',
    { before: 'message', order: null, run_id: 'run' },
    BETA,
  ),
  get('threads.messages.get', MESSAGE, BETA),
  send('threads.messages.update', MESSAGE, BETA),
  remove('threads.messages.delete', MESSAGE, BETA),
  send('threads.runs.create', `${THREAD}/runs`, {
    ...RUNNING,
    query: STEPS,
    readers: [['additional_messages', (draft, value) => walkItems(draft, value, 'additional_messages')]],
  }),
  list('threads.runs.list', `${THREAD}/runs`, 'run', { before: 'run', order: null }, BETA),
  get('threads.runs.get', RUN, BETA),
  send('threads.runs.update', RUN, BETA),
  act('threads.runs.cancel', `${RUN}/cancel`, BETA),
  send('threads.runs.submit_tool_outputs', `${RUN}/submit_tool_outputs`, {
    ...BETA,
    streams: 'asked',
    model: 'indirect',
    answer: 'response',
    runsStored: true,
    known: ['tool_outputs'],
  }),
  list('threads.runs.steps.list', `${RUN}/steps`, 'step', { before: 'step', order: null, ...STEPS }, BETA),
  get('threads.runs.steps.get', `${RUN}/steps/{step}`, { ...BETA, query: STEPS }),
]

function readThread(draft: Draft, thread: JsonValue): undefined {
  if (thread === null) return
  if (!isJsonObject(thread)) return refuse(draft, '`thread` must be an object', 'thread')
  for (const key in thread) {
    const value = thread[key] as JsonValue
    if (key === 'messages') walkItems(draft, value, 'messages')
    else if (key !== 'metadata') walkMember(draft, key, value, false)
  }
}
