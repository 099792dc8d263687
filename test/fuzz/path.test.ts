import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { ENDPOINTS } from '../../src/endpoints/index.ts'
import { route } from '../../src/endpoints/route.ts'
import { fuzz } from './budget.ts'

const pieces = [
  ...[
    '/v1',
    '/chat',
    '/completions',
    '/responses',
    '/embeddings',
    '/models',
    '/models/',
    '/moderations',
    'gpt-4o',
    '/',
  ],
  ...[
    '..',
    '.',
    '//',
    '%2F',
    '%2f',
    '%2e',
    '%2E%2E',
    '%5C',
    '%00',
    '%',
    '%zz',
    '%ff',
    '%25',
    '%3A',
    '%C3%A9',
    '%67',
    ':',
  ],
  ...[
    '?',
    '&',
    '=',
    '#',
    '\\',
    ';',
    '@',
    ' ',
    '\t',
    '\r\n',
    '\u0000',
    'é',
    'model=x',
    'http://a',
    '*',
    '+',
    '%20',
    '~',
  ],
]
const target = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom(...ENDPOINTS.map(({ path }) => path.replace(/\{\w+\}/g, 'gpt-4o'))),
      fc.nat(60),
      fc.nat(2),
      fc.oneof(fc.constantFrom('', ...pieces), fc.string({ unit: 'binary', maxLength: 3 })),
    )
    .map(([path, at, drop, put]) => path.slice(0, at) + put + path.slice(at + drop)),
  fc
    .tuple(fc.constantFrom('/v1/models/', '/v1/models/a%2F'), fc.string({ unit: 'binary', maxLength: 8 }), fc.boolean())
    .map(([start, name, encoded]) => start + (encoded ? encodeURIComponent(name.toWellFormed()) : name)),
  fc.string({ unit: 'binary' }),
)
const CANONICAL = /^\/v1(?:\/[A-Za-z0-9\-_.!~*'():]|\/?%(?:2[0-9A-F]|[3-9A-F][0-9A-F])|[A-Za-z0-9\-_.!~*'():])+$/

t.test('any target is one canonical path or a refusal, and never a throw', async (t) => {
  let found = 0
  fuzz(
    t,
    fc.property(fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE', 'get', ''), target, (method, written) => {
      const result = route(method, written)
      if (!result.ok) {
        return ['unknown_endpoint', 'method_not_allowed', 'invalid_request'].includes(result.fault.code)
      }
      found++
      const { endpoint, path, parameters, query } = result.value
      const again = route(method, path)
      const expected = endpoint.path.replace(/\{(\w+)\}/g, (_, kind) => {
        const name = parameters[kind as keyof typeof parameters] ?? ''
        return kind === 'model' ? encodeURIComponent(name) : name
      })
      return (
        endpoint.method === method &&
        path === expected &&
        CANONICAL.test(path) &&
        !path.split('/').some((segment) => ['.', '..'].includes(decodeURIComponent(segment))) &&
        query === '' &&
        again.ok &&
        again.value.path === path &&
        isDeepStrictEqual(again.value.parameters, parameters)
      )
    }),
    1,
  )
  t.ok(found > 0, `${found} found`)
})
