import t from 'tap'
import { ask, document, type Facts, factsOf, image, PLAIN, says, tools } from '../../support/messages.ts'

type Row = readonly [name: string, body: unknown, facts: Partial<Facts>]
const told: readonly Row[] = [
  ['the least', ask({}), {}],
  ['a stream', ask({ stream: true }), { stream: true }],
  ['no limit', { model: 'claude-x', messages: [] }, { maxOutputTokens: undefined }],
  ['another engine’s limit beside its own', ask({ max_output_tokens: 900 }), { maxOutputTokens: 900 }],
  ['text with an address in it', says({ type: 'text', text: 'https://a.example/' }), {}],
  ['an address in its system text', ask({ system: 'https://a.example/' }), {}],
  ['a system of blocks', ask({ system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }), {}],
  [
    'an image that is there',
    says(image({ type: 'base64', media_type: 'image/png', data: 'AAAA' })),
    { media: ['images'] },
  ],
  [
    'an image to be fetched',
    says(image({ type: 'url', url: 'https://i.example/x' })),
    { media: ['images'], urls: ['i.example'] },
  ],
  [
    'an image that is kept',
    says(image({ type: 'file', file_id: 'file_1' })),
    { media: ['images'], objects: ['file_id file_1'] },
  ],
  [
    'an image of a source in one text',
    says({ type: 'image', source: 'https://i.example/x' }),
    { media: ['images'], urls: ['i.example'] },
  ],
  [
    'an image in a system block',
    ask({ system: [image({ type: 'url', url: 'https://i.example/x' })] }),
    { media: ['images'], urls: ['i.example'] },
  ],
  [
    'a document to be fetched',
    says(document({ type: 'url', url: 'https://d.example/x.pdf' })),
    { media: ['files'], urls: ['d.example'] },
  ],
  [
    'a document of text',
    says(document({ type: 'text', media_type: 'text/plain', data: 'https://d.example/' })),
    { media: ['files'] },
  ],
  [
    'an image in the blocks of a document',
    says(document({ type: 'content', content: [image({ type: 'url', url: 'https://i.example/x' })] })),
    { media: ['images', 'files'], urls: ['i.example'] },
  ],
  [
    'a source of no known type',
    says(document({ type: 'ftp', data: 'https://d.example/' })),
    { media: ['files'], urls: ['d.example'] },
  ],
  [
    'an image that a tool answered',
    says({ type: 'tool_result', tool_use_id: 't', content: [image({ type: 'url', url: 'https://i.example/x' })] }),
    { media: ['images'], urls: ['i.example'] },
  ],
  [
    'what the caller’s own tool was called with',
    says({ type: 'tool_use', id: 't', name: 'f', input: { url: 'https://a.example/', model: 'other', route: 1 } }),
    {},
  ],
  [
    'what a search found',
    says({
      type: 'web_search_tool_result',
      tool_use_id: 't',
      content: [{ type: 'web_search_result', url: 'https://found.example/', title: 'x', encrypted_content: 'x' }],
    }),
    {},
  ],
  [
    'where a search result came from',
    says({ type: 'search_result', source: 'https://found.example/', title: 'x', content: [] }),
    {},
  ],
  [
    'a file for a container',
    says({ type: 'container_upload', file_id: 'file_1' }),
    { media: ['files'], objects: ['file_id file_1'] },
  ],
  [
    'a block of no known type',
    says({ type: 'hologram', at: 'https://h.example/x', by: { model: 'other' } }),
    { media: ['images', 'files', 'audio'], urls: ['h.example'], nestedModels: ['other'] },
  ],
  [
    'a block that tells of another model',
    says({ type: 'fallback', from: { model: 'claude-x' }, to: { model: 'other' } }),
    { media: ['images', 'files', 'audio'], nestedModels: ['claude-x', 'other'] },
  ],
  [
    'tools of the caller’s own',
    tools({ name: 'f', input_schema: {} }, { type: 'custom', name: 'g', input_schema: {} }, { type: null, name: 'h' }),
    { functions: ['f', 'g', 'h'] },
  ],
  [
    'a schema and examples with words of ours',
    tools({
      name: 'f',
      input_schema: { properties: { model: {}, url: { default: 'https://a.example/' } } },
      input_examples: [{ model: 'x', url: 'https://a.example/' }],
    }),
    { functions: ['f'] },
  ],
  ...['web_search_20250305', 'web_fetch_20250910', 'code_execution_20250825', 'computer_20251124', 'bash_20250124'].map(
    (type) => [`the tool ${type}`, tools({ type, name: 'x' }), { hosted: [type] }] as Row,
  ),
  ...['text_editor_20250728', 'memory_20250818', 'tool_search_tool_bm25_20251119', 'mcp_toolset', 'new_20990101'].map(
    (type) => [`the tool ${type}`, tools({ type, name: 'x' }), { hosted: [type] }] as Row,
  ),
  [
    'a tool with a model of its own',
    tools({ type: 'advisor_20260301', name: 'advisor', model: 'other' }),
    { hosted: ['advisor_20260301'], nestedModels: ['other'] },
  ],
  [
    'a tool that is not known',
    tools({ type: 'new_20990101', at: 'https://n.example/' }),
    { hosted: ['new_20990101'], urls: ['n.example'] },
  ],
  [
    'tools of a set',
    tools({ type: 'mcp_toolset', mcp_server_name: 's', tools: [{ name: 'inner', input_schema: {} }] }),
    { hosted: ['mcp_toolset'], functions: ['inner'] },
  ],
  [
    'an MCP server',
    ask({ mcp_servers: [{ type: 'url', name: 's', url: 'https://mcp.example/sse', authorization_token: 'x' }] }),
    { hosted: ['mcp'], urls: ['mcp.example'] },
  ],
  ['a container by its id', ask({ container: 'cont_1' }), { objects: ['container cont_1'] }],
  ['a container with an id', ask({ container: { id: 'cont_1' } }), { objects: ['container cont_1'] }],
  [
    'skills of the provider',
    ask({ container: { skills: [{ type: 'anthropic', skill_id: 'pdf', version: 'latest' }] } }),
    { hosted: ['skills'] },
  ],
  [
    'skills of the account',
    ask({ container: { skills: [{ type: 'custom', skill_id: 'skill_1' }] } }),
    { hosted: ['skills'], objects: ['skill_id skill_1'] },
  ],
  [
    'an answer before',
    ask({ diagnostics: { previous_message_id: 'msg_1' } }),
    { objects: ['previous_message_id msg_1'] },
  ],
  ['a choice of one’s own tool', ask({ tool_choice: { type: 'tool', name: 'f' } }), {}],
  ['a choice of another kind', ask({ tool_choice: { type: 'web_search', name: 'x' } }), { hosted: ['web_search'] }],
  ['metadata of any form', ask({ metadata: { user_id: 'x', url: 'https://a.example/', model: 'x' } }), {}],
  [
    'members that say null',
    ask({ inference_geo: null, thread: null, container: null, tools: null, mcp_servers: null }),
    {},
  ],
]

for (const [name, body, facts] of told) {
  t.test(`facts: ${name}`, async (t) => t.same(factsOf(body), { ...PLAIN, ...facts }))
}
