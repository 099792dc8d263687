import fc from 'fast-check'
import t from 'tap'
import type { Endpoint } from '../../../src/endpoints/endpoint.ts'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { openRouter, route } from '../../../src/endpoints/route.ts'

const filled = (path: string, id = 'id_1') => path.replace(/\{\w+\}/g, () => id)
const templated = ENDPOINTS.filter(({ path }) => path.includes('{'))

t.test('the one spelling of each template leads to its endpoint', async (t) => {
  for (const { method, path, operation } of ENDPOINTS) {
    const found = route(method, filled(path))
    if (!found.ok) {
      t.fail(`${operation}: ${found.fault.message}`)
      continue
    }
    const { endpoint, parameters, objects } = found.value
    const kinds = [...path.matchAll(/\{(\w+)\}/g)].map(([, kind = '']) => kind)
    t.equal(endpoint.operation, operation, operation)
    t.equal(found.value.path, filled(path), operation)
    t.same(parameters, Object.fromEntries(kinds.map((kind) => [kind, 'id_1'])), operation)
    const expected = kinds.filter((kind) => kind !== 'model').map((kind) => ({ key: kind, kind, id: 'id_1' }))
    t.same(objects, expected, `${operation}: the objects in its path`)
  }
})

t.test('what is nearly a path is none, or one that the table has in so many words', async (t) => {
  const near: readonly (readonly [string, (path: string) => string])[] = [
    ['a slash behind it', (path) => `${path}/`],
    ['a slash before it', (path) => `/${path}`],
    ['two slashes in it', (path) => path.replace('/v1/', '/v1//')],
    ['two slashes at its end', (path) => path.replace(/\/([^/]*)$/, '//$1')],
    ['an escaped slash', (path) => path.replace(/\/([^/]*)$/, '%2F$1')],
    ['an escaped slash in small letters', (path) => path.replace(/\/([^/]*)$/, '%2f$1')],
    ['a step to itself', (path) => path.replace('/v1/', '/v1/./')],
    ['a step up', (path) => path.replace('/v1/', '/v1/x/../')],
    ['a step up at its end', (path) => `${path}/..`],
    ['capitals', (path) => path.replace('/v1/', '/V1/')],
    ['a capital', (path) => path.replace(/^\/v1\/(.)/, (_, letter) => `/v1/${letter.toUpperCase()}`)],
    ['an escaped letter', (path) => path.replace('/v1/', '/%761/')],
    ['a parameter in the path', (path) => path.replace('/v1/', '/v1;a=b/')],
    ['another version', (path) => path.replace('/v1/', '/v2/')],
    ['no version', (path) => path.replace('/v1/', '/')],
  ]
  for (const { method, path, operation } of ENDPOINTS) {
    for (const [name, change] of near) {
      const found = route(method, change(filled(path)))
      t.equal(found.ok ? found.value.endpoint.operation : 'none', 'none', `${operation}: ${name}`)
    }
  }
})

t.test('what may be an id stands for itself, and nothing else is one', async (t) => {
  const ids = [
    'a',
    'file-ABC_1.2:3',
    'x'.repeat(256),
    'constructor',
    '__proto__',
    '...',
    '-',
    '1',
    'model',
    '..a',
    '.a',
  ]
  const others = [
    ...['', '.', '..', 'x'.repeat(257), 'a%2Fb', 'a%2fb', '%2E%2E', '%2e', 'a%00', 'a b', 'a%20b', 'a+b', 'a~b', 'a@b'],
    ...['a,b', 'a;b', 'a=b', 'a&b', "a'b", 'a!', 'a*', 'a(b)', '{file}', 'é', '%C3%A9', 'a%', 'a\\b', 'a|b', '"a"'],
  ]
  const rows = templated.filter(({ path }) => !path.includes('{model}'))
  for (const { method, path, operation } of rows) {
    for (const id of ids) {
      const found = route(method, filled(path, id))
      t.equal(found.ok && found.value.endpoint.operation, operation, `${operation}: ${id.slice(0, 20)}`)
    }
    for (const id of others) {
      const found = route(method, filled(path, id))
      t.equal(found.ok ? found.value.endpoint.operation : 'none', 'none', `${operation}: not ${id.slice(0, 20)}`)
    }
  }
})

t.test('a word of the table goes before an id in its place', async (t) => {
  const rows = [
    ['POST', '/v1/threads/runs', 'threads.create_and_run'],
    ['POST', '/v1/threads/run', 'threads.update'],
    ['POST', '/v1/responses/compact', 'responses.compact'],
    ['GET', '/v1/responses/compact', 'method_not_allowed'],
    ['GET', '/v1/responses/compac', 'responses.get'],
    ['GET', '/v1/agents/sessions', 'agents.sessions.list'],
    ['GET', '/v1/agents/session', 'agents.get'],
    ['GET', '/v1/agents/environments/templates', 'agents.environments.templates.list'],
    ['GET', '/v1/agents/environments/templates/files', 'agents.environments.templates.get'],
    ['GET', '/v1/videos/characters/content', 'videos.get_character'],
    ['GET', '/v1/videos/character/content', 'videos.download_content'],
    ['GET', '/v1/files/file-1/content/x', 'unknown_endpoint'],
    ['GET', '/v1/fine_tuning/checkpoints/gpt-4o', 'unknown_endpoint'],
  ] as const
  for (const [method, target, expected] of rows) {
    const found = route(method, target)
    t.equal(found.ok ? found.value.endpoint.operation : found.fault.code, expected, `${method} ${target}`)
  }
})

t.test('a model in the middle of a path is decoded once and written canonically', async (t) => {
  const rows = [
    ['ft:gpt-4o:acme::ckpt', 'ft%3Agpt-4o%3Aacme%3A%3Ackpt', 'ft:gpt-4o:acme::ckpt'],
    ['ft%3Agpt-4o', 'ft%3Agpt-4o', 'ft:gpt-4o'],
    ['meta%2Fllama', 'meta%2Fllama', 'meta/llama'],
    ['gpt%2D4o', null, 'invalid_request'],
    ['a%2F..%2Fb', null, 'unknown_endpoint'],
    ['..', null, 'unknown_endpoint'],
    ['', null, 'unknown_endpoint'],
  ] as const
  for (const [segment, canonical, expected] of rows) {
    const found = route('DELETE', `/v1/fine_tuning/checkpoints/${segment}/permissions/cp_1`)
    const path = canonical === null ? null : `/v1/fine_tuning/checkpoints/${canonical}/permissions/cp_1`
    t.equal(found.ok ? found.value.path : null, path, segment)
    t.equal(found.ok ? found.value.parameters.model : found.fault.code, expected, segment)
  }
})

t.test('a query names objects, a model, lists and settings', async (t) => {
  const rows = [
    ['/v1/files', 'after=file-1&limit=2&order=asc', 'after=file-1&limit=2&order=asc', ['after file file-1'], null],
    ['/v1/files', 'after=', 'after=', [], null],
    ['/v1/files', 'before=file-1', '', [], null],
    [
      '/v1/threads/t/messages',
      'run_id=r&after=m',
      'run_id=r&after=m',
      ['thread thread t', 'run_id run r', 'after message m'],
      null,
    ],
    [
      '/v1/responses/r',
      'include[]=a&include%5B%5D=b',
      'include%5B%5D=a&include%5B%5D=b',
      ['response response r'],
      null,
    ],
    ['/v1/responses/r', 'include=a', '', ['response response r'], null],
    ['/v1/chat/completions', 'model=gpt-4o&metadata[a]=b', 'model=gpt-4o&metadata%5Ba%5D=b', [], 'gpt-4o'],
    ['/v1/chat/completions', 'metadata[a]=b&metadata[c]=d', 'metadata%5Ba%5D=b&metadata%5Bc%5D=d', [], null],
    ['/v1/chat/completions', 'metadata=a&metadata[*]=b&metadata[]=c', 'metadata%5B*%5D=b', [], null],
    ['/v1/chat/completions', 'model=', 'model=', [], null],
    ['/v1/files', 'constructor=a&__proto__=b&toString[]=c', '', [], null],
  ] as const
  for (const [path, query, text, objects, model] of rows) {
    const found = route('GET', `${path}?${query}`)
    if (!found.ok) {
      t.fail(`${path}?${query}: ${found.fault.message}`)
      continue
    }
    t.equal(found.value.query, text, query)
    t.same(
      found.value.objects.map(({ key, kind, id }) => `${key} ${kind} ${id}`),
      objects,
      query,
    )
    t.equal(found.value.parameters.model ?? null, model, query)
  }
  const refused = [
    'metadata[a]=b&metadata[a]=c',
    'model=a&model=b',
    'model=%20a',
    'after=a&after=b',
    `after=${'x'.repeat(257)}`,
  ]
  for (const query of refused) {
    const found = route('GET', `/v1/chat/completions?${query}`)
    t.equal(found.ok ? 'found' : found.fault.code, 'invalid_request', query.slice(0, 40))
  }
})

t.test('a table that cannot be told apart does not open', async (t) => {
  const [first] = ENDPOINTS
  const at = (path: string): Endpoint => ({ ...(first as Endpoint), path })
  t.throws(() => openRouter([at('/v1/a/{file}'), at('/v1/a/{batch}/b')]), /two placeholders/)
  t.throws(() => openRouter([at('/v1/a/{nothing}')]), /no kind of object/)
  t.doesNotThrow(() => openRouter([at('/v1/a/{file}'), at('/v1/a/{file}/b'), at('/v1/a/b')]))
})

t.test('any target has at most one endpoint, and only byte for byte', async (t) => {
  const words = [...new Set(ENDPOINTS.flatMap(({ path }) => path.split('/').slice(1)))].map((word) => filled(word))
  const segment = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...words) },
    fc.constantFrom('', '.', '..', '%2F', 'V1', 'v1', 'a b', 'a%20b', 'gpt-4o', 'x'.repeat(257)),
    fc.string({ maxLength: 5 }).map((text) => text.replaceAll('?', '')),
  )
  const target = fc.oneof(
    fc.array(segment, { maxLength: 8 }).map((parts) => `/${['v1', ...parts].join('/')}`),
    fc.constantFrom(...ENDPOINTS).chain(({ path }) =>
      fc.array(segment, { minLength: 6, maxLength: 6 }).map((parts) => {
        let index = 0
        return path.replace(/\{\w+\}/g, () => parts[index++] ?? 'x')
      }),
    ),
  )
  let count = 0
  fc.assert(
    fc.property(fc.constantFrom('GET', 'POST', 'DELETE', 'get', 'PUT'), target, (method, written) => {
      const found = route(method, written)
      const fits = ENDPOINTS.filter((endpoint) => endpoint.method === method && matches(endpoint.path, written))
      if (!found.ok) return fits.every(({ path }) => shadowed(path, written))
      count++
      const { endpoint, path } = found.value
      return fits.includes(endpoint) && (endpoint.path.includes('{model}') || path === written)
    }),
    { numRuns: 3000 },
  )
  t.ok(count > 200, `${count} found`)
})

/** The slow way: segment by segment, an id for each placeholder. */
function matches(template: string, written: string): boolean {
  const [wanted, given] = [template.split('/'), written.split('/')]
  return (
    wanted.length === given.length &&
    wanted.every((word, index) => {
      const segment = given[index] ?? ''
      if (word === '{model}') return segment !== ''
      return word.startsWith('{')
        ? /^[A-Za-z0-9._:-]{1,256}$/.test(segment) && !/^\.{1,2}$/.test(segment)
        : word === segment
    })
  )
}

/** Another path of the table has in so many words what this one takes for an id, or it is no model's name. */
function shadowed(template: string, written: string): boolean {
  if (template.includes('{model}')) return true
  const words = written.split('/')
  return ENDPOINTS.some(({ path }) => {
    const other = path.split('/')
    return other.some((word, index) => word === words[index] && template.split('/')[index]?.startsWith('{'))
  })
}
