import t from 'tap'
import type { Endpoint } from '../../../src/endpoints/endpoint.ts'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { openRouter, route } from '../../../src/endpoints/route.ts'

const seen = (method: string, target: string) => {
  const found = route(method, target)
  if (!found.ok) return found.fault.code
  const { endpoint, parameters, path, query } = found.value
  return [endpoint.operation, path, parameters.model ?? null, query]
}

t.test('the one spelling of each path', async (t) => {
  const rows = [
    ['POST', '/v1/chat/completions', ['chat', '/v1/chat/completions', null, '']],
    ['POST', '/v1/completions', ['completions', '/v1/completions', null, '']],
    ['POST', '/v1/responses', ['responses', '/v1/responses', null, '']],
    ['POST', '/v1/embeddings', ['embeddings', '/v1/embeddings', null, '']],
    ['POST', '/v1/moderations', ['moderations', '/v1/moderations', null, '']],
    ['GET', '/v1/models', ['models.list', '/v1/models', null, '']],
    ['GET', '/v1/models/gpt-4o', ['models.get', '/v1/models/gpt-4o', 'gpt-4o', '']],
    ['GET', '/v1/models/meta%2FLlama', ['models.get', '/v1/models/meta%2FLlama', 'meta/Llama', '']],
    ['GET', '/v1/models/meta%2fLlama', ['models.get', '/v1/models/meta%2FLlama', 'meta/Llama', '']],
    ['GET', '/v1/models/ft:gpt:o', ['models.get', '/v1/models/ft%3Agpt%3Ao', 'ft:gpt:o', '']],
    ['GET', '/v1/models/ft%3Agpt%3Ao', ['models.get', '/v1/models/ft%3Agpt%3Ao', 'ft:gpt:o', '']],
    ['GET', '/v1/models/constructor', ['models.get', '/v1/models/constructor', 'constructor', '']],
    ['GET', '/v1/models/%C3%A9', ['models.get', '/v1/models/%C3%A9', 'é', '']],
    ['GET', '/v1/models/gpt-4.1', ['models.get', '/v1/models/gpt-4.1', 'gpt-4.1', '']],
    ['POST', '/v1/chat/completions?', ['chat', '/v1/chat/completions', null, '']],
    ['POST', '/v1/chat/completions?model=x&api-version=1', ['chat', '/v1/chat/completions', null, '']],
  ] as const
  for (const [method, target, expected] of rows) t.same(seen(method, target), expected, `${method} ${target}`)
})

t.test('every other spelling is another path', async (t) => {
  const paths = [
    ...['/', '/v1', '/v1/', '/v1/chat', '/v1/chat/completions/', '//v1/chat/completions', '/v1//chat/completions'],
    ...['/v1/./chat/completions', '/v1/x/../chat/completions', '/V1/chat/completions', '/v1/Chat/completions'],
    ...['/v1/chat%2Fcompletions', '/v1/%63hat/completions', '/v1/chat/completions%20', '/v1/chat/completions;a=b'],
    ...['/v1/chat/completions%00', '/v1%2Fchat/completions', '/v1/chat/completions.', '/v2/chat/completions'],
    ...[
      '/v1/organization',
      '/v1/organization/users',
      '/v1/organization/projects/p/api_keys',
      '/openai/deployments/x/chat/completions',
      '/v1/engines/x/completions',
    ],
    ...['/v1/models/', '/v1/models/a/b', '/v1/models//a', '/v1/models/a/', '/v1/models/..', '/v1/models/.'],
    ...['/v1/models/a%2F..%2Fb', '/v1/models/%2Fa', '/v1/models/a%2F', '/v1/models/a%2F%2Fb', '/v1/models/a%5Cb'],
    ...['/v1/models/a%252Fb', '/v1/models/%25', '/__proto__', '/constructor', '/healthz'],
  ]
  for (const path of paths) t.equal(seen('POST', path), 'unknown_endpoint', path)
  for (const path of paths) t.equal(seen('GET', path), 'unknown_endpoint', path)
})

t.test('what is no request target', async (t) => {
  const targets = [
    ...['', '*', 'v1/models', 'http://evil.example/v1/models', 'HTTPS://x/v1/models', 'evil.example:443'],
    ...['/v1/models#a', '/v1\\models', '/v1/models?a\\b', '/v1/models?a#b', '/v1/models\u0000', '/v1/mod els'],
    ...['/v1/models\u007f', '/v1/modéls', '/v1/models?é', '/v1/models\r\nx: y', `/v1/models?${'a'.repeat(5000)}`],
    ...[
      '/v1/models/%',
      '/v1/models/%2',
      '/v1/models/%zz',
      '/v1/models/%ff',
      '/v1/models/%C0%AF',
      '/v1/models/%ED%A0%80',
    ],
    ...['/v1/models/%67pt', '/v1/models/%2E%2E', '/v1/models/gpt%2D4o', '/v1/models/%00', '/v1/models/a%0Ab'],
    ...[
      '/v1/models/%20a',
      '/v1/models/%E2%80%8Ba',
      '/v1/models?a=%',
      '/v1/models?%zz',
      '/v1/models?a=%ff',
      '/v1/models?%2',
    ],
  ]
  for (const target of targets) t.equal(seen('GET', target), 'invalid_request', JSON.stringify(target))
})

t.test('a known path takes its methods only', async (t) => {
  const rows = [
    ['GET', '/v1/embeddings', 'POST'],
    ['HEAD', '/v1/models', 'GET'],
    ['OPTIONS', '/v1/chat/completions', 'POST, GET'],
    ['post', '/v1/chat/completions', 'POST, GET'],
    ['QUERY', '/v1/responses', 'POST, GET'],
    ['POST', '/v1/models/gpt-4o', 'GET, DELETE'],
    ['PUT', '/v1/files/file-1', 'GET, DELETE'],
    ['GET', '/v1/threads/runs', 'POST'],
    ['POST', '/v1/models', 'GET'],
  ] as const
  for (const [method, target, allow] of rows) {
    const found = route(method, target)
    t.match(
      found,
      { ok: false, fault: { code: 'method_not_allowed', headers: ['allow', allow] } },
      `${method} ${target}`,
    )
  }
})

t.test('only the parameters that an endpoint names go on', async (t) => {
  const [first] = ENDPOINTS
  const listing: Endpoint = {
    ...(first as Endpoint),
    method: 'GET',
    path: '/v1/things',
    query: { after: 'file', limit: null, stream: 'flag' },
  }
  const router = openRouter([listing])
  const rows = [
    ['limit=2&after=a', 'limit=2&after=a'],
    ['after=a%20b%2Fc&x=1&model=y', 'after=a%20b%2Fc'],
    ['after=a+b', 'after=a%20b'],
    ['%61fter=%61', 'after=a'],
    ['after', 'after='],
    ['after=a=b', 'after=a%3Db'],
    ['x=1&x=2', ''],
    ['&&', ''],
    ['After=a', ''],
    ['after=a&after=a', null],
    ['after=a&%61fter=b', null],
    ['after=%ff', null],
    ['stream=true', 'stream=true'],
    ['stream=%66alse', 'stream=false'],
    ...(['True', 'TRUE', '1', 'on', 'yes', 't', 'true+', ''].map((yes) => [`stream=${yes}`, null]) as [string, null][]),
    ['stream', null],
  ] satisfies readonly (readonly [string, string | null])[]
  for (const [query, expected] of rows) {
    const found = router('GET', `/v1/things?${query}`)
    t.equal(found.ok ? found.value.query : null, expected, query)
  }
})
