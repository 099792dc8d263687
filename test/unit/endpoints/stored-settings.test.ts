import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import { openedBy, STORED_OPERATIONS } from '../../../src/model/operations.ts'
import { describe } from './described.ts'

type Row = readonly [sentence: string, operation: string, more: object, isStored: boolean]
const table: readonly Row[] = [
  ['an earlier response', 'responses', { previous_response_id: 'r' }, true],
  ['a conversation', 'responses', { conversation: 'c' }, true],
  ['a conversation as an object', 'responses', { conversation: { id: 'c' } }, true],
  ['a prompt', 'responses', { prompt: { id: 'p' } }, true],
  ['an earlier item', 'responses', { input: [{ type: 'item_reference', id: 'i' }] }, true],
  ['a container', 'responses', { tools: [{ type: 'code_interpreter', container: 'c' }] }, true],
  ['content that was cached', 'chat', { cached_content: 'c' }, true],
  ['an object of an unknown kind', 'chat', { memory_id: 'm' }, true],
  ['a run of an assistant', 'threads.runs.create', { assistant_id: 'a' }, true],
  ['a run of a thread alone', 'threads.runs.create', {}, true],
  ['a batch', 'batches.create', { input_file_id: 'f' }, true],
  ['a run of an eval', 'evals.runs.create', {}, true],
  ['a session of an agent', 'agents.sessions.create', { agent: { agent_id: 'a' } }, true],
  ['an agent', 'agents.create', { name: 'a' }, false],
  ['nothing', 'responses', { input: 'x' }, false],
  ['no earlier response', 'responses', { previous_response_id: null, conversation: null }, false],
  ['a stored file', 'responses', { input: [{ content: [{ type: 'input_file', file_id: 'f' }], role: 'user' }] }, false],
  ['a vector store', 'responses', { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] }, false],
  ['a voice', 'audio.speech', { input: 'x', voice: { id: 'v' } }, false],
]
t.test('something stored may bring tools, hosts and input of its own', async (t) => {
  for (const [sentence, operation, more, isStored] of table) {
    t.match(describe(operation, { model: 'm', ...more }), { storedSettings: isStored }, `${operation}: ${sentence}`)
  }
})

t.test('what goes on without a body brings what it has', async (t) => {
  const settingsOf = (operation: string) => {
    const facts = ENDPOINTS.find((entry) => entry.operation === operation)?.describe(null, {})
    return facts?.ok === true && facts.value.storedSettings
  }
  t.equal(settingsOf('fine_tuning.jobs.resume'), true)
  t.equal(settingsOf('agents.automations.invocations.create'), true)
  t.equal(settingsOf('fine_tuning.jobs.cancel'), false)
  t.equal(settingsOf('responses.get'), false)
})

t.test('operations that always go on with something stored are those that the analyses know', async (t) => {
  const body = parseJsonBody(Buffer.from('{"model":"m","messages":[],"input":"x"}'))
  const session = parseJsonBody(Buffer.from('{"model":"m"}'))
  if (!body.ok || !session.ok) throw new Error('no body')
  for (const { operation, body: kind, describe: facts } of ENDPOINTS) {
    if (kind === 'multipart') continue
    const sent = openedBy(operation) === null ? body : session
    const described = facts(kind === 'none' ? null : sent.value, { model: 'm' })
    if (!described.ok) throw new Error(`${operation}: ${described.fault.message}`)
    t.equal(described.value.storedSettings, STORED_OPERATIONS.includes(operation), operation)
  }
})
