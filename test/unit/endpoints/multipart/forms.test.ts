import t from 'tap'
import { ENDPOINTS } from '../../../../src/endpoints/index.ts'
import { FORMS } from '../../../../src/endpoints/multipart/forms.ts'
import { file, host, type Part, speech, unusualForm, url } from './formed.ts'

const unusual = (operation: string, parts: readonly Part[]) => unusualForm(t, operation, parts)

t.test('what each operation’s form says', async (t) => {
  const rows: readonly (readonly [string, string, readonly Part[], object])[] = [
    ['audio.transcribe', 'speech', speech, { model: 'm', audio: true }],
    ['audio.transcribe', 'the model behind the file', [...speech].reverse(), { model: 'm', audio: true }],
    ['audio.transcribe', 'no model', [file('file')], { refused: 'model' }],
    ['audio.transcribe', 'a stream', [...speech, ['stream', 'true']], { model: 'm', audio: true, stream: true }],
    ['audio.transcribe', 'none', [...speech, ['stream', 'false']], { model: 'm', audio: true }],
    ['audio.transcribe', 'a stream, perhaps', [...speech, ['stream', '1']], { refused: 'stream' }],
    [
      'audio.transcribe',
      'a list',
      [...speech, ['timestamp_granularities[]', 'word'], ['timestamp_granularities[]', 'segment']],
      { model: 'm', audio: true },
    ],
    [
      'audio.transcribe',
      'a strategy by its name',
      [...speech, ['chunking_strategy', 'auto']],
      { model: 'm', audio: true },
    ],
    [
      'audio.transcribe',
      'one in members',
      [...speech, ['chunking_strategy[type]', 'server_vad'], ['chunking_strategy[threshold]', '0.5']],
      { model: 'm', audio: true },
    ],
    [
      'audio.transcribe',
      'one in JSON',
      [...speech, ['chunking_strategy', '{"type":"server_vad"}']],
      { model: 'm', audio: true },
    ],
    [
      'audio.transcribe',
      'one in broken JSON',
      [...speech, ['chunking_strategy', '{"type":"a","type":"b"}']],
      { refused: 'chunking_strategy' },
    ],
    [
      'audio.transcribe',
      'a model in JSON',
      [...speech, ['chunking_strategy', '{"model":"n"}']],
      { model: 'm', nested: ['n'], audio: true },
    ],
    [
      'audio.transcribe',
      'a model as a member',
      [...speech, ['chunking_strategy[model]', 'n']],
      { model: 'm', nested: ['n'], audio: true },
    ],
    [
      'audio.transcribe',
      'prose that is like JSON and a URL',
      [...speech, ['prompt', `{${url}`]],
      { model: 'm', audio: true },
    ],
    [
      'audio.transcribe',
      'speakers by data',
      [...speech, ['known_speaker_references[]', 'data:audio/wav;base64,AA']],
      { model: 'm', audio: true },
    ],
    [
      'audio.transcribe',
      'speakers alone',
      [
        ['model', 'm'],
        ['known_speaker_references', 'data:,x'],
      ],
      { model: 'm', audio: true },
    ],
    [
      'audio.transcribe',
      'speakers by URL',
      [...speech, ['known_speaker_references[]', url]],
      { model: 'm', audio: true, urls: host },
    ],
    [
      'audio.transcribe',
      'speakers by a doubtful URL',
      [...speech, ['known_speaker_references[]', 'http://a@b']],
      { refused: 'known_speaker_references' },
    ],
    ['audio.translate', 'speech', speech, { model: 'm', audio: true }],
    ['audio.translate', 'no model', [file('file')], { refused: 'model' }],
    [
      'audio.voices.create',
      'a sample',
      [file('audio_sample'), ['consent', 'cons_1'], ['name', 'n']],
      { model: 'none', audio: true, objects: ['consent=cons_1'] },
    ],
    [
      'audio.voices.create',
      'a voice of words',
      [
        ['type', 'prompt'],
        ['prompt', 'p'],
        ['model', 'v'],
      ],
      { model: 'none', nested: ['v'] },
    ],
    [
      'audio.voice_consents.create',
      'a recording',
      [file('recording'), ['name', 'n'], ['language', 'de']],
      { model: 'none', audio: true },
    ],
    ['images.edit', 'a picture', [file('image'), ['prompt', 'p'], ['model', 'm']], { model: 'm', images: true }],
    ['images.edit', 'pictures', [file('image[]'), file('image[]'), ['model', 'm']], { model: 'm', images: true }],
    ['images.edit', 'pictures in a list and not', [file('image'), file('image[]')], { refused: 'image[]' }],
    ['images.edit', 'two pictures', [file('image'), file('image')], { refused: 'image' }],
    ['images.edit', 'pictures by number', [file('image[0]')], { refused: 'image[0]' }],
    ['images.edit', 'a mask alone, and no model', [file('mask')], { images: true }],
    [
      'images.edit',
      'the author of an SVG',
      [file('image'), ['model', 'm'], ['svg[model]', 'n']],
      { model: 'm', nested: ['n'], images: true },
    ],
    ['images.edit', 'a picture that is no file', [['image', url]], { refused: 'image' }],
    ['images.edit', 'three of them', [file('image'), ['model', 'm'], ['n', '3']], { model: 'm', images: true }],
    ['images.edit', 'half of one', [file('image'), ['n', '0.5']], { refused: 'n' }],
    ['images.variation', 'a picture', [file('image'), ['model', 'm']], { model: 'm', images: true }],
    ['images.variation', 'no model', [file('image')], { images: true }],
    ['files.create', 'a file', [file('file'), ['purpose', 'user_data']], { model: 'none', files: true }],
    ...['Batch', '\uff42atch', ' user_data', 'new', ''].map(
      (purpose) =>
        ['files.create', `for ${purpose}`, [file('file'), ['purpose', purpose]], { refused: 'purpose' }] as const,
    ),
    ['files.create', 'for two', [file('file'), ['purpose', 'vision'], ['Purpose', 'batch']], { refused: 'Purpose' }],
    [
      'files.create',
      'one that expires',
      [file('file'), ['expires_after[anchor]', 'created_at'], ['expires_after[seconds]', '3600']],
      { model: 'none', files: true },
    ],
    [
      'files.create',
      'two purposes',
      [file('file'), ['purpose', 'batch'], ['purpose', 'user_data']],
      { refused: 'purpose' },
    ],
    ['files.create', 'a purpose in a list', [file('file'), ['purpose[]', 'batch']], { refused: 'purpose[]' }],
    ['files.create', 'another spelling of one', [file('file'), ['Purpose', 'batch']], { refused: 'Purpose' }],
    ['files.create', 'a purpose in a file', [file('file'), file('purpose')], { refused: 'purpose' }],
    [
      'files.create',
      'a model, which it has not',
      [file('file'), ['model', 'n']],
      { model: 'none', nested: ['n'], files: true },
    ],
    ['uploads.parts.create', 'a part', [file('data')], { model: 'none', files: true }],
    ['uploads.parts.create', 'one without a filename', [['data', 'x']], { refused: 'data' }],
    ['containers.files.create', 'a file', [file('file')], { model: 'none', files: true }],
    [
      'containers.files.create',
      'a file that is there',
      [['file_id', 'file_1']],
      { model: 'none', objects: ['file_id=file_1'] },
    ],
    ['skills.create', 'files', [file('files[]'), file('files[]')], { model: 'none', files: true }],
    ['skills.versions.create', 'a file', [file('files'), ['default', 'true']], { model: 'none', files: true }],
    [
      'videos.create',
      'a picture',
      [file('input_reference'), ['prompt', 'p'], ['model', 'm']],
      { model: 'm', images: true },
    ],
    [
      'videos.create',
      'one that is there',
      [
        ['input_reference[file_id]', 'file_1'],
        ['model', 'm'],
      ],
      { model: 'm', images: true, objects: ['file_id=file_1'] },
    ],
    ['videos.create', 'one by URL', [['input_reference[image_url]', url]], { images: true, urls: host }],
    [
      'videos.create',
      'one by URL, in JSON',
      [['input_reference', `{"image_url":"${url}"}`]],
      { images: true, urls: host },
    ],
    ['videos.edit', 'a video', [file('video'), ['prompt', 'p']], { images: true, audio: true }],
    [
      'videos.edit',
      'one that is there',
      [['video[id]', 'video_1']],
      { images: true, audio: true, objects: ['video.id=video_1'] },
    ],
    [
      'videos.edit',
      'one that is there, in JSON',
      [['video', '{"id":"video_1"}']],
      { images: true, audio: true, objects: ['video.id=video_1'] },
    ],
    ['videos.edit', 'a file in place of an id', [file('video[id]')], { refused: 'video[id]' }],
    ['videos.edit', 'one by a word', [['video', 'video_1']], { refused: 'video' }],
    ['videos.edit', 'one by a URL', [['video[url]', url]], { refused: 'video' }],
    ['videos.extend', 'a video', [file('video'), ['seconds', '8']], { images: true, audio: true }],
    ['videos.remix', 'a prompt', [['prompt', 'p']], {}],
    [
      'videos.create_character',
      'a video',
      [file('video'), ['name', 'n']],
      { model: 'none', images: true, audio: true },
    ],
    [
      'content_provenance_checks.create',
      'a file',
      [file('file')],
      { model: 'none', images: true, files: true, audio: true },
    ],
  ]
  for (const [operation, name, parts, expected] of rows)
    t.same(unusual(operation, parts), expected, `${operation}: ${name}`)
  t.same(
    [...new Set(rows.map(([operation]) => operation))],
    FORMS.map(({ operation }) => operation),
    'every form has a row',
  )
})

t.test('every operation whose body may be a form has one, which says of its model what the table says', async (t) => {
  const table = ENDPOINTS.filter(({ body }) => body === 'multipart' || body === 'either')
  const described = new Map<string, string>(FORMS.map(({ operation, model }) => [operation, model]))
  for (const { operation, model } of table) {
    // Its session is JSON in a field, which the realtime operations read.
    if (operation !== 'realtime.calls.create') t.equal(described.get(operation), model, operation)
  }
  const operations: readonly string[] = table.map(({ operation }) => operation)
  t.same(
    [...described.keys()].filter((operation) => !operations.includes(operation)),
    [],
  )
})
