import t from 'tap'
import { ANSWER_FORM_NAMES, type AnswerFormName, answerForm } from '../../../src/endpoints/answer-forms.ts'
import { openAnswerSealer } from '../../../src/endpoints/seal-answer.ts'
import { passText, pieces, suffixOf } from '../../support/sealed-answer.ts'

/** `*` stands where an id is sealed. */
function marked(text: string): { readonly plain: string; readonly sealed: string } {
  return { plain: text.replaceAll('*', ''), sealed: text.replaceAll(/([\w-]+)\*/g, (_, id) => id + suffixOf(id)) }
}

type Row = readonly [sentence: string, form: AnswerFormName, text: string]
const sealedRows: readonly Row[] = [
  ['a file', 'listed', '{"id":"file-1*","object":"file","filename":"id","bytes":12}'],
  ['a list', 'listed', '{"data":[{"id":"a*"},{"id":"b*"}],"first_id":"a*","last_id":"b*","has_more":false}'],
  ['a deleted object', 'listed', '{"id":"file-1*","object":"file","deleted":true}'],
  ['a batch', 'listed', '{"id":"batch_1*","input_file_id":"f1*","output_file_id":"f2*","error_file_id":null}'],
  [
    'a fine-tuning job',
    'listed',
    '{"training_file":"f1*","validation_file":"f2*","result_files":["f3*","f4*"],"model":"m"}',
  ],
  ['an upload with its file', 'upload', '{"id":"upload_1*","file":{"id":"file-1*"}}'],
  ['a video made from another', 'video', '{"id":"video_1*","remixed_from_video_id":"video_2*","model":"sora"}'],
  ['a file of a vector store', 'vectorStores', '{"data":[{"id":"f*","vector_store_id":"vs*","status":"x"}]}'],
  [
    'a response',
    'response',
    '{"id":"resp_1*","previous_response_id":"resp_0*","conversation":{"id":"conv_1*"},"model":"id"}',
  ],
  [
    'an item of a response',
    'response',
    '{"output":[{"type":"message","id":"msg_1*","content":[{"type":"output_text","text":"file_id"}]}]}',
  ],
  [
    'citations',
    'response',
    '{"output":[{"content":[{"annotations":[{"file_id":"f*","container_id":"cntr*","index":1}]}]}]}',
  ],
  ['what a file search found', 'response', '{"output":[{"results":[{"file_id":"f*","attributes":{"file_id":"f"}}]}]}'],
  [
    'the tools of a response',
    'response',
    '{"tools":[{"vector_store_ids":["vs*"]},{"container":{"file_ids":["f*"]}},{"container":"c*"}]}',
  ],
  [
    'an event of a stream',
    'response',
    '{"type":"x","item_id":"msg*","response":{"id":"resp_1*"},"item":{"id":"m*"},"part":{"file_id":"f*"}}',
  ],
  [
    'the items of a conversation',
    'conversation',
    '{"data":[{"id":"msg*","content":[{"file_id":"f*"}]}],"last_id":"msg*"}',
  ],
  ['one item of a conversation', 'conversation', '{"id":"msg*","type":"message","content":[{"file_id":"f*"}]}'],
  [
    'an assistant',
    'thread',
    '{"id":"asst*","tool_resources":{"code_interpreter":{"file_ids":["f*"]},"file_search":{"vector_store_ids":["vs*"]}}}',
  ],
  [
    'a message of a thread',
    'thread',
    '{"id":"m*","thread_id":"t*","content":[{"text":{"value":"x","annotations":[{"file_citation":{"file_id":"f*"}}]}}],"attachments":[{"file_id":"f*"}]}',
  ],
  [
    'a step of a run',
    'thread',
    '{"id":"s*","step_details":{"message_creation":{"message_id":"m*"},"tool_calls":[{"id":"call_1","code_interpreter":{"outputs":[{"image":{"file_id":"f*"}}]}}]}}',
  ],
  ['a part of a message that streams', 'thread', '{"id":"m*","delta":{"content":[{"image_file":{"file_id":"f*"}}]}}'],
  [
    'a stored chat',
    'chat',
    '{"id":"chatcmpl-1*","choices":[{"message":{"audio":{"id":"audio_1*"},"tool_calls":[{"id":"call_1"}]}}]}',
  ],
  [
    'stored chats',
    'chat',
    '{"data":[{"id":"chatcmpl-1*","request_id":"req"}],"first_id":"chatcmpl-1*","last_id":"chatcmpl-1*"}',
  ],
  [
    'a run of an eval',
    'eval',
    '{"id":"run*","eval_id":"eval*","data_source":{"source":{"type":"file_id","id":"file-1*"}}}',
  ],
  ['an escaped spelling', 'listed', '{"\\u0069d":"a*","fil\\u0065_id":"b*"}'],
]
const plainRows: readonly Row[] = [
  ['what names a call', 'response', '{"output":[{"call_id":"c","approval":{"id":"x"}}]}'],
  ['an id of the provider’s account', 'listed', '{"organization_id":"org-1","project_id":"p","request_id":"r"}'],
  ['metadata', 'listed', '{"metadata":{"id":"file-1","file_id":"file-1","user_ids":["file-1"]}}'],
  ['attributes of a file', 'vectorStores', '{"data":[{"attributes":{"file_id":"file-1"}}]}'],
  [
    'schemas of a tool',
    'response',
    '{"tools":[{"parameters":{"default":{"file_id":"file-1"}}}],"text":{"format":{"schema":{"id":"x"}}}}',
  ],
  [
    'the tools of an MCP server',
    'response',
    '{"output":[{"tools":[{"id":"file-1","annotations":{"file_id":"file-1"},"input_schema":{"id":"x"}}]}]}',
  ],
  [
    'what an MCP server answers',
    'response',
    '{"output":[{"output":{"file_id":"file-1"}},{"output":[{"id":"file-1"}]}]}',
  ],
  ['an error of an MCP server', 'response', '{"output":[{"error":{"file_id":"file-1"}}]}'],
  [
    'rows of an eval',
    'eval',
    '{"data":[{"datasource_item":{"file_id":"f","id":"x"},"sample":{"id":"x"},"results":[{"file_id":"f"}]}]}',
  ],
  [
    'rows of a run that name an item',
    'eval',
    '{"data_source":{"source":{"content":[{"item":{"id":"f"},"file_id":"f"}]}}}',
  ],
  ['the arguments of a call', 'thread', '{"required_action":{"submit_tool_outputs":{"tool_calls":[{"id":"call_1"}]}}}'],
  ['text', 'response', '{"output":[{"content":[{"text":"{\\"file_id\\":\\"file-1\\"}"}]}]}'],
  ['lists of lists', 'listed', '{"data":[[{"id":"a"}]],"file_ids":[["a"],{"id":"a"}]}'],
  ['numbers and null', 'listed', '{"id":1,"file_id":null,"thing_id":true,"file_ids":[1,null]}'],
  ['what cannot be sealed', 'listed', '{"id":"","file_id":"a/b","thing_id":"unsealable","file_ids":["a b"]}'],
  ['an embedding', 'chat', '{"data":[{"object":"embedding","embedding":[1,2]}],"model":"id"}'],
]

t.test('sealed: everything else stays byte for byte, in pieces of one byte, too', async (t) => {
  for (const [name, form, text] of sealedRows) {
    const { plain, sealed } = marked(text)
    t.ok(text.includes('*'), name)
    t.equal(passText(form, plain), sealed, name)
    t.equal(
      passText(form, `event: x\r\ndata: ${plain}\r\n\r\n`, 'sse'),
      `event: x\r\ndata: ${sealed}\r\n\r\n`,
      `${name}, streamed`,
    )
  }
})

t.test('not sealed: what comes back from a caller, its files or its servers opens nothing', async (t) => {
  for (const [name, form, text] of plainRows) t.equal(passText(form, text), text, name)
})

t.test('an answer that has nothing to seal is passed on as it is', async (t) => {
  const chunk = Buffer.from('{"object":"list","data":[]}')
  t.equal(openAnswerSealer(answerForm('listed'), 'json', suffixOf).push(chunk), chunk, 'not copied')
})

t.test('the data of an event may stand on several lines, and only data is read', async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['two lines', 'data: {"id":\ndata: "a*"}\n\n'],
    ['a comment between', 'data: {"id":\n: "b"\nevent: "c"\ndata: "a*"}\n\n'],
    ['no space, and CR alone', 'data:{"id":"a*"}\r\rdata:{"id":"b*"}\r\r'],
    ['a line that only begins so', 'datas: {"id":"a"}\n\nda: {"id":"a"}\n\ndata\n\ndata: {"id":"a*"}\n\n'],
    ['a byte order mark', '\ufeffdata: {"id":"a*"}\n\n'],
    ['an event that is not complete', 'data: {"id":"a*"}\n\ndata: {"id":"b*"'],
    ['what an event leaves open ends with it', 'data: {"x":{"id":"a\n\ndata: {"id":"b*"}\n\n'],
    ['the last word', 'data: {"id":"a*"}\n\ndata: [DONE]\n\n'],
  ]
  for (const [name, text] of rows) {
    const { plain, sealed } = marked(text)
    t.equal(passText('listed', plain, 'sse'), sealed, name)
    const sealer = openAnswerSealer(answerForm('listed'), 'sse', suffixOf)
    const out = pieces(Buffer.from(plain), 'every byte').map((byte) => sealer.push(byte))
    t.equal(Buffer.concat(out).toString(), sealed, `${name}, byte by byte`)
  }
})

t.test('an id that streams is sealed once and remembered', async (t) => {
  let asked = 0
  const sealer = openAnswerSealer(answerForm('response'), 'sse', (id) => `~${id}${++asked}`)
  for (let n = 0; n < 5; n++) sealer.push(Buffer.from('data: {"item_id":"a"}\n\n'))
  t.equal(asked, 1)
})

t.test('an id that only looks like another in fewer bits is not taken for it', async (t) => {
  const { plain, sealed } = marked('{"id":"\\u0141bc","file_id":"Abc*","thing_id":"\\u0141bc","x_id":"Abc*"}')
  t.equal(passText('listed', plain), sealed)
})

t.test('depth, long strings and hostile lines cost no memory and no more time than their length', async (t) => {
  const sealer = openAnswerSealer(answerForm('response'), 'json', suffixOf)
  const open = Buffer.from('{"response":'.repeat(5000) + '[{'.repeat(5000))
  t.equal(sealer.push(open).length, open.length)
  const text = `{"id":"${'a'.repeat(100_000)}","output":[{"id":"b"}]}`
  t.equal(passText('response', text), text.replace('"b"', `"b${suffixOf('b')}"`))
  const lines = Buffer.from(`data: "\r${'data: x\r'.repeat(30_000)}`)
  const stream = openAnswerSealer(answerForm('response'), 'sse', suffixOf)
  for (let n = 0; n < 8; n++) t.equal(stream.push(lines).length, lines.length)
})

t.test('every form names only forms', async (t) => {
  for (const name of ANSWER_FORM_NAMES) {
    for (const key of ['data', 'content', 'tools', 'output', 'results', 'source', 'audio', 'text', 'delta', 'file']) {
      t.doesNotThrow(() => answerForm(name).member(key), `${name}.${key}`)
    }
  }
})
