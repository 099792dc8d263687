import t from 'tap'
import { describeForm } from '../../../../src/endpoints/multipart/describe-form.ts'
import { FORMS } from '../../../../src/endpoints/multipart/forms.ts'
import { file, formBytes, host, type Part, readForm, speech, unusualForm, url } from './formed.ts'

const unusual = (operation: string, parts: readonly Part[]) => unusualForm(t, operation, parts)

t.test('the model stands in one field of one spelling', async (t) => {
  const others = ['Model', 'MODEL', 'model[]', 'model[0]', 'model[name]', 'mo-del', 'm0del', 'model_', 'models']
  others.push(
    'model_name',
    'models[]',
    'target_model',
    'target_model_names',
    'engine',
    'deployment_id',
    'api_base',
    'fallbacks',
  )
  for (const { operation, fields } of FORMS) {
    const [media = 'attachment'] = [...fields].find(([, { file }]) => file !== null) ?? []
    const parts: readonly Part[] = [file(media), ['model', 'm']]
    t.notMatch(unusual(operation, parts), { refused: String }, operation)
    for (const name of others) {
      t.same(unusual(operation, [...parts, [name, 'n']]), { refused: name }, `${operation}: ${name}`)
      t.same(unusual(operation, [[name, 'n'], ...parts]), { refused: name }, `${operation}: ${name} before it`)
      t.same(unusual(operation, [...parts, [name, 'n', 'f']]), { refused: name }, `${operation}: ${name} as a file`)
    }
    t.same(unusual(operation, [...parts, ['model', 'm']]), { refused: 'model' }, `${operation}: twice the same`)
    for (const model of ['', ' m', '"m"', '["m"]', 'm\r\n', 'm\u200b', 'm'.repeat(257)]) {
      const other: readonly Part[] = [file(media), ['model', model]]
      t.same(unusual(operation, other), { refused: 'model' }, `${operation}: ${JSON.stringify(model)}`)
    }
    for (const filename of ['f', '']) {
      const other: readonly Part[] = [file(media), ['model', 'm', filename]]
      t.same(unusual(operation, other), { refused: 'model' }, `${operation}: with the filename ${filename}`)
    }
  }
})

t.test('fields that an operation does not have', async (t) => {
  const rows: readonly (readonly [string, readonly Part[], object])[] = [
    ['a setting of an engine', [['beam_size', '5']], {}],
    [
      'one in a list',
      [
        ['hotwords[]', 'a'],
        ['hotwords[]', 'b'],
      ],
      {},
    ],
    [
      'one twice',
      [
        ['beam_size', '5'],
        ['beam_size', '6'],
      ],
      { refused: 'beam_size' },
    ],
    [
      'one in two shapes',
      [
        ['vad[]', '5'],
        ['vad[a]', '6'],
      ],
      { refused: 'vad[a]' },
    ],
    ['JSON', [['vad', '{"a":[1]}']], {}],
    ['JSON with a model', [['vad', ' {"a":{"model":"n"}}']], { nested: ['n'] }],
    ['a list with a model', [['vad', '[{"model":"n"}]']], { nested: ['n'] }],
    ['JSON and a rest', [['vad', '{"a":1},"model":{"b":1}']], { refused: 'vad' }],
    ['JSON that ends early', [['vad', '{"a":1}}']], { refused: 'vad' }],
    ['what only looks like JSON', [['vad', "{'model': 'n'}"]], { refused: 'vad' }],
    ['a model as a member', [['vad[model]', 'n']], { nested: ['n'] }],
    ['a member that redirects', [['vad[api_base]', 'n']], { refused: 'api_base' }],
    ['a URL', [['vad', url]], { urls: host }],
    ['a URL as a member', [['vad[a]', url]], { urls: host }],
    ['a URL by its name', [['url', 'file:///etc/passwd']], { refused: 'url' }],
    ['an object', [['previous_response_id', 'resp_1']], { objects: ['previous_response_id=resp_1'] }],
    ['tools', [['tools', '[{"type":"web_search"}]']], { hosted: ['web_search'] }],
    ['tools in members', [['tools[][type]', 'web_search']], { refused: 'tools' }],
    ['another file', [file('context')], { images: true, files: true }],
    ['a picture as a member', [['image[url]', url]], { images: true, urls: host }],
    ['another spelling of a field', [['chunkingStrategy', 'auto']], { refused: 'chunkingStrategy' }],
    ['another spelling of a list', [['timestampGranularities[]', 'word']], { refused: 'timestampGranularities[]' }],
    ['another spelling of what is judged', [['Stream', 'true']], { refused: 'Stream' }],
    ['a field in a shape that it has not', [['stream[]', 'true']], { refused: 'stream[]' }],
    ['a field with an empty filename', [['language', 'de', '']], { refused: 'language' }],
    ['a host by its number', [['host[0]', 'a.example']], { urls: ['a.example'] }],
    ['a host in a list', [['host[]', 'a.example']], { urls: ['a.example'] }],
    ['a field as a file', [file('language')], { refused: 'language' }],
    ['a file as a field', [['file_', 'x']], { refused: 'file_' }],
    [
      'a key of Object',
      [
        ['constructor', '1'],
        ['__proto__', '2'],
      ],
      {},
    ],
  ]
  for (const [name, parts, expected] of rows) {
    const base = 'refused' in expected ? {} : { model: 'm', audio: true }
    t.same(unusual('audio.transcribe', [...speech, ...parts]), { ...base, ...expected }, name)
  }
})

t.test('a refusal names the field, and says of a second one that it is one', async (t) => {
  const [transcribe] = FORMS
  const rows: readonly (readonly [readonly Part[], object])[] = [
    [[['model', 'n']], { message: 'the field `model` may stand once', param: 'model', reason: 'duplicate_key' }],
    [
      [['Model', 'n']],
      { message: '`Model` could redirect the call: leave it out', param: 'Model', reason: 'body_invalid' },
    ],
  ]
  for (const [more, expected] of rows) {
    const found = readForm(formBytes([...speech, ...more]))
    if (typeof found === 'string' || transcribe === undefined) return t.fail('a form is not read')
    t.match(describeForm(found.form, transcribe), { ok: false, fault: { code: 'invalid_body', ...expected } })
  }
})

t.test('a field that says its type is what it says', async (t) => {
  const json = 'application/json'
  const rows: readonly (readonly [string, readonly Part[], object])[] = [
    ['text', [['language', 'de', undefined, 'text/plain; charset=utf-8']], {}],
    ['a word as JSON', [['language', '"de"', undefined, json]], { refused: 'language' }],
    ['an object as JSON', [['chunking_strategy', '{"type":"server_vad"}', undefined, json]], {}],
    [
      'a word as JSON, for an object',
      [['chunking_strategy', '"auto"', undefined, json]],
      { refused: 'chunking_strategy' },
    ],
    [
      'a member as JSON',
      [['chunking_strategy[model]', '"n"', undefined, json]],
      { refused: 'chunking_strategy[model]' },
    ],
    [
      'a URL as JSON',
      [['known_speaker_references[]', '"data:,"', undefined, json]],
      { refused: 'known_speaker_references[]' },
    ],
    ['JSON of an engine', [['vad', '{"model":"n"}', undefined, json]], { nested: ['n'] }],
    ['a text of an engine, as JSON', [['vad', '"http:\\/\\/a.example"', undefined, json]], { refused: 'vad' }],
    ['a session description', [['sdp', 'v=0', undefined, 'application/sdp']], {}],
    ['one in place of a word', [['language', 'de', undefined, 'application/sdp']], { refused: 'language' }],
  ]
  for (const [name, parts, expected] of rows) {
    const base = 'refused' in expected ? {} : { model: 'm', audio: true }
    t.same(unusual('audio.transcribe', [...speech, ...parts]), { ...base, ...expected }, name)
  }
  const models: readonly (readonly [string | undefined, string, object])[] = [
    [undefined, 'm', { model: 'm', audio: true }],
    ['text/plain', 'm', { model: 'm', audio: true }],
    [json, '"m"', { refused: 'model' }],
    [json, 'm', { refused: 'model' }],
    ['application/sdp', 'm', { refused: 'model' }],
  ]
  for (const [type, text, expected] of models) {
    t.same(unusual('audio.transcribe', [file('file'), ['model', text, undefined, type]]), expected, `${type}: ${text}`)
  }
})
