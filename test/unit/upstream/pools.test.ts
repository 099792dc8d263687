import t from 'tap'
import { faultOf } from '../../../src/upstream/faults.ts'
import { inOrder, openUpstream } from '../../../src/upstream/pools.ts'
import { upstreamSettings } from '../../support/forwarder.ts'

const places: readonly (readonly [url: string, address: string, port: number, basePath: string])[] = [
  ['https://api.example/v1', 'api.example', 443, '/v1'],
  ['http://127.0.0.1:8000/v1', '127.0.0.1', 8000, '/v1'],
  ['http://127.0.0.1/v1', '127.0.0.1', 80, '/v1'],
  ['http://[::1]:8000/openai/v1/', '::1', 8000, '/openai/v1'],
  ['http://127.0.0.1:8000', '127.0.0.1', 8000, ''],
]
for (const [url, address, port, basePath] of places) {
  t.test(`the place of ${url}`, async (t) => {
    const upstream = openUpstream(upstreamSettings(url))
    t.same([upstream.address, upstream.port, upstream.basePath], [address, port, basePath])
    await upstream.pool.destroy()
  })
}

t.test('serves what its names and patterns match, exactly', async (t) => {
  const upstream = openUpstream(upstreamSettings('http://127.0.0.1:1/v1', { models: ['gpt-*', 'o3', '*-embed-*'] }))
  const rows = [
    ['gpt-4o', true],
    ['gpt-', true],
    ['o3', true],
    ['x-embed-1', true],
    ['GPT-4o', false],
    ['o3-mini', false],
    ['xgpt-4o', false],
    ['o3 ', false],
    ['*', false],
    ['', false],
    ['constructor', false],
  ] as const
  for (const [model, serves] of rows) t.equal(upstream.serves(model), serves, model)
  t.same(upstream.namedModels, ['o3'])
  await upstream.pool.destroy()
})

t.test('lower priority first, equal ones as the config lists them', async (t) => {
  const upstreams = [5, 1, 3, 1].map((priority, index) =>
    openUpstream(upstreamSettings('http://127.0.0.1:1/v1', { name: `u${index}`, priority })),
  )
  t.same(
    inOrder(upstreams).map(({ settings }) => settings.name),
    ['u1', 'u3', 'u2', 'u0'],
  )
  await Promise.all(upstreams.map(({ pool }) => pool.destroy()))
})

t.test('what the HTTP client reports becomes a fault that names no address', (t) => {
  const rows = [
    ['UND_ERR_CONNECT_TIMEOUT', 'upstream_timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'upstream_timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'upstream_timeout'],
    ['ETIMEDOUT', 'upstream_timeout'],
    ['ECONNREFUSED', 'upstream_unavailable'],
    ['ENOTFOUND', 'upstream_unavailable'],
    ['UND_ERR_SOCKET', 'upstream_unavailable'],
    ['HPE_INVALID_CONSTANT', 'upstream_unavailable'],
  ] as const
  for (const [code, expected] of rows) {
    const fault = faultOf(Object.assign(new Error('connect 10.1.2.3:443 sk-secret'), { code }))
    t.same([fault.code, fault.cause], [expected, code], code)
    t.notMatch(JSON.stringify(fault), /10\.1\.2\.3|sk-secret/, code)
  }
  t.end()
})
