import t from 'tap'
import { unusual } from './described.ts'

const url = 'https://files.example.org/a'

t.test('bodies of the smaller operations', async (t) => {
  const rows = [
    ['completions', 'a prompt', { model: 'm', prompt: url, max_tokens: 5 }, { limit: 5 }],
    ['completions', 'prompts', { model: 'm', prompt: ['a', url], n: 2, best_of: 3 }, {}],
    ['completions', 'tokens', { model: 'm', prompt: [[1, 2], [3]] }, {}],
    ['completions', 'best_of as text', { model: 'm', best_of: '3' }, { refused: 'best_of' }],
    ['completions', 'a fraction of an answer', { model: 'm', n: 0.5 }, { refused: 'n' }],
    ['completions', 'no model', { prompt: 'x' }, { refused: 'model' }],
    ['completions', 'an engine', { model: 'm', engine: 'davinci' }, { refused: 'engine' }],
    ['embeddings', 'text', { model: 'm', input: url }, {}],
    ['embeddings', 'a list', { model: 'm', input: [url, 'b'], dimensions: 3, encoding_format: 'float' }, {}],
    ['embeddings', 'tokens', { model: 'm', input: [[1, 2, 3]] }, {}],
    ['embeddings', 'a medium of text', { model: 'm', modality: 'text', input: [url] }, {}],
    [
      'embeddings',
      'images by their URLs',
      { model: 'm', modality: 'image', input: [url] },
      { images: true, audio: true, urls: ['files.example.org'] },
    ],
    [
      'embeddings',
      'a sound by its URL',
      { model: 'm', input: url, modality: 'audio' },
      { images: true, audio: true, urls: ['files.example.org'] },
    ],
    ['embeddings', 'no model', { input: 'x' }, { refused: 'model' }],
    ['embeddings', 'a limit, which it has not', { model: 'm', max_tokens: 5 }, {}],
    [
      'embeddings',
      'an engine’s image',
      { model: 'm', input: [{ type: 'image_url', image_url: { url } }] },
      { images: true, urls: ['files.example.org'] },
    ],
    [
      'embeddings',
      'an engine’s messages',
      { model: 'm', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] },
      { images: true, urls: ['files.example.org'] },
    ],
    ['moderations', 'text', { model: 'm', input: 'x' }, {}],
    ['moderations', 'no model', { input: ['x'] }, { model: null }],
    ['moderations', 'a model of another type', { model: {}, input: ['x'] }, { refused: 'model' }],
    [
      'moderations',
      'an image',
      {
        model: 'm',
        input: [
          { type: 'image_url', image_url: { url } },
          { type: 'text', text: url },
        ],
      },
      { images: true, urls: ['files.example.org'] },
    ],
  ] as const
  for (const [operation, name, body, expected] of rows)
    t.same(unusual(operation, body), expected, `${operation}: ${name}`)
})

t.test('members of every body', async (t) => {
  for (const operation of ['chat', 'completions', 'responses', 'embeddings', 'moderations']) {
    const body = (more: object) => unusual(operation, { model: 'm', ...more })
    const rows = [
      ['a look-alike', { 'model ': 'x' }, { refused: 'model ' }],
      ['a list of models', { models: [] }, { refused: 'models' }],
      ['metadata', { metadata: { model: 'x', MODEL: 1, u: url } }, {}],
      ['an unknown text that is a URL', { vendor: url }, { urls: ['files.example.org'] }],
      ['an unknown text that is a doubtful URL', { vendor: 'http://a\\b' }, { refused: 'vendor' }],
      ['an unknown text', { vendor: 'see https://a.example' }, {}],
      ['an unknown URL member', { callback_url: 'x' }, { refused: 'callback_url' }],
      ['a key of Object', { constructor: 1, toString: 'x' }, {}],
    ] as const
    for (const [name, more, expected] of rows) t.same(body(more), expected, `${operation}: ${name}`)
    t.same(unusual(operation, '{"model":"m","__proto__":{"model":"n"}}'), { nested: ['n'] }, `${operation}: __proto__`)
  }
})

t.test('what only costs time is refused', async (t) => {
  const many = (count: number, key: (nth: number) => string) =>
    unusual('chat', { model: 'm', ...Object.fromEntries(Array.from({ length: count }, (_, nth) => [key(nth), 1])) })
  const images = (count: number) =>
    unusual('chat', {
      model: 'm',
      messages: [{ role: 'user', content: Array(count).fill({ type: 'image_url', image_url: url }) }],
    })
  t.same(
    many(200, (nth) => `vendor_${nth}`),
    {},
    'many unknown keys',
  )
  t.match(
    many(5000, (nth) => `vendor_${nth}`),
    { refused: /^vendor_/ },
    'far too many',
  )
  t.match(
    many(1, () => 'м'.repeat(20_000)),
    { refused: /^м+$/ },
    'a key of many letters',
  )
  const repeated = Array.from({ length: 5000 }, () => ({ an_unknown_key: 1 }))
  t.same(unusual('chat', { model: 'm', vendor: repeated }), {}, 'one unknown key many times')
  t.same(images(100), { images: true, urls: ['files.example.org'] }, 'many URLs')
  t.same(images(5000), { refused: 'image_url' }, 'far too many URLs')
})

t.test('a refusal shows nothing invisible', async (t) => {
  t.same(unusual('chat', { model: 'm', 'mo\u0000d\u202eel\u009b': 1 }), { refused: 'mo\ufffdd\ufffdel\ufffd' })
})
