import t from 'tap'
import { unusual } from './described.ts'

const asking = (more: object) => unusual('responses', { model: 'm', ...more })
const given = (...input: unknown[]) => asking({ input })
const tool = (entry: unknown) => asking({ tools: [entry] })
const url = 'https://files.example.org/a'
const host = ['files.example.org']

t.test('what a response is asked for', async (t) => {
  const rows = [
    ['text', { input: 'https://only.text.example' }, {}],
    ['a limit', { max_output_tokens: 16 }, { limit: 16 }],
    ['a limit beside a chat’s', { max_output_tokens: 16, max_tokens: 99 }, { limit: 99 }],
    ['only a chat’s limit', { max_tokens: 99 }, {}],
    ['a stream', { stream: true }, { stream: true }],
    ['an earlier response', { previous_response_id: 'resp_1' }, { objects: ['previous_response_id=resp_1'] }],
    ['no earlier response', { previous_response_id: null, conversation: null, prompt: null }, {}],
    ['an earlier response by number', { previous_response_id: 1 }, { refused: 'previous_response_id' }],
    ['a conversation', { conversation: 'conv_1' }, { objects: ['conversation=conv_1'] }],
    ['a conversation as an object', { conversation: { id: 'conv_1' } }, { objects: ['conversation=conv_1'] }],
    ['a conversation without an id', { conversation: {} }, { refused: 'conversation' }],
    ['a prompt', { prompt: { id: 'pmpt_1', version: '2' } }, { objects: ['prompt.id=pmpt_1'] }],
    ['a prompt as text', { prompt: 'x' }, { refused: 'prompt' }],
    [
      'variables named as keys',
      { prompt: { id: 'p', variables: { model: 'x', api_base: 'y' } } },
      { objects: ['prompt.id=p'] },
    ],
    [
      'an image in a variable',
      { prompt: { id: 'p', variables: { a: { type: 'input_image', image_url: url } } } },
      { images: true, urls: host, objects: ['prompt.id=p'] },
    ],
    [
      'a file in a variable',
      { prompt: { id: 'p', variables: { a: { type: 'input_file', file_url: url } } } },
      { files: true, urls: host, objects: ['prompt.id=p'] },
    ],
    ['a moderation', { moderation: { model: 'omni' } }, { nested: ['omni'] }],
    ['a schema', { text: { format: { type: 'json_schema', name: 'n', schema: { properties: { model: {} } } } } }, {}],
    [
      'a compared response',
      { prompt_cache_options: { comparison_response_id: 'r' } },
      { objects: ['comparison_response_id=r'] },
    ],
    ['input as an object', { input: {} }, { refused: 'input' }],
    ['input as a list of text', { input: ['x'] }, { refused: 'input' }],
  ] as const
  for (const [name, more, expected] of rows) t.same(asking(more), expected, name)
  t.same(unusual('responses', { input: 'x' }), { model: null }, 'no model')
  t.same(unusual('responses', { model: null }), { model: null }, 'model null')
  t.same(unusual('responses', { model: 7 }), { refused: 'model' }, 'a model of another type')
})

t.test('tools', async (t) => {
  const rows = [
    ['a function', { type: 'function', name: 'f', parameters: { properties: { model: 1 } } }, { functions: ['f'] }],
    [
      'a custom tool',
      { type: 'custom', name: 'c', format: { type: 'grammar', definition: 'https://x' } },
      { functions: ['c'] },
    ],
    ['a namespace', { type: 'namespace', name: 'n', tools: [{ type: 'function', name: 'f' }] }, { functions: ['f'] }],
    ['web search', { type: 'web_search', filters: { allowed_domains: ['a.example'] } }, { hosted: ['web_search'] }],
    ['a preview', { type: 'web_search_preview_2025_03_11' }, { hosted: ['web_search_preview_2025_03_11'] }],
    [
      'file search',
      { type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] },
      { hosted: ['file_search'], objects: ['vector_store_ids=vs_1', 'vector_store_ids=vs_2'] },
    ],
    [
      'a code interpreter with a container',
      { type: 'code_interpreter', container: 'cntr_1' },
      { hosted: ['code_interpreter'], objects: ['container=cntr_1'] },
    ],
    [
      'a code interpreter with files and a network',
      {
        type: 'code_interpreter',
        container: {
          type: 'auto',
          file_ids: ['file-1'],
          network_policy: {
            type: 'allowlist',
            allowed_domains: ['Pypi.org'],
            domain_secrets: [{ domain: 'pypi.org' }],
          },
        },
      },
      { hosted: ['code_interpreter'], files: true, urls: ['pypi.org'], objects: ['file_ids=file-1'] },
    ],
    [
      'a network of any host',
      { type: 'shell', environment: { network_policy: { allowed_domains: ['*'] } } },
      { refused: 'allowed_domains' },
    ],
    [
      'a shell with a skill',
      {
        type: 'shell',
        environment: { type: 'container_auto', skills: [{ type: 'skill_reference', skill_id: 'sk_1' }] },
      },
      { hosted: ['shell'], objects: ['skill_id=sk_1'] },
    ],
    ['an MCP server', { type: 'mcp', server_label: 'l', server_url: url }, { hosted: ['mcp'], urls: host }],
    [
      'an MCP server with headers',
      { type: 'mcp', server_url: url, headers: { model: 1 } },
      { hosted: ['mcp'], urls: host },
    ],
    ['a doubtful MCP server', { type: 'mcp', server_url: 'https://a.example@b.example' }, { refused: 'server_url' }],
    [
      'a connector',
      { type: 'mcp', connector_id: 'connector_dropbox' },
      { hosted: ['mcp'], urls: ['connector:connector_dropbox'] },
    ],
    ['a connector that is like a host', { type: 'mcp', connector_id: 'x.cdn.example' }, { refused: 'connector_id' }],
    ['a tunnel', { type: 'mcp', tunnel_id: 't-1' }, { hosted: ['mcp'], urls: ['tunnel:t-1'] }],
    [
      'models of images',
      {
        type: 'image_generation',
        model: 'gpt-image-1',
        svg: { model: 'svg-1' },
        input_image_mask: { image_url: url, file_id: 'file-1' },
      },
      {
        nested: ['gpt-image-1', 'svg-1'],
        hosted: ['image_generation'],
        images: true,
        urls: host,
        objects: ['file_id=file-1'],
      },
    ],
    ['a model of another type', { type: 'image_generation', model: 7 }, { refused: 'model' }],
    ['a look-alike', { type: 'image_generation', MODEL: 'x' }, { refused: 'MODEL' }],
    ['an address', { type: 'web_search', api_base: 'x' }, { refused: 'api_base' }],
    [
      'an unknown tool',
      { type: 'teleport', to: url, parameters: { model: 'n' } },
      { nested: ['n'], hosted: ['teleport'], urls: host },
    ],
    ['a number', 7, { refused: 'tools' }],
  ] as const
  for (const [name, entry, expected] of rows) t.same(tool(entry), expected, name)
})

t.test('input items', async (t) => {
  const call = { call_id: 'c', name: 'f', arguments: '{"url":"https://x.example"}' }
  const rows = [
    ['a message', { role: 'user', content: 'https://text.example' }, {}],
    ['an image', { role: 'user', content: [{ type: 'input_image', image_url: url }] }, { images: true, urls: host }],
    [
      'a stored image',
      { role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] },
      { images: true, objects: ['file_id=file-1'] },
    ],
    ['a file', { role: 'user', content: [{ type: 'input_file', file_url: url }] }, { files: true, urls: host }],
    ['audio', { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'x' } }] }, { audio: true }],
    ['a call', { type: 'function_call', ...call }, {}],
    ['a result', { type: 'function_call_output', call_id: 'c', output: url }, {}],
    [
      'a result with a file',
      { type: 'function_call_output', output: [{ type: 'input_file', file_id: 'f' }] },
      { files: true, objects: ['file_id=f'] },
    ],
    [
      'a result with an image',
      { type: 'custom_tool_call_output', output: [{ type: 'input_image', image_url: url }] },
      { images: true, urls: host },
    ],
    [
      'a screenshot',
      { type: 'computer_call_output', output: { type: 'computer_screenshot', image_url: url } },
      { images: true, urls: host },
    ],
    ['a visited page', { type: 'web_search_call', id: 'ws', action: { type: 'open_page', url } }, { urls: host }],
    [
      'a citation',
      { type: 'message', content: [{ type: 'output_text', text: '', annotations: [{ url }] }] },
      { urls: host },
    ],
    ['a reference', { type: 'item_reference', id: 'msg_1' }, { objects: ['id=msg_1'] }],
    ['a reference without a type', { id: 'msg_1' }, { objects: ['id=msg_1'] }],
    ['a reference with a null type', { id: 'msg_1', type: null }, { objects: ['id=msg_1'] }],
    [
      'an earlier image by its id',
      { type: 'image_generation_call', id: 'ig_1' },
      { images: true, objects: ['image_generation_call.id=ig_1'] },
    ],
    ['an earlier image with its bytes', { type: 'image_generation_call', id: 'ig_1', result: 'AA' }, { images: true }],
    [
      'an earlier image with no bytes',
      { type: 'image_generation_call', id: 'ig_1', result: '' },
      { images: true, objects: ['image_generation_call.id=ig_1'] },
    ],
    ['earlier thoughts by their id', { type: 'reasoning', id: 'rs_1', summary: [] }, { objects: ['id=rs_1'] }],
    [
      'earlier thoughts that say they are not there',
      { type: 'reasoning', id: 'rs_1', encrypted_content: null, summary: [{ type: 'summary_text', text: 't' }] },
      { objects: ['id=rs_1'] },
    ],
    ['earlier thoughts, whole', { type: 'reasoning', id: 'rs_1', encrypted_content: 'gAAA' }, {}],
    ['what was compacted, by its id', { type: 'compaction', id: 'cmp_1' }, { objects: ['id=cmp_1'] }],
    ['what was compacted, whole', { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAA' }, {}],
    [
      'an earlier message by its id',
      { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [] },
      { objects: ['id=msg_1'] },
    ],
    ['an earlier message, whole', { type: 'message', id: 'msg_1', role: 'assistant', content: 'text' }, {}],
    ['a call by its id', { type: 'file_search_call', id: 'fs_1', results: null }, { objects: ['id=fs_1'] }],
    ['a call, whole', { type: 'file_search_call', id: 'fs_1', queries: ['q'], results: null }, {}],
    [
      'an unknown item with an id',
      { type: 'wormhole', id: 'w_1', more: 1 },
      { images: true, files: true, audio: true, objects: ['id=w_1'] },
    ],
    [
      'a container',
      { type: 'code_interpreter_call', container_id: 'c', outputs: [{ type: 'image', url }] },
      { urls: host, objects: ['container_id=c'] },
    ],
    ['more tools', { type: 'additional_tools', tools: [{ type: 'function', name: 'f' }] }, { functions: ['f'] }],
    [
      'found tools',
      { type: 'tool_search_output', tools: [{ type: 'mcp', server_url: url }] },
      { hosted: ['mcp'], urls: host },
    ],
    [
      'listed tools',
      { type: 'mcp_list_tools', tools: [{ name: 'f', input_schema: { properties: { model: {} } } }] },
      {},
    ],
    [
      'a model in an item',
      { type: 'image_generation_call', result: '', svg_usage: { model: 'n' } },
      { nested: ['n'], images: true },
    ],
    ['an unknown item', { type: 'wormhole', text: url }, { images: true, files: true, audio: true, urls: host }],
    ['an address in an item', { type: 'message', role: 'user', base_url: 'x' }, { refused: 'base_url' }],
    ['text', 'x', { refused: 'input' }],
    ['null', null, { refused: 'input' }],
  ] as const
  for (const [name, item, expected] of rows) t.same(given(item), expected, name)
})
