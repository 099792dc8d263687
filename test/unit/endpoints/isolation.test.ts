import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { asksForOthers, isolationOf } from '../../../src/endpoints/isolation.ts'

const told = new Map(ENDPOINTS.map((endpoint) => [`${endpoint.operation}`, isolationOf(endpoint)]))
const kindOf = (operation: string) => told.get(operation)?.kind

t.test('what makes or opens stored objects is sealed or refused', async (t) => {
  for (const { operation, stored } of ENDPOINTS) if (stored) t.not(kindOf(operation), 'plain', operation)
})

t.test('every operation of the table has a row', async (t) => {
  const unknown = [...told].filter(([, row]) => row.kind === 'refused' && row.why.startsWith('nothing is known'))
  t.same(
    unknown.map(([operation]) => operation),
    [],
  )
  t.equal(isolationOf({ operation: 'new.things' as 'chat', method: 'GET', path: '/v1/new' }).kind, 'refused')
  t.equal(isolationOf({ operation: 'constructor' as 'chat', method: 'GET', path: '/v1/new' }).kind, 'refused')
})

const rows: readonly (readonly [string, 'plain' | 'sealed' | 'refused'])[] = [
  ['embeddings', 'plain'],
  ['completions', 'plain'],
  ['models.list', 'plain'],
  ['models.delete', 'refused'],
  ['chat', 'sealed'],
  ['chat.completions.get', 'sealed'],
  ['chat.completions.list', 'sealed'],
  ['chat.completions.messages.list', 'sealed'],
  ['responses', 'sealed'],
  ['responses.input_items', 'sealed'],
  ['responses.input_tokens', 'plain'],
  ['responses.connect', 'plain'],
  ['files.create', 'sealed'],
  ['files.list', 'sealed'],
  ['files.get', 'sealed'],
  ['batches.list', 'sealed'],
  ['vector_stores.list', 'sealed'],
  ['vector_stores.files.list', 'sealed'],
  ['assistants.list', 'sealed'],
  ['threads.create_and_run', 'sealed'],
  ['threads.runs.steps.list', 'sealed'],
  ['containers.list', 'sealed'],
  ['containers.files.list', 'sealed'],
  ['evals.list', 'sealed'],
  ['evals.runs.output_items.list', 'sealed'],
  ['fine_tuning.jobs.list', 'sealed'],
  ['fine_tuning.jobs.list_events', 'sealed'],
  ['fine_tuning.checkpoints.permissions.create', 'refused'],
  ['videos.list', 'refused'],
  ['skills.list', 'refused'],
  ['videos.get_character', 'sealed'],
  ['webhooks.create', 'refused'],
  ['realtime.client_secrets.create', 'plain'],
  ['realtime.translations.client_secrets.create', 'plain'],
  ['realtime.sessions.create', 'plain'],
  ['realtime.transcription_sessions.create', 'plain'],
  ['realtime.calls.create', 'sealed'],
  ['realtime.calls.hangup', 'sealed'],
  ['realtime.calls.accept', 'refused'],
  ['agents.sessions.events.stream', 'refused'],
]
t.test('the rows', async (t) => {
  for (const [operation, kind] of rows) t.equal(kindOf(operation), kind, operation)
})

t.test('no list of an account is answered whole', async (t) => {
  const filtered: string[] = []
  for (const { operation, path, method } of ENDPOINTS) {
    const row = told.get(operation)
    if (row?.kind === 'sealed' && row.lists !== null) filtered.push(operation)
    if (method !== 'GET' || path.includes('{') || row?.kind === 'plain') continue
    t.ok(row?.kind === 'refused' || (row?.kind === 'sealed' && row.lists !== null), operation)
  }
  t.same(filtered.sort(), [
    ...['assistants.list', 'batches.list', 'chat.completions.list', 'containers.list', 'evals.list', 'files.list'],
    ...['fine_tuning.jobs.list', 'vector_stores.list'],
  ])
})

const bodies: readonly (readonly [string, string, object, string | null])[] = [
  ['rows that the body brings', 'evals.runs.create', { data_source: { source: { type: 'file_content' } } }, null],
  ['rows of a file that it names', 'evals.runs.create', { data_source: { source: { type: 'file_id' } } }, null],
  ['all responses', 'evals.runs.create', { data_source: { source: { type: 'responses' } } }, 'data_source'],
  ['all chats', 'evals.runs.create', { data_source: { source: { type: 'stored_completions' } } }, 'data_source'],
  ['rows of nobody knows where', 'evals.runs.create', { data_source: { type: 'jsonl' } }, 'data_source'],
  ['a schema of one’s own', 'evals.create', { data_source_config: { type: 'custom' } }, null],
  ['all that is logged', 'evals.create', { data_source_config: { type: 'logs' } }, 'data_source_config'],
  ['another name of it', 'evals.create', { data_source_config: { type: 'stored_completions' } }, 'data_source_config'],
  ['a new name', 'evals.update', { name: 'x' }, null],
  ['another operation', 'responses', { data_source: { type: 'responses' } }, null],
]
t.test('what asks for objects without naming them', async (t) => {
  for (const [name, operation, body, key] of bodies) t.equal(asksForOthers(operation, body as never), key, name)
})
