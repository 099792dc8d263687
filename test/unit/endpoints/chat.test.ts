import t from 'tap'
import { describe, unusual } from './described.ts'

const chat = (more: object) => unusual('chat', { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more })
const saying = (...content: unknown[]) => chat({ messages: [{ role: 'user', content }] })
const schema = { type: 'object', properties: { model: { type: 'string' }, api_base: { type: 'string' } } }
const allMedia = { images: true, files: true, audio: true }

t.test('a plain chat', async (t) => {
  const body = '{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}'
  t.same(describe('chat', body), {
    operation: 'chat',
    model: 'gpt-4o',
    nestedModels: [],
    stream: false,
    maxOutputTokens: undefined,
    tools: { functions: [], hosted: [] },
    input: { bytes: body.length, images: false, files: false, audio: false },
    ...{ storedSettings: false, urls: [], objects: [] },
  })
})

t.test('model, stream and limits', async (t) => {
  const rows = [
    ['stream', { stream: true }, { stream: true }],
    ['stream null', { stream: null }, {}],
    ['stream as text', { stream: 'true' }, { refused: 'stream' }],
    ['stream as a number', { stream: 1 }, { refused: 'stream' }],
    ['stream options', { stream: true, stream_options: { include_usage: true } }, { stream: true }],
    ['stream options as text', { stream_options: 'x' }, { refused: 'stream_options' }],
    ['include_usage as text', { stream_options: { include_usage: 'x' } }, { refused: 'include_usage' }],
    ['max_completion_tokens', { max_completion_tokens: 5 }, { limit: 5 }],
    ['max_tokens', { max_tokens: 7 }, { limit: 7 }],
    ['both: the larger one', { max_tokens: 9, max_completion_tokens: 5 }, { limit: 9 }],
    ['beside an engine’s own limit', { max_tokens: 9, n_predict: 100 }, { limit: 100 }],
    ['an engine’s own limit alone', { n_predict: 100 }, {}],
    ['a limit of null', { max_tokens: null }, {}],
    ['a limit of zero, which engines read as none', { max_tokens: 0, max_completion_tokens: 5 }, {}],
    ['a negative limit', { max_tokens: -1 }, { refused: 'max_tokens' }],
    ['a fraction', { max_tokens: 1.5 }, { refused: 'max_tokens' }],
    ['a limit as text', { max_completion_tokens: '5' }, { refused: 'max_completion_tokens' }],
    ['a limit past every integer', { max_tokens: 1e300 }, { refused: 'max_tokens' }],
    ['several answers', { n: 3 }, {}],
    ['no answer', { n: 0 }, { refused: 'n' }],
    ['answers as text', { n: '2' }, { refused: 'n' }],
    ['model null', { model: null }, { refused: 'model' }],
    ['model as a list', { model: ['m'] }, { refused: 'model' }],
    ['model with padding', { model: 'm ' }, { refused: 'model' }],
    [
      'a limit in another case, which decoders of Go read as one',
      { max_tokens: 5, Max_Tokens: 9 },
      { refused: 'Max_Tokens' },
    ],
    ['a limit in camel case', { maxTokens: 9 }, { refused: 'maxTokens' }],
    ['a limit with a Kelvin sign', { 'max_to\u212aens': 9 }, { refused: 'max_to\u212aens' }],
    ['messages in another case', { Messages: [] }, { refused: 'Messages' }],
    ['tools in another case', { TOOLS: [] }, { refused: 'TOOLS' }],
    ['a stream in another case', { Stream: true }, { refused: 'Stream' }],
    ['an unknown member', { top_k: 3, vendor_option: { deep: [1, 'x'], Max_Tokens: 9, Messages: [] } }, {}],
    ['a moderation beside it', { moderation: { model: 'omni' } }, { nested: ['omni'] }],
    ['metadata of any kind', { metadata: { model: 1, api_base: 'x', MODEL: [], url: 'https://u.example' } }, {}],
    ['templates of engines', { chat_template_kwargs: { route: 'x' }, guided_json: schema }, {}],
    ['an answer’s schema', { response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } }, {}],
  ] as const
  for (const [name, more, expected] of rows) t.same(chat(more), expected, name)
  t.same(unusual('chat', '{"messages":[]}'), { refused: 'model' }, 'no model')
})

t.test('extensions of engines', async (t) => {
  const refused = [
    ...['lora_request', 'lora_path', 'lora', 'adapter_id', 'draft_model', 'safety_model', 'model_path', 'preset'],
    ...['speculative_model', 'custom_logit_processor', 'logits_processors', 'chat_template', 'provider', 'agent_id'],
    ...['endpoint', 'LoraPath', 'pro-vider'],
  ]
  for (const key of refused) t.same(chat({ [key]: 'x' }), { refused: key }, key)
  for (const key of ['lora_path', 'draft_model']) t.same(chat({ vendor: { [key]: 'x' } }), { refused: key }, key)
  const passed = [
    ...['enable_thinking', 'ignore_eos', 'repetition_penalty', 'cache_prompt', 'guided_decoding_backend', 'samplers'],
    ...['priority', 'add_generation_prompt', 'prompt_logprobs', 'return_token_ids', 'typical_p', 'safe_prompt'],
  ]
  for (const key of passed) t.same(chat({ [key]: 'x' }), {}, key)
  t.same(chat({ vendor: { provider: 'x', preset: 'y', endpoint: 'z' } }), {}, 'words further down')
  const rows = [
    ['a host', { kv_transfer_params: { remote_host: '10.0.0.7', remote_port: 80 } }, { urls: ['10.0.0.7'] }],
    ['no host', { kv_transfer_params: { remote_host: null, do_remote_prefill: true } }, {}],
    ['at the top', { bootstrap_host: 'P1.example', bootstrap_port: 80 }, { urls: ['p1.example'] }],
    ['with a port', { vendor: [{ host: 'p1.example:80' }] }, { urls: ['p1.example'] }],
    ['as a URL', { remote_host: 'http://p1.example/' }, { urls: ['p1.example'] }],
    ['several', { bootstrap_host: ['a.example', null, 'b.example'] }, { urls: ['a.example', 'b.example'] }],
    ['a doubtful one', { remote_host: '127.1' }, { refused: 'remote_host' }],
    ['a number', { remote_host: 2130706433 }, { refused: 'remote_host' }],
    ['with a path', { remote_host: 'a.example/x' }, { refused: 'remote_host' }],
    ['with a name before it', { vendor: { hostname: 'a@b.example' } }, { refused: 'hostname' }],
    ['a callback', { callback: 'https://a.example/' }, { urls: ['a.example'] }],
    ['a callback without a scheme', { callback: 'a.example:80' }, { refused: 'callback' }],
  ] as const
  for (const [name, more, expected] of rows) t.same(chat(more), expected, name)
})

t.test('unknown keys that are costly to judge', async (t) => {
  const rows = [
    ['64 characters beyond ASCII', 'é'.repeat(64), false],
    ['65 characters beyond ASCII', 'é'.repeat(65), true],
    ['`model` under 16,000 marks', `model${'\u0345\u0334'.repeat(8000)}`, true],
    ['one letter behind 100 of ASCII', `${'a'.repeat(100)}é`, true],
    ['101 characters of ASCII', 'a'.repeat(101), false],
  ] as const
  for (const [name, key, isRefused] of rows) {
    const expected = isRefused ? { refused: key.slice(0, 64) } : {}
    t.same(chat({ [key]: 1 }), expected, name)
    t.same(chat({ vendor: [{ [key]: 1 }] }), expected, `${name}, nested`)
    t.same(chat({ metadata: { [key]: 1 } }), {}, `${name}, in metadata`)
  }
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`é${100 + i}`, 1]))
  t.same(chat(many(256)), {}, '1,024 characters of such keys')
  t.same(chat(many(257)), { refused: 'é356' }, 'more of them')
  t.same(chat({ list: Array(300).fill({ é: 1 }) }), {}, 'one such key often')
})

t.test('what could redirect the call', async (t) => {
  const rows = [
    ['a look-alike', { Model: 'x' }, { refused: 'Model' }],
    ['a full-width look-alike', { ｍodel: 'x' }, { refused: 'ｍodel' }],
    ['an address', { api_base: 'https://evil.example' }, { refused: 'api_base' }],
    ['in other letters', { ApiBase: 'x' }, { refused: 'ApiBase' }],
    ['null', { fallbacks: null }, { refused: 'fallbacks' }],
    ['inside an unknown member', { vendor: { list: [{ model_list: [] }] } }, { refused: 'model_list' }],
    ['a model inside an unknown member', { vendor: { model: 'other' } }, { nested: ['other'] }],
    ['a model of another type inside one', { vendor: { model: { id: 'x' } } }, { refused: 'model' }],
    ['in a tool', { tools: [{ type: 'function', function: { name: 'f' }, api_base: 'x' }] }, { refused: 'api_base' }],
    [
      'in a function',
      { tools: [{ type: 'function', function: { name: 'f', api_base: 'x' } }] },
      { refused: 'api_base' },
    ],
    ['MODEL in a tool', { tools: [{ type: 'x', MODEL: 'y' }] }, { refused: 'MODEL' }],
    ['in a message', { messages: [{ role: 'user', content: 'x', engine: 'y' }] }, { refused: 'engine' }],
    ['too many models', { vendor: Array.from({ length: 17 }, (_, i) => ({ model: `m${i}` })) }, { refused: 'model' }],
  ] as const
  for (const [name, more, expected] of rows) t.same(chat(more), expected, name)
})

t.test('tools', async (t) => {
  const rows = [
    ['a function', [{ type: 'function', function: { name: 'f', parameters: schema } }], { functions: ['f'] }],
    ['a custom tool', [{ type: 'custom', custom: { name: 'c' } }], { functions: ['c'] }],
    ['two names for one tool', [{ type: 'function', name: 'a', function: { name: 'b' } }], { functions: ['a', 'b'] }],
    ['something hosted', [{ type: 'web_search' }, { type: 'x_search' }], { hosted: ['web_search', 'x_search'] }],
    ['the same one twice', [{ type: 'shell' }, { type: 'shell' }], { hosted: ['shell'] }],
    ['a model in one', [{ type: 'image_generation', model: 'img' }], { nested: ['img'], hosted: ['image_generation'] }],
    ['null', null, {}],
    ['an object', {}, { refused: 'tools' }],
    ['a list of text', ['web_search'], { refused: 'tools' }],
    ['without a type', [{ function: { name: 'f' } }], { refused: 'tools' }],
    ['a function without a name', [{ type: 'function', function: {} }], { refused: 'tools' }],
    ['a function named by a number', [{ type: 'function', function: { name: 7 } }], { refused: 'tools' }],
    ['a function with an empty name', [{ type: 'function', function: { name: '' } }], { refused: 'tools' }],
  ] as const
  for (const [name, tools, expected] of rows) t.same(chat({ tools }), expected, name)
  const others = [
    ['the older form', { functions: [{ name: 'f', parameters: schema }] }, { functions: ['f'] }],
    ['the older form without a name', { functions: [{}] }, { refused: 'functions' }],
    ['the older form as text', { functions: 'f' }, { refused: 'functions' }],
    ['web search', { web_search_options: {} }, { hosted: ['web_search'] }],
    ['no web search', { web_search_options: null }, {}],
    ['an engine’s web search', { enable_search: true }, { hosted: ['web_search'] }],
    ['web search by a flag', { web_search: true }, { hosted: ['web_search'] }],
    ['web search off', { web_search: false }, {}],
    [
      'a hosted tool in a function',
      { tools: [{ type: 'function', function: { name: 'f' }, web_search: { enable: true } }] },
      { functions: ['f'], hosted: ['web_search'] },
    ],
    ['a choice of a hosted tool', { tool_choice: { type: 'web_search_preview' } }, { hosted: ['web_search_preview'] }],
    ['a choice by mode', { tool_choice: { type: 'any' } }, {}],
    ['a choice by a number', { tool_choice: { type: 7 } }, { refused: 'tools' }],
    [
      'a choice among some',
      { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] } },
      { functions: ['f'] },
    ],
    ['a choice of tools', { tool_choice: { type: 'function', function: { name: 'f' } } }, {}],
  ] as const
  for (const [name, more, expected] of others) t.same(chat(more), expected, name)
})

t.test('content', async (t) => {
  const url = 'https://Files.example.org/a.png'
  const host = ['files.example.org']
  const rows = [
    ['text', { type: 'text', text: 'see https://a.example' }, {}],
    ['text that is a URL', { type: 'text', text: url }, {}],
    ['an image', { type: 'image_url', image_url: { url } }, { images: true, urls: host }],
    ['an image in the short form', { type: 'image_url', image_url: url }, { images: true, urls: host }],
    ['an image as data', { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }, { images: true }],
    ['an image at a doubtful URL', { type: 'image_url', image_url: { url: 'http://a@b.example' } }, { refused: 'url' }],
    ['an image in a bucket', { type: 'image_url', image_url: { url: 's3://b/x' } }, { refused: 'url' }],
    ['an image under the wrong type', { type: 'text', text: '', image_url: { url } }, { images: true, urls: host }],
    ['audio', { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }, { audio: true }],
    ['a file', { type: 'file', file: { file_id: 'file-1' } }, { files: true, objects: ['file_id=file-1'] }],
    ['a file as data', { type: 'file', file: { file_data: 'data:,x', filename: 'https://x' } }, { files: true }],
    ['a file id that is a URL', { type: 'file', file: { file_data: url } }, { files: true, urls: host }],
    ['an unknown type', { type: 'video_url', video_url: { url } }, { ...allMedia, urls: host }],
    ['a URL in any member of one', { type: 'hologram', text: url }, { ...allMedia, urls: host }],
    ['no type', { text: 'x' }, allMedia],
    ['a doubtful URL in one', { type: 'hologram', at: 'http://1' }, { refused: 'at' }],
    ['text where an object must be', 'x', { refused: 'content' }],
    ['a number where an object must be', 7, { refused: 'content' }],
  ] as const
  for (const [name, part, expected] of rows) t.same(saying(part), expected, name)
})

t.test('messages', async (t) => {
  const photo = { type: 'photo', data: 'x' }
  const image = { images: true, objects: ['file_id=f'] }
  const textOf = (text: unknown) => ({ role: 'user', content: [{ type: 'text', text }] })
  const rows = [
    ['content as an object', [{ role: 'user', content: { type: 'text', text: 'x' } }], {}],
    ['an image as an object', [{ role: 'user', content: { type: 'image', data: 'x' } }], allMedia],
    ['an image URL as an object', [{ role: 'user', content: { type: 'input_image', file_id: 'f' } }], image],
    ['content as an object without a type', [{ role: 'user', content: { data: 'x' } }], allMedia],
    ['an image as the text of a part', [textOf({ type: 'image', source: { data: 'x' } })], allMedia],
    ['a list of images as the text of a part', [textOf(['x', { type: 'image', data: 'x' }])], allMedia],
    ['text inside the text of a part', [textOf({ type: 'text', text: 'x' })], {}],
    ['text with its annotations', [textOf({ value: 'x', annotations: [] })], {}],
    [
      'an image inside the content of content',
      [{ role: 'user', content: { type: 'text', content: [photo] } }],
      allMedia,
    ],
    ['no list', 'hi', { refused: 'messages' }],
    ['text in the list', ['hi'], { refused: 'messages' }],
    ['a call with arguments', [{ role: 'assistant', tool_calls: [{ function: { arguments: '{"model":1}' } }] }], {}],
    [
      'earlier audio',
      [{ role: 'assistant', audio: { id: 'audio_1' } }],
      { audio: true, objects: ['audio.id=audio_1'] },
    ],
    ['images as an engine takes them', [{ role: 'user', content: 'x', images: ['AAAA'] }], { images: true }],
    ['no images', [{ role: 'user', content: 'x', images: null }], {}],
    ['a model on a message', [{ role: 'assistant', content: 'x', model: 'n' }], { nested: ['n'] }],
  ] as const
  for (const [name, messages, expected] of rows) t.same(chat({ messages }), expected, name)
  t.same(chat({ prediction: { type: 'content', content: [{ type: 'text', text: 'x' }] } }), {}, 'a prediction')
  t.same(chat({ prediction: { type: 'content', content: [photo] } }), allMedia, 'a prediction with an image')
  t.same(chat({ modalities: ['text'] }), {}, 'text out')
  t.same(chat({ modalities: ['text', 'audio'], audio: { voice: 'v' } }), { audio: true }, 'audio out')
  t.same(chat({ modalities: 'audio' }), { refused: 'modalities' }, 'modalities as text')
})
