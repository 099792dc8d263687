import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadAll } from '../../../src/config/load-all.ts'
import { compilePolicies } from '../../../src/serving/compile-policies.ts'

type Route = { readonly [key: string]: unknown }

const VENDOR = { name: 'vendor', path: '/vendor/', upstream: 'openai' }
const RULE = { id: 'r', effect: 'allow', operations: ['passthrough.vendor'] }

async function load(passthrough: unknown, rules: readonly object[] = [RULE], url = 'https://a.example/v1') {
  const folder = t.testdir({ config: {}, policies: {} })
  const config = {
    version: 1,
    listen: { proxy: '127.0.0.1:0' },
    identity: { api_keys: { enabled: true } },
    upstreams: [
      { name: 'openai', url, models: ['gpt-*'] },
      { name: 'beside', url: 'https://a.example/beside/v1', models: ['gpt-*'] },
    ],
    policies: ['../policies'],
    passthrough,
  }
  const file = join(folder, 'config/sallyport.yaml')
  writeFileSync(file, JSON.stringify(config))
  writeFileSync(join(folder, 'policies/policy.yaml'), JSON.stringify({ version: 1, rules }))
  return loadAll(file, { env: {}, secrets: false, compile: compilePolicies })
}

const errors = async (routes: readonly Route[], rules?: readonly object[], url?: string) =>
  (await load(routes, rules, url)).problems.map(({ code, message, line }) => [code, message, line > 0])

t.test('a route that is sound', async (t) => {
  const { settings, problems, config } = await load([VENDOR])
  t.same(problems, [])
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
  t.same(settings?.passthrough, [{ ...VENDOR, methods, websocket: true, query: [] }])
  t.same(config?.passthrough, [{ ...VENDOR, methods, websocket: true, query: [] }], '`check --show` has the defaults')
  const starred = await load([{ ...VENDOR, path: '/v1/organization/*', methods: ['GET'], query: ['limit', 'ids[]'] }])
  t.same(starred.settings?.passthrough[0]?.path, '/v1/organization/')
})

t.test('nothing is open by default', async (t) => {
  t.same((await load(undefined, [{ id: 'r', effect: 'allow', operations: ['chat'] }])).settings?.passthrough, [])
})

t.test('a path that cannot be meant is an error', async (t) => {
  for (const path of [
    ...['/', '/*', '//vendor/', '/vendor//', '/vendor/../x', '/./x', '/vendor/*/x', '/ven*', '/vendor/**', 'vendor/'],
    ...['/vendor/%2e', '/vendor\\x', '/vendor?x', '/vendor#x', '/vendor/{id}', 'https://x/vendor/', '/vendor x', '/é/'],
  ]) {
    t.match(await errors([{ ...VENDOR, path }]), [['invalid_path']], path)
  }
})

t.test('a path that leads to an operation of the table is an error', async (t) => {
  for (const path of [
    '/v1/*',
    '/v1/chat/*',
    '/v1/chat/completions',
    '/V1/Chat/*',
    '/v1/files/one',
    '/v1/models/',
    '/v1/messages',
  ]) {
    t.match(await errors([{ ...VENDOR, path }]), [['overlap', /leads to `\/v1\//, true]], path)
  }
  t.match(await errors([{ ...VENDOR, path: '/beside/*' }]), [['overlap']], 'by the path of another url on its server')
  t.match(await errors([VENDOR], [RULE], 'https://a.example/vendor/v1'), [['overlap']], 'by the path of its own url')
  t.same(await errors([{ ...VENDOR, path: '/v1/organization/*' }]), [], 'beside the table it is none')
})

t.test('two routes must not lead to one path', async (t) => {
  const other = (path: string, name = 'other') => ({ ...VENDOR, name, path })
  for (const path of ['/vendor/', '/vendor/*', '/vendor/x', '/vendor/x/', '/Vendor/x']) {
    t.match(await errors([VENDOR, other(path)]), [['overlap']], path)
    t.match(await errors([other(path), VENDOR]), [['overlap']], `${path}, first`)
  }
  for (const path of ['/vendor', '/vendors/', '/other/']) t.same(await errors([VENDOR, other(path)]), [], path)
  t.match(await errors([VENDOR, other('/other/', 'vendor')]), [['duplicate']], 'nor have one name')
})

t.test('names and values that nobody has are errors', async (t) => {
  t.match(await errors([{ ...VENDOR, upstream: 'openia' }]), [['unknown_upstream']])
  for (const more of [
    { name: 'Vendor' },
    { name: 'a.b' },
    { name: '' },
    { methods: [] },
    { methods: ['HEAD'] },
    { methods: ['GET', 'GET'] },
  ]) {
    t.not((await errors([{ ...VENDOR, ...more }])).length, 0, JSON.stringify(more))
  }
  for (const query of [['a b'], ['[]'], ['a[b]'], ['limit', 'limit']]) {
    t.not((await errors([{ ...VENDOR, query }])).length, 0, JSON.stringify(query))
  }
  t.match(await errors([{ ...VENDOR, operation: 'x' }]), [['unknown_key']])
})

t.test('a rule may name the operations of routes that there are', async (t) => {
  const naming = (operation: string) => [{ ...RULE, operations: [operation] }]
  t.same(await errors([VENDOR], naming('passthrough.*')), [])
  t.match(await errors([VENDOR], naming('passthrough.vendro')), [
    ['unknown_operation', /did you mean `passthrough.vendor`/],
  ])
  t.match(await errors([], naming('passthrough.*')), [['unknown_operation', /no passthrough route/]])
  t.match(await errors([{ ...VENDOR, name: 3 }]), [['wrong_type']], 'an unread route is not taken for none')
})
