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
