import t from 'tap'
import { ENDPOINTS } from '../../../src/endpoints/index.ts'
import { overlapWithTable, passage, pathAt } from '../../../src/endpoints/passthrough.ts'
import type { PassthroughSettings } from '../../../src/model/settings.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const route = (path: string, more: Partial<PassthroughSettings> = {}): PassthroughSettings => {
  return { name: 'admin', path, upstream: 'mock', methods: METHODS, websocket: false, query: [], ...more }
}
const admin = route('/v1/organization/')
const find = (target: string, routes = [admin], method = 'GET') => passage(routes, method, target)
const told = (target: string, routes = [admin], method = 'GET') => {
  const found = find(target, routes, method)
  if (found === null) return null
  return found.ok ? [found.value.path, found.value.query] : found.fault.code
}

t.test('a path below an open folder is found as it is written', async (t) => {
  for (const path of [
    '/v1/organization/users',
    '/v1/organization/projects/proj_1/users/user-1',
    '/v1/organization/a@b.example/x:run',
    '/v1/organization/%C3%A4',
    '/v1/organization/a%20b',
  ]) {
    t.same(told(path), [path, ''], path)
  }
})

t.test('one path has one spelling, and nothing steps out of it', async (t) => {
  for (const path of [
    '/v1/organization',
    '/v1/organization/',
    '/v1/organization/users/',
    '/v1/organization//users',
    '//v1/organization/users',
    '/v1//organization/users',
    '/v1/Organization/users',
    '/V1/organization/users',
    '/v1/organization/.',
    '/v1/organization/..',
    '/v1/organization/../chat/completions',
    '/v1/organization/./users',
    '/v1/organization/%2e%2e/chat/completions',
    '/v1/organization/%2E%2E/chat/completions',
    '/v1/organization/.%2e/chat/completions',
    '/v1/organization/..%2fchat%2fcompletions',
    '/v1/organization/..%2Fchat%2Fcompletions',
    '/v1/organization/%252e%252e/chat',
    '/v1/organization/%252E%252E%252Fchat',
    '/v1/organization/..\\chat\\completions',
    '/v1/organization/..%5Cchat',
    '/v1/organization/..;/chat/completions',
    '/v1/organization/..%3B/chat',
    '/v1/organization/users;a=b',
    '/v1/organization/users#x',
    '/v1/organization/users%23x',
    '/v1/organization/users%3Fx',
    '/v1/organization/users%00',
    '/v1/organization/users%0D%0AHost:%20x',
    '/v1/organization/%75sers',
    '/v1/organization/%C3%a4',
    '/v1/organization/%C3',
    '/v1/organization/%',
    '/v1/organization/%zz',
    '/v1/organization/%E2%80%AE',
    '/v1/organization/a|b',
    '/v1/organization/a"b',
    '/v1/%6Frganization/users',
    'http://x/v1/organization/users',
    'v1/organization/users',
    '*',
  ]) {
    t.equal(told(path), null, path)
  }
})

t.test('without a star a route is one path', async (t) => {
  const only = [route('/v1/organization/users')]
  t.same(told('/v1/organization/users', only), ['/v1/organization/users', ''])
  for (const path of [
    '/v1/organization/users/u',
    '/v1/organization/usersx',
    '/v1/organization/user',
    '/v1/organization',
  ]) {
    t.equal(told(path, only), null, path)
  }
})

t.test('a route takes its methods only', async (t) => {
  const reading = [route('/v1/organization/', { methods: ['GET'] })]
  t.same(told('/v1/organization/users', reading), ['/v1/organization/users', ''])
  t.equal(told('/v1/organization/users', reading, 'POST'), 'method_not_allowed')
})

t.test('of a query goes on what the route names', async (t) => {
  const paged = [route('/v1/organization/', { query: ['limit', 'ids[]', 'metadata[*]', '__proto__'] })]
  for (const [query, kept] of [
    ['limit=2&api_key=sk-secret', 'limit=2'],
    ['access_token=x', ''],
    ['ids[]=a&ids[]=b', 'ids%5B%5D=a&ids%5B%5D=b'],
    ['metadata[team]=x', 'metadata%5Bteam%5D=x'],
    ['constructor=x&__proto__=1', '__proto__=1'],
    ['', ''],
  ] as const) {
    t.same(told(`/v1/organization/users?${query}`, paged), ['/v1/organization/users', kept], query)
  }
  t.equal(told('/v1/organization/users?limit=1&limit=2', paged), 'invalid_request', 'each once')
  t.equal(told('/v1/organization/users?limit=%ff', paged), 'invalid_request', 'in UTF-8')
  t.same(told('/v1/organization/users?limit=2'), ['/v1/organization/users', ''], 'nothing by default')
})

/** A path of each operation, with an id wherever one stands. */
const paths = [...new Set(ENDPOINTS.map(({ path }) => path.replace(/\{\w+\}/g, 'x-1')))]

t.test('no path of the table is reached through a route, whatever the route says', async (t) => {
  for (const path of paths) {
    const steps = path.split('/')
    const folders = steps.slice(2).map((_, index) => `${steps.slice(0, index + 2).join('/')}/`)
    for (const open of [path, ...folders, '/v1/', '/']) {
      t.equal(passage([route(open)], 'POST', path), null, `${path} by ${open}`)
      t.equal(passage([route(open)], 'PUT', `${path}?x=1`), null, `${path} by ${open}, of another method`)
    }
  }
})

t.test('a route that could lead to an operation says so', async (t) => {
  for (const path of paths) {
    const folder = `${path.slice(0, path.lastIndexOf('/'))}/`
    for (const open of [path, folder, path.toUpperCase().replace('/V1', '/v1'), '/V1/', '/v1/']) {
      t.ok(overlapWithTable(open, '/v1', ['/v1']), open)
    }
  }
  for (const open of [
    '/v1/organization/',
    '/v1/organization/users',
    '/vendor/',
    '/v1/threads',
    '/v1/chat/completions/x/y/z',
  ]) {
    const isOfTable = paths.includes(open)
    t.equal(overlapWithTable(open, '/v1', ['/v1']) !== null, isOfTable, open)
  }
})

t.test('so does one that leads there on the server that it goes to', async (t) => {
  for (const [open, own, others, met] of [
    ['/openai/v1/', '/openai/v1', [], true],
    ['/openai/', '/openai/v1', [], true],
    ['/OpenAI/', '/openai/v1', [], true],
    ['/b/v1/', '/a/v1', ['/b/v1'], true],
    ['/b/v1/', '/a/v1', [], false],
    ['/chat/', '', [], true],
    ['/chat/', '/v1', [], false],
    ['/v1/organization/', '', [], false],
    ['/vendor/', '/vendor', [], true],
    ['/vendor/', '/vendor/v1', ['/vendor/v1'], true],
  ] as const) {
    t.equal(overlapWithTable(open, own, [own, ...others]) !== null, met, `${open} on ${own} beside ${others}`)
  }
})

t.test('a path below the API is below the url of its upstream, every other one stands as it is', async (t) => {
  t.equal(pathAt('/openai/v1', '/v1/organization/users'), '/openai/v1/organization/users')
  t.equal(pathAt('', '/v1/organization/users'), '/organization/users')
  t.equal(pathAt('/v1', '/vendor/x'), '/vendor/x')
  t.equal(pathAt('/v1', '/v1beta/x'), '/v1beta/x')
})
