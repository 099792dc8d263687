import t from 'tap'
import { holdsObjects } from '../../../src/model/object-members.ts'
import { describe, unusual } from './described.ts'

const named = (...objects: readonly string[]) => ({ objects })

type Row = readonly [sentence: string, more: object, expected: object]

/** Beside the model, in bodies of chats and of responses alike. */
const everywhere: readonly Row[] = [
  ['a conversation by its id', { conversation_id: 'c' }, named('conversation_id=c')],
  ['a thread by its id', { thread_id: 't' }, named('thread_id=t')],
  ['a thread', { thread: 't' }, named('thread=t')],
  ['a thread as an object', { thread: { id: 't' } }, named('thread.id=t')],
  ['a container', { container: 'c' }, named('container=c')],
  ['a container as an object', { container: { id: 'c', skills: [] } }, named('container.id=c')],
  ['content that was cached', { cached_content: 'c' }, named('cached_content=c')],
  ['content that was cached, in camel case', { cachedContent: 'c' }, named('cachedContent=c')],
  ['content that was cached, further down', { google: { cached_content: 'c' } }, named('cached_content=c')],
  ['camel case', { threadId: 't' }, named('threadId=t')],
  ['camel case with capitals', { fileID: 'f' }, named('fileID=f')],
  ['a list in camel case', { vectorStoreIds: ['a', 'b'] }, named('vectorStoreIds=a', 'vectorStoreIds=b')],
  ['capitals alone', { vendor: { FILE_ID: 'f' } }, named('FILE_ID=f')],
  ['one word', { vendor: { fileid: 'f' } }, named('fileid=f')],
  ['hyphens', { 'file-id': 'f' }, named('file-id=f')],
  ['dots', { 'options.file_id': 'f' }, named('options.file_id=f')],
  ['the long s', { 'file_id\u017f': ['f'] }, named('file_id\u017f=f')],
  ['an object of an unknown kind', { vendor: { memory_id: 'm' } }, named('memory_id=m')],
  ['an id in something unknown', { vendor: { id: 'v' } }, named('vendor.id=v')],
  ['ids in something unknown', { vendor: [{ id: 'v' }, { id: 'w' }] }, named('vendor.id=v', 'vendor.id=w')],
  ['what would steer further up', { vendor: { agent_id: 'a' } }, named('agent_id=a')],
  ['what would be another spelling further up', { vendor: { previousResponseId: 'r' } }, named('previousResponseId=r')],
  ['a number for an id', { thread_id: 7 }, { refused: 'thread_id' }],
  ['an object under such a key is looked into', { session_id: { id: 's' } }, named('session_id.id=s')],
  ['no id', { thread_id: null, session_id: '', return_id: false }, {}],
  ['numbers of a vocabulary', { stop_token_ids: [1, 2], return_token_ids: true }, {}],
  ['something of another system', { trace_id: 't', user_id: 'u', requestId: 'r' }, {}],
  ['words that end alike', { paid: 'p', valid: 'v', uuid: 'u' }, {}],
  ['the caller’s own', { metadata: { thread_id: 't', id: 'i' } }, {}],
  ['documents of the caller', { documents: [{ id: '1', doc_id: 2, text: 'x' }] }, {}],
  ['a stored file among documents of the caller', { documents: [{ id: '1', file_id: 'f' }] }, named('file_id=f')],
]
t.test('a stored object is found under every spelling of a key', async (t) => {
  for (const [sentence, more, expected] of everywhere) {
    t.same(unusual('chat', { model: 'm', messages: [], ...more }), expected, `${sentence}: in a chat`)
    t.same(unusual('responses', { model: 'm', input: 'i', ...more }), expected, `${sentence}: in a response`)
  }
})

const chats: readonly Row[] = [
  ['a file of the caller', { type: 'file', file: { file_data: 'x', filename: 'f' } }, { files: true }],
  ['a stored file', { type: 'file', file: { file_id: 'f' } }, { files: true, ...named('file_id=f') }],
  ['a stored file by `id`', { type: 'file', file: { id: 'f' } }, { files: true, ...named('file.id=f') }],
  ['a stored file in camel case', { type: 'file', file: { fileId: 'f' } }, { files: true, ...named('fileId=f') }],
  ['a part with an id', { type: 'file', id: 'f', filename: 'x' }, { files: true, ...named('id=f') }],
  ['a part with an id in camel case', { type: 'file', fileId: 'f' }, { files: true, ...named('fileId=f') }],
  ['text with an id', { type: 'text', id: 't', text: 'x' }, {}],
]
t.test('a part of a message names what is stored', async (t) => {
  for (const [sentence, part, expected] of chats) {
    t.same(unusual('chat', { model: 'm', messages: [{ role: 'user', content: [part] }] }), expected, sentence)
  }
})

t.test('what a caller names itself is no stored object', async (t) => {
  const calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"id":"x"}' } }]
  const messages = [
    { role: 'assistant', id: 'msg_1', content: 'x', tool_calls: calls, reasoning_details: [{ id: 'r', text: 't' }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'y' },
  ]
  t.same(unusual('chat', { model: 'm', messages }), {}, 'calls and thoughts of earlier answers')
  t.same(unusual('chat', { model: 'm', messages: [], plugins: [{ id: 'web' }] }), { hosted: ['plugins'] }, 'plugins')
  const called = { type: 'mcp_call', id: 'mcp_1', name: 'f', arguments: { order_id: 'o' } }
  t.same(unusual('responses', { model: 'm', input: [called] }), {}, 'arguments as an object')
  const rows = { type: 'jsonl', source: { type: 'file_content', content: [{ item: { id: '1', patient_id: 2 } }] } }
  t.same(unusual('evals.runs.create', { data_source: rows }), { model: null }, 'rows')
  const file = { type: 'jsonl', source: { type: 'file_id', id: 'f' } }
  t.same(unusual('evals.runs.create', { data_source: file }), { model: null, ...named('source.id=f') }, 'but a file')
})

const voices: readonly (readonly [voice: unknown, objects: readonly string[]])[] = [
  ['alloy', []],
  ['af_bella', []],
  ['voice_abc', ['voice.id=voice_abc']],
  ['21m00Tcm4TlvDq8ikWAM', ['voice.id=21m00Tcm4TlvDq8ikWAM']],
  [{ id: 'voice_1' }, ['voice.id=voice_1']],
  [{ voiceId: 'v' }, ['voiceId=v']],
]
t.test('a voice of somebody’s own is stored; another one is a word', async (t) => {
  for (const [voice, objects] of voices) {
    const expected = { audio: true, ...(objects.length > 0 && { objects }) }
    const speech = { model: 'm', input: 'x', voice }
    t.same(unusual('audio.speech', speech), expected, `${JSON.stringify(voice)} to speak`)
    t.same(
      unusual('chat', { model: 'm', messages: [], audio: { voice } }),
      expected,
      `${JSON.stringify(voice)} to chat`,
    )
  }
})

t.test('an id is of the kind that its key or its holder says', async (t) => {
  const facts = describe('chat', { model: 'm', container: { id: 'c' }, conversation_id: 'd', memory_id: 'm' })
  t.match(facts, { objects: [{ kind: 'container' }, { kind: 'conversation' }, { kind: undefined }] })
})

t.test('requests are opened by the keys by which facts are read', async (t) => {
  const keys = ['fileId', 'FILE_ID', 'fileids', 'file-id', 'cachedContent', 'threadID', 'ids', 'id', 'ID', 'run_id']
  for (const key of keys) t.equal(holdsObjects(key), true, key)
  for (const key of ['call_id', 'toolCallId', 'model', 'grid', 'valid', 'content', '', '_']) {
    t.equal(holdsObjects(key), false, key)
  }
})
