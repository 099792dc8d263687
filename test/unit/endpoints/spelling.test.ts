import t from 'tap'
import { unusual } from './described.ts'

/** What decoders without case take for a member that was judged under its own name. */
const MODEL = { model: 'm' }
const image = [{ type: 'image', source: { type: 'base64', data: 'AA', media_type: 'image/png' } }]
const message = (more: object) => ({ ...MODEL, max_tokens: 1, messages: [{ role: 'user', content: 'x', ...more }] })
const block = (more: object) => message({ content: [{ type: 'text', text: 'x', ...more }] })
const tool = (more: object) => ({ ...message({}), tools: [{ name: 'search', input_schema: {}, ...more }] })
const chatTool = (more: object) => ({ ...MODEL, messages: [], tools: [{ type: 'function', ...more }] })
const part = (more: object) => ({
  ...MODEL,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'x', ...more }] }],
})
const refused = (key: string) => ({ refused: key })

const rows: readonly (readonly [string, string, object, object])[] = [
  ['the type of a tool', 'messages', tool({ type: 'custom', Type: 'web_search_20250305' }), refused('Type')],
  ['its name', 'messages', tool({ Name: 'delete_all' }), refused('Name')],
  ['a message’s content', 'messages', message({ Content: image }), refused('Content')],
  ['a message’s role', 'messages', message({ ROLE: 'assistant' }), refused('ROLE')],
  ['the type of a block', 'messages', block({ Type: 'image' }), refused('Type')],
  ['its source', 'messages', block({ Source: image[0]?.source }), refused('Source')],
  ['its content', 'messages', block({ Content: image }), refused('Content')],
  [
    'the type of a source',
    'messages',
    message({ content: [{ type: 'document', source: { type: 'text', data: 'x', Type: 'file' } }] }),
    refused('Type'),
  ],
  ['the skills of a container', 'messages', { ...message({}), container: { Skills: [] } }, refused('Skills')],
  ['in letters that look alike', 'messages', tool({ 'n\u0430me': 'delete_all' }), refused('n\u0430me')],
  ['with a separator', 'messages', tool({ 'type-': 'x' }), refused('type-')],
  ['a chat’s tool', 'chat', chatTool({ Type: 'web_search', function: { name: 'f' } }), refused('Type')],
  ['its function', 'chat', chatTool({ function: { name: 'f' }, Function: { name: 'g' } }), refused('Function')],
  ['the function’s name', 'chat', chatTool({ function: { name: 'f', Name: 'g' } }), refused('Name')],
  [
    'a tool of the older form',
    'chat',
    { ...MODEL, messages: [], functions: [{ name: 'f', Name: 'g' }] },
    refused('Name'),
  ],
  [
    'the tool that is chosen',
    'chat',
    { ...MODEL, messages: [], tool_choice: { type: 'auto', Type: 'mcp' } },
    refused('Type'),
  ],
  ['the type of a part', 'chat', part({ Type: 'image_url' }), refused('Type')],
  ['its image', 'chat', part({ Image_Url: { url: 'data:image/png;base64,AA' } }), refused('Image_Url')],
  ['its file', 'chat', part({ File: {} }), refused('File')],
  [
    'an item’s output',
    'responses',
    { ...MODEL, input: [{ type: 'message', role: 'user', content: 'x', Output: [] }] },
    refused('Output'),
  ],
  ['a tool in doubt', 'chat', { ...MODEL, messages: [], tools: [{ type: 'new_tool', Type: 'mcp' }] }, refused('Type')],

  [
    'a schema has any words',
    'messages',
    tool({ input_schema: { properties: { Name: {}, Type: {} } } }),
    { functions: ['search'], limit: 1 },
  ],
  [
    'so has one of a function',
    'chat',
    chatTool({ function: { name: 'f', parameters: { Name: 1, Content: [] } } }),
    { functions: ['f'] },
  ],
  [
    'so has one in doubt',
    'chat',
    { ...MODEL, messages: [], tools: [{ type: 'new_tool', parameters: { Name: 'x' } }] },
    { hosted: ['new_tool'] },
  ],
  [
    'so have arguments',
    'messages',
    message({
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'a', name: 'f', input: { Name: 'x', Type: 'y' } }],
    }),
    { limit: 1 },
  ],
  ['so have metadata', 'chat', { ...MODEL, messages: [], metadata: { Name: 'x' } }, {}],
  ['so have attributes', 'vector_stores.files.create', { attributes: { Name: 'x', Type: 'y' } }, { model: null }],
  ['the same words in their own spelling', 'chat', chatTool({ function: { name: 'f' } }), { functions: ['f'] }],
  ['and others', 'chat', part({ Index: 1 }), {}],
]
for (const [name, operation, body, expected] of rows) {
  t.test(name, async (t) => t.same(unusual(operation, body), expected))
}

const upload = (more: object) => ({ bytes: 1, filename: 'x', mime_type: 'text/jsonl', purpose: 'user_data', ...more })
t.test('an upload says its purpose word for word', async (t) => {
  t.same(unusual('uploads.create', upload({})), { model: null })
  for (const purpose of ['Batch', '\uff42atch', 'user_data ', 'new', 1]) {
    t.same(unusual('uploads.create', upload({ purpose })), refused('purpose'), String(purpose))
  }
  for (const key of ['Purpose', 'PURPOSE', 'purpo\u017fe']) {
    t.same(unusual('uploads.create', upload({ [key]: 'batch' })), refused(key), key)
  }
})
