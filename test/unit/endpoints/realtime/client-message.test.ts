import t from 'tap'
import type { SessionDialect } from '../../../../src/endpoints/endpoint.ts'
import { parseJsonBody } from '../../../../src/endpoints/json.ts'
import { type ClientMessage, describeMessage, messageTypes } from '../../../../src/endpoints/realtime/client-message.ts'
import { realtime } from '../../../../src/endpoints/realtime.ts'

function described(message: object, dialect: SessionDialect = 'realtime'): ClientMessage {
  const body = parseJsonBody(Buffer.from(JSON.stringify(message)))
  if (!body.ok) throw new Error('no JSON')
  const found = describeMessage(dialect, 'realtime', body.value)
  if (!found.ok) throw new Error(found.fault.message)
  return found.value
}

const session = (more: object) => ({ type: 'session.update', session: more })

type Row = readonly [name: string, message: object, facts: object]

const rows: readonly Row[] = [
  ['the model of the session', session({ model: 'm' }), { named: ['m'], facts: { nestedModels: [] } }],
  [
    'the model that writes down',
    session({ audio: { input: { transcription: { model: 'w' } } } }),
    { facts: { nestedModels: ['w'] } },
  ],
  ['the same in the beta', session({ input_audio_transcription: { model: 'w' } }), { facts: { nestedModels: ['w'] } }],
  [
    'the model that writes down, alone',
    session({ audio: { input: { transcription: 'w' } } }),
    { facts: { nestedModels: ['w'] } },
  ],
  ['the same in the beta', session({ input_audio_transcription: 'w' }), { facts: { nestedModels: ['w'] } }],
  [
    'a function',
    session({ tools: [{ type: 'function', name: 'f' }] }),
    { facts: { tools: { functions: ['f'], hosted: [] } } },
  ],
  [
    'an MCP server',
    session({ tools: [{ type: 'mcp', server_url: 'https://a.example/x' }] }),
    { facts: { tools: { functions: [], hosted: ['mcp'] }, urls: ['a.example'] } },
  ],
  ['a choice of a hosted tool', session({ tool_choice: { type: 'mcp' } }), { facts: { tools: { hosted: ['mcp'] } } }],
  ['a limit', session({ max_output_tokens: 7 }), { limit: 7, effect: 'configures' }],
  ['two limits: the larger one', session({ max_output_tokens: 7, max_response_output_tokens: 9 }), { limit: 9 }],
  ['no limit', session({ max_output_tokens: 'inf' }), { limit: 'none' }],
  ['turns that the upstream hears', session({ turn_detection: { type: 'server_vad' } }), { turns: 'unasked' }],
  [
    'the same in the API of today',
    session({ audio: { input: { turn_detection: { type: 'semantic_vad' } } } }),
    { turns: 'unasked' },
  ],
  ['no turns', session({ audio: { input: { turn_detection: null } } }), { turns: 'asked' }],
  ['nothing of a limit', session({}), { limit: 'unsaid', turns: 'unsaid' }],
  [
    'settings of sound, which are no sound',
    session({ audio: { output: { voice: 'marin' } } }),
    { facts: { input: { audio: false } } },
  ],
  [
    'a voice of one’s own',
    session({ audio: { output: { voice: { id: 'v' } } } }),
    { facts: { objects: [{ key: 'voice.id', id: 'v' }] } },
  ],
  ['the same in the beta', session({ voice: { id: 'v' } }), { facts: { objects: [{ key: 'voice.id', id: 'v' }] } }],
  ['a stored prompt', session({ prompt: { id: 'p' } }), { facts: { objects: [{ key: 'prompt.id', id: 'p' }] } }],
  [
    'sound',
    { type: 'input_audio_buffer.append', audio: 'AA' },
    { effect: 'speaks', facts: { input: { audio: true } } },
  ],
  [
    'the end of a turn',
    { type: 'input_audio_buffer.commit' },
    { effect: 'speaks', facts: { input: { audio: false } } },
  ],
  [
    'an image',
    {
      type: 'conversation.item.create',
      item: { type: 'message', content: [{ type: 'input_image', image_url: 'data:,x' }] },
    },
    { effect: 'adds', facts: { input: { images: true } } },
  ],
  [
    'an item by its id, which could be a stored one',
    { type: 'response.create', response: { input: [{ type: 'item_reference', id: 'item_1' }] } },
    { effect: 'speaks', facts: { objects: [{ key: 'id', kind: 'item', id: 'item_1' }], storedSettings: true } },
  ],
  [
    'an item that the client names',
    {
      type: 'conversation.item.create',
      previous_item_id: 'item_1',
      item: { id: 'mine', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
    },
    { creates: 'mine', facts: { objects: [], storedSettings: false } },
  ],
  ...['truncate', 'delete', 'retrieve'].map(
    (verb): Row => [
      `an item that only the session can have: ${verb}`,
      { type: `conversation.item.${verb}`, item_id: 'item_1' },
      { creates: null, effect: 'none', facts: { objects: [], storedSettings: false } },
    ],
  ),
  [
    'a response that only the session can have',
    { type: 'response.cancel', response_id: 'resp_1' },
    { facts: { objects: [], storedSettings: false } },
  ],
  [
    'a response where none is meant',
    { type: 'response.create', response_id: 'resp_1' },
    { facts: { objects: [{ key: 'response_id', id: 'resp_1' }], storedSettings: true } },
  ],
  ['a response without anything', { type: 'response.create' }, { effect: 'speaks', limit: 'unsaid' }],
]

t.test('the facts of a message', async (t) => {
  for (const [name, message, facts] of rows) t.match(described(message), facts, name)
})

t.test('each dialect has its own messages', async (t) => {
  t.same(messageTypes('translation'), ['session.update', 'session.input_audio_buffer.append', 'session.close'])
  t.match(described({ type: 'session.close' }, 'translation'), { effect: 'none' })
  t.throws(() => described({ type: 'session.close' }), 'not of the other one')
  t.throws(() => described({ type: 'response.create' }, 'translation'))
  t.same(
    realtime.flatMap(({ operation, dialect }) => (dialect === null ? [] : [[operation, dialect]])),
    [
      ['realtime', 'realtime'],
      ['realtime.translations.connect', 'translation'],
    ],
  )
})
