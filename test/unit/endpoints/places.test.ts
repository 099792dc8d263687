import t from 'tap'
import type { Endpoint } from '../../../src/endpoints/endpoint.ts'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { parseJsonBody } from '../../../src/endpoints/json.ts'
import type { RequestFacts } from '../../../src/model/request.ts'
import { ALLOWED, FORBIDDEN, planted, SPELLINGS } from '../../support/table-requests.ts'

/** Facts of a body, or null where it is refused. */
function described(endpoint: Endpoint, text: string): RequestFacts | null {
  const body = parseJsonBody(Buffer.from(text))
  if (!body.ok) return null
  const facts = endpoint.describe(body.value, {})
  return facts.ok ? facts.value : null
}

const named = (facts: RequestFacts | null) => (facts === null ? null : [facts.model, ...facts.nestedModels])

/** Where the description of the API knows a model: each is one of some entry's places. */
const KNOWN = [
  ...['.model', '.tools[].model', '.items[].tools[].model', '.moderation.model', '.session.model', '?model', '{model}'],
  ...['.session.audio.input.transcription.model', '.audio.input.transcription.model'],
  ...['.input_audio_transcription.model', '.grader.model', '.grader.graders.model'],
  ...['.method.reinforcement.grader.model', '.method.reinforcement.grader.graders.model', '.testing_criteria[].model'],
  ...['.data_source.model', '.data_source.source.model', '.data_source.sampling_params.tools[].model'],
]

t.test('every place that is known is that of some operation', async (t) => {
  const places = new Set(ENDPOINTS.flatMap(({ models }) => models))
  for (const place of KNOWN) t.ok(places.has(place), place)
})

t.test(
  'a model is found wherever the table knows one, in every spelling of JSON, or the body is refused',
  async (t) => {
    const entries = ENDPOINTS.filter(({ body }) => body === 'json' || body === 'either')
    for (const endpoint of entries) {
      const top = endpoint.model === 'required' ? [`"model":"${ALLOWED}"`] : []
      for (const place of new Set([...endpoint.models, '.unknown.model', '.unknown[].deep.model'])) {
        if (!place.startsWith('.')) continue
        for (const [spelling, member, isPlain] of SPELLINGS) {
          const body = planted(place, member(FORBIDDEN), place === '.model' ? [] : top)
          const found = named(described(endpoint, body))
          const name = `${endpoint.operation} ${place} ${spelling}`
          if (isPlain) t.ok(found?.includes(FORBIDDEN), name)
          else t.equal(found, null, name)
        }
      }
    }
  },
)

t.test('what a request says of the model that serves it', async (t) => {
  const grader = '"grader":{"type":"score_model","model":"g"}'
  const rows: readonly (readonly [
    operation: string,
    body: string,
    model: string | null | undefined,
    nested: string[],
  ])[] = [
    ['chat', '{"model":"m"}', 'm', []],
    ['images.generate', '{"model":"m","prompt":"x","svg":{"model":"s"}}', 'm', ['s']],
    ['images.generate', '{"prompt":"x"}', undefined, []],
    ['batches.create', '{"input_file_id":"f","endpoint":"/v1/responses"}', undefined, []],
    ['batches.create', '{"input_file_id":"f","model":"m"}', undefined, ['m']],
    ['threads.runs.create', '{"assistant_id":"a"}', undefined, []],
    ['threads.runs.create', '{"assistant_id":"a","model":"m"}', 'm', []],
    ['threads.runs.create', '{"assistant_id":"a","model":null}', undefined, []],
    ['threads.runs.submit_tool_outputs', '{"tool_outputs":[]}', undefined, []],
    ['fine_tuning.alpha.graders.run', `{${grader},"model_sample":"x"}`, 'g', []],
    ['fine_tuning.alpha.graders.run', '{"grader":{"type":"string_check"},"model_sample":"x"}', undefined, []],
    ['fine_tuning.alpha.graders.validate', '{"grader":{"graders":{"a":{"model":"a"},"b":{"model":"b"}}}}', 'a', ['b']],
    ['evals.create', '{"testing_criteria":[{"type":"label_model","model":"l"}]}', 'l', []],
    ['evals.runs.create', '{"data_source":{"model":"m","source":{"model":"s"}}}', undefined, ['m', 's']],
    ['conversations.items.create', '{"items":[]}', null, []],
    ['conversations.items.create', '{"items":[{"tools":[{"type":"image_generation","model":"i"}]}]}', null, ['i']],
    ['vector_stores.create', '{"name":"x"}', null, []],
    ['vector_stores.create', '{"model":"m"}', null, ['m']],
    ['agents.sessions.create', '{"agent_id":"a","agent":{"model":"m"}}', undefined, ['m']],
    ['realtime.client_secrets.create', '{"session":{"model":"m"}}', 'm', []],
    ['realtime.client_secrets.create', '{"session":{"type":"realtime"}}', undefined, []],
    ['realtime.client_secrets.create', '{}', undefined, []],
    [
      'realtime.client_secrets.create',
      '{"session":{"audio":{"input":{"transcription":{"model":"t"}}}}}',
      undefined,
      ['t'],
    ],
    ['realtime.sessions.create', '{"model":"m","input_audio_transcription":{"model":"t"}}', 'm', ['t']],
    ['realtime.transcription_sessions.create', '{"input_audio_transcription":{"model":"t"}}', undefined, ['t']],
    ['responses.compact', '{"model":"m","previous_response_id":"r"}', 'm', []],
    ['responses.input_tokens', '{"conversation":"c"}', undefined, []],
  ]
  for (const [operation, text, model, nested] of rows) {
    const endpoint = ENDPOINTS.find((entry) => entry.operation === operation)
    const facts = endpoint ? described(endpoint, text) : null
    t.same(facts && [facts.model, [...facts.nestedModels]], [model, nested], `${operation} ${text}`)
  }
})

t.test('the stored objects that a body names', async (t) => {
  const rows = [
    ['batches.create', '{"input_file_id":"file-1","endpoint":"/v1/chat/completions"}', ['input_file_id file file-1']],
    [
      'fine_tuning.jobs.create',
      '{"model":"m","training_file":"f","validation_file":"g"}',
      ['training_file file f', 'validation_file file g'],
    ],
    ['threads.runs.create', '{"assistant_id":"asst_1"}', ['assistant_id assistant asst_1']],
    [
      'threads.create',
      '{"tool_resources":{"file_search":{"vector_store_ids":["vs_1"]}}}',
      ['vector_store_ids vector_store vs_1'],
    ],
    [
      'threads.create_and_run',
      '{"assistant_id":"a","thread":{"messages":[{"role":"user","content":[{"type":"image_file","image_file":{"file_id":"f"}}],"attachments":[{"file_id":"g"}]}]}}',
      ['assistant_id assistant a', 'file_id file f', 'file_id file g'],
    ],
    ['uploads.complete', '{"part_ids":["part_1","part_2"]}', ['part_ids part part_1', 'part_ids part part_2']],
    ['evals.runs.create', '{"data_source":{"source":{"type":"file_id","id":"file-1"}}}', ['source.id file file-1']],
    ['videos.edit', '{"prompt":"x","video":{"id":"video_1"}}', ['video.id video video_1']],
    ['audio.speech', '{"model":"m","input":"x","voice":{"id":"voice_1"}}', ['voice.id voice voice_1']],
    ['audio.speech', '{"model":"m","input":"x","voice":"alloy"}', []],
    ['chat', '{"model":"m","audio":{"voice":{"id":"voice_1"}}}', ['voice.id voice voice_1']],
    ['vector_stores.file_batches.create', '{"files":[{"file_id":"f"}]}', ['file_id file f']],
    ['containers.files.create', '{"file_id":"f"}', ['file_id file f']],
    ['fine_tuning.checkpoints.permissions.create', '{"project_ids":["p"]}', ['project_ids project p']],
    [
      'agents.sessions.create',
      '{"agent_id":"a","vault_ids":["v"],"environment":{"environment_id":"e"}}',
      ['agent_id agent a', 'vault_ids vault v', 'environment_id environment e'],
    ],
    ['agents.automations.create', '{"target":{"type":"session","session_id":"s"}}', ['session_id session s']],
    [
      'responses',
      '{"model":"m","previous_response_id":"r","prompt":{"id":"p"}}',
      ['previous_response_id response r', 'prompt.id prompt p'],
    ],
  ] as const
  for (const [operation, text, objects] of rows) {
    const endpoint = ENDPOINTS.find((entry) => entry.operation === operation)
    const facts = endpoint ? described(endpoint, text) : null
    t.same(
      facts?.objects.map(({ key, kind, id }) => `${key} ${kind} ${id}`),
      objects,
      `${operation} ${text}`,
    )
  }
})

t.test('addresses and tools in the bodies of other operations are facts, too', async (t) => {
  const rows = [
    ['webhooks.create', '{"name":"x","url":"https://hook.example/a","event_types":[]}', ['hook.example'], []],
    ['assistants.create', '{"model":"m","tools":[{"type":"code_interpreter"}]}', [], ['code_interpreter']],
    [
      'threads.messages.create',
      '{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://i.example/x"}}]}',
      ['i.example'],
      [],
    ],
    [
      'conversations.create',
      '{"items":[{"role":"user","content":[{"type":"input_file","file_url":"https://f.example/x"}]}]}',
      ['f.example'],
      [],
    ],
    [
      'evals.runs.create',
      '{"data_source":{"sampling_params":{"tools":[{"type":"mcp","server_label":"x","server_url":"https://m.example"}]}}}',
      ['m.example'],
      ['mcp'],
    ],
    ['agents.create', '{"model":"m","tools":[{"type":"mcp","connector_id":"c"}]}', ['connector:c'], ['mcp']],
    [
      'containers.create',
      '{"name":"x","network_policy":{"type":"allowlist","allowed_domains":["d.example"]}}',
      ['d.example'],
      [],
    ],
    [
      'videos.create',
      '{"prompt":"see https://not.example/x","input_reference":{"image_url":"https://i.example/x"}}',
      ['i.example'],
      [],
    ],
    ['vector_stores.create', '{"name":"https://not.example/x","description":"http://10.0.0.1/"}', [], []],
  ] as const
  for (const [operation, text, urls, hosted] of rows) {
    const endpoint = ENDPOINTS.find((entry) => entry.operation === operation)
    const facts = endpoint ? described(endpoint, text) : null
    t.same(facts && [[...facts.urls], [...facts.tools.hosted]], [urls, hosted], `${operation} ${text}`)
  }
})
