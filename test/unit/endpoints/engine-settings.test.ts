import t from 'tap'
import { describe, unusual } from './described.ts'

type Row = readonly [sentence: string, more: object, expected: object]

function holds(name: string, rows: readonly Row[]): void {
  t.test(name, async (t) => {
    for (const [sentence, more, expected] of rows) {
      t.same(unusual('chat', { model: 'm', messages: [], ...more }), expected, sentence)
    }
  })
}

const search = { hosted: ['web_search'] }
holds('what an engine runs by a switch of its own is a hosted tool', [
  ['a switch', { google_search: true }, search],
  ['a switch with settings', { web_search: { engine_results: 5 } }, search],
  ['a switch without any', { google_search: {} }, search],
  ['a switch in camel case', { googleSearch: {} }, search],
  ['in a bag of settings', { vendor: { enable_search: true } }, search],
  ['in a bag that a tool is chosen by', { tool_config: { googleSearchRetrieval: {} } }, search],
  [
    'beside a function',
    { tools: [{ type: 'function', name: 'f', url_context: {} }] },
    { functions: ['f'], hosted: ['web_fetch'] },
  ],
  ['xAI’s search', { search_parameters: { mode: 'on' } }, search],
  ['a program', { enable_code_execution: true }, { hosted: ['code_interpreter'] }],
  ['what is looked up', { retrieval_config: { top: 3 } }, { hosted: ['retrieval'] }],
  ['where it is looked up', { knowledge_bases: ['handbook'] }, { hosted: ['retrieval'] }],
  ['in a bag of a router', { orq: { knowledge_bases: ['handbook'] } }, { hosted: ['retrieval'] }],
  ['in camel case', { orq: { knowledgeBases: ['handbook'] } }, { hosted: ['retrieval'] }],
  ['nowhere', { knowledge_bases: null }, {}],
  ['a gateway’s plugins', { plugins: [{ id: 'web' }] }, { hosted: ['plugins'] }],
  ['a switch that is off', { google_search: false, enable_search: false, code_execution: null }, {}],
  ['a word like a switch further down', { vendor: { retrieval: { top: 3 } } }, {}],
  ['the caller’s own words', { metadata: { web_search: 'yes' }, documents: [{ web_search: 'a title' }] }, {}],
])

t.test('resources of tools are no tools', async (t) => {
  const tool_resources = { code_interpreter: { file_ids: ['file-1'] } }
  t.same(unusual('threads.create', { tool_resources }), { model: null, files: true, objects: ['file_ids=file-1'] })
})

holds('every model of a list is named', [
  ['models that judge', { judge_models: ['a', 'b'] }, { nested: ['a', 'b'] }],
  ['in camel case', { judgeModels: ['a'] }, { nested: ['a'] }],
  ['further down', { vendor: { reference_models: [['a'], { model: 'b' }] } }, { nested: ['a', 'b'] }],
  ['by name', { rerank_model_name: 'a' }, { nested: ['a'] }],
  ['of a plugin', { plugins: [{ id: 'auto-router', allowed_models: ['a'] }] }, { nested: ['a'], hosted: ['plugins'] }],
  [
    'of a panel',
    { plugins: [{ id: 'fusion', analysis_models: ['a'], model: 'b' }] },
    { nested: ['a', 'b'], hosted: ['plugins'] },
  ],
  [
    'of a tool',
    { tools: [{ type: 'vendor:fusion', parameters: { analysis_models: ['a'] } }] },
    { nested: ['a'], hosted: ['vendor:fusion'] },
  ],
  ['a pattern', { plugins: [{ id: 'auto-router', allowed_models: ['a/*'] }] }, { refused: 'allowed_models' }],
  ['among candidates', { candidates: [{ model: 'a' }] }, { nested: ['a'] }],
  ['a number', { max_models: 3 }, {}],
  ['in a row of the caller', { documents: [{ car_models: ['a'] }] }, {}],
])

holds('a plugin is set as its gateway says', [
  ['how it searches', { plugins: [{ id: 'web', engine: 'exa', max_results: 3 }] }, { hosted: ['plugins'] }],
  ['how it reads', { plugins: [{ id: 'file-parser', pdf: { engine: 'native' } }] }, { hosted: ['plugins'] }],
  [
    'an address',
    { plugins: [{ id: 'x', endpoint_url: 'https://a.example/' }] },
    { hosted: ['plugins'], urls: ['a.example'] },
  ],
  ['another way out', { plugins: [{ id: 'x', api_base: 'https://a.example/' }] }, { refused: 'api_base' }],
  ['no list', { plugins: 'web' }, { refused: 'plugins' }],
  ['none', { plugins: null }, {}],
  ['an engine elsewhere', { vendor: { engine: 'm' } }, { refused: 'engine' }],
])

holds('a template is not the caller’s', [
  ['one at the top', { chat_template: '{{ 1 }}' }, { refused: 'chat_template' }],
  ['one among its settings', { chat_template_kwargs: { chat_template: '{{ 1 }}' } }, { refused: 'chat_template' }],
  ['one in other case', { chat_template_kwargs: { 'Chat-Template': '{{ 1 }}' } }, { refused: 'Chat-Template' }],
  [
    'tools that it is filled with',
    { chat_template_kwargs: { tools: [{ type: 'function', function: { name: 'f' } }] } },
    { functions: ['f'] },
  ],
  ['what it is filled with', { chat_template_kwargs: { enable_thinking: false, model: 'x', url: 'https://a/' } }, {}],
])

holds('a place that an engine connects to is a host', [
  ['an address', { kv_transfer_params: { remote_address: '10.0.0.7:80' } }, { urls: ['10.0.0.7'] }],
  [
    'one with a scheme',
    { kv_transfer_params: { remote_bootstrap_addr: 'http://a.example:80' } },
    { urls: ['a.example'] },
  ],
  ['a socket', { kv_transfer_params: { remote_address: 'tcp://10.0.0.7:80' } }, { refused: 'remote_address' }],
  ['who is told when it is done', { webhook_url: 'https://a.example/' }, { urls: ['a.example'] }],
  ['who is called back', { callback: { url: 'https://a.example/' } }, { urls: ['a.example'] }],
  ['the address of a house', { documents: [{ address: '1 Main St' }], vendor: { home_address: '1 Main St' } }, {}],
])

holds('a setting of a gateway steers at the top of a body alone', [
  ['heads of its request', { headers: { authorization: 'Bearer x' } }, { refused: 'headers' }],
  ['heads for one provider', { provider_specific_header: {} }, { refused: 'provider_specific_header' }],
  ['a credential', { authorization: 'Bearer x' }, { refused: 'authorization' }],
  ['a credential by its name', { litellm_credential_name: 'x' }, { refused: 'litellm_credential_name' }],
  ['a model for long texts', { context_window_fallback_dict: { m: 'x' } }, { refused: 'context_window_fallback_dict' }],
  ['an adapter', { image_loras: [{ path: 'x' }] }, { refused: 'image_loras' }],
  ['below it', { vendor: { litellm_x: 1, headers: {}, gcs_host: 'a.example' } }, { urls: ['a.example'] }],
  ['heads of a tool’s', { tools: [{ type: 'mcp', headers: { authorization: 'x' } }] }, { hosted: ['mcp'] }],
])

holds('what stands behind a model’s name is not lost', [
  ['a search', { model: 'vendor/m:online' }, { model: 'vendor/m:online', hosted: ['web_search'] }],
  ['one among others', { model: 'm:Online:x' }, { model: 'm:Online:x', hosted: ['web_search'] }],
  ['another word', { model: 'm:onlinex' }, { model: 'm:onlinex' }],
  ['a search by a second one', { vendor: { model: 'n:online' } }, { nested: ['n:online'], hosted: ['web_search'] }],
  ['other models', { model: 'm,n' }, { refused: 'model' }],
  ['settings', { model: 'm@preset/x' }, { refused: 'model' }],
  ['a name that is all settings', { model: '@preset/x' }, { model: '@preset/x' }],
])

holds('media are found under engines’ names, alone and in lists', [
  ['videos', { videos: ['https://a.example/x'] }, { images: true, audio: true, urls: ['a.example'] }],
  ['sound', { audio: ['https://a.example/x'] }, { audio: true, urls: ['a.example'] }],
  ['images to go by', { reference_images: ['data:image/png;base64,AA=='] }, { images: true }],
  ['the first image', { firstFrameImage: 'AA==' }, { images: true }],
  ['addresses of images', { image_urls: [['https://a.example/x']] }, { images: true, urls: ['a.example'] }],
  [
    'what a video begins with',
    { input_reference: { image_url: 'https://a.example/x' } },
    { images: true, urls: ['a.example'] },
  ],
  ['files', { document_url: 'https://a.example/x' }, { files: true, urls: ['a.example'] }],
  ['how many there may be', { max_images: 3, return_images: true }, {}],
])

t.test('a list in a part of a known type is read like one medium', async (t) => {
  const said = (part: object) => unusual('chat', { model: 'm', messages: [{ role: 'user', content: [part] }] })
  const seen = { images: true, audio: true, urls: ['a.example'] }
  t.same(said({ type: 'text', text: 'x', video: 'https://a.example/x' }), seen)
  t.same(said({ type: 'text', text: 'x', video: ['https://a.example/x'] }), seen)
  t.same(said({ type: 'text', text: 'x', video: [['https://a.example/x']] }), seen)
  t.same(said({ type: 'text', text: 'x', frames: ['https://a.example/x'] }), { urls: ['a.example'] })
  t.same(said({ type: 'text', text: 'see https://a.example/x' }), {})
})

t.test('a medium that an engine keeps for everybody is an object', async (t) => {
  const said = (part: object) => unusual('chat', { model: 'm', messages: [{ role: 'user', content: [part] }] })
  t.same(said({ type: 'image_url', image_url: null, uuid: 'a' }), { images: true, objects: ['uuid=a'] })
  t.match(said({ type: 'video_url', video_url: null, uuid: 'a' }), { objects: ['uuid=a'] })
  t.same(said({ type: 'image_url', image_url: null, uuid: null }), { images: true })
  t.same(said({ type: 'text', text: 'x', uuid: 'a' }), {}, 'a text is none')
  t.match(describe('chat', { model: 'm', messages: [{ role: 'user', content: [{ type: 'image_url', uuid: 'a' }] }] }), {
    storedSettings: false,
  })
})

holds('an id of a stored object is found under a key that does not say so', [
  ['a video', { from_task: 'video_68d6b1f0c0a48190' }, { objects: ['from_task=video_68d6b1f0c0a48190'] }],
  ['further down', { vendor: [{ base: ['file-abcdefghij0123'] }] }, { objects: ['base=file-abcdefghij0123'] }],
  [
    'an earlier answer',
    { continue_from: 'resp_68d6b1f0c0a48190' },
    { objects: ['continue_from=resp_68d6b1f0c0a48190'] },
  ],
  ['a word', { from_task: 'video_introduction_of_the_course' }, {}],
  ['a short one', { from_task: 'file-1' }, {}],
  ['the name of a call', { call_id: 'run_68d6b1f0c0a48190' }, {}],
  ['the caller’s own', { metadata: { a: 'file-abcdefghij0123' }, documents: [{ a: 'file-abcdefghij0123' }] }, {}],
  ['text', { user: 'file-abcdefghij0123', stop: ['file-abcdefghij0123'] }, {}],
])

t.test('what such an id names may bring settings of its own', async (t) => {
  const asked = (from_task: string) => describe('chat', { model: 'm', messages: [], from_task })
  t.match(asked('video_68d6b1f0c0a48190'), { storedSettings: true })
  t.match(asked('video'), { storedSettings: false })
})
