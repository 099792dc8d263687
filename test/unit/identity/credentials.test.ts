import t from 'tap'
import { readCredential } from '../../../src/identity/credentials.ts'

const BASIC = Buffer.from('bob:pass word').toString('base64')
const LONG = 'a'.repeat(16 * 1024)

const accepted: readonly (readonly [string, string[], string, string])[] = [
  ['a bearer token', ['Authorization', 'Bearer abc.def'], 'authorization', 'abc.def'],
  ['the scheme in any case', ['AUTHORIZATION', 'bEARER abc'], 'authorization', 'abc'],
  [
    'a protocol that a browser offers',
    ['sec-websocket-protocol', 'realtime, openai-insecure-api-key.abc.d-e_f'],
    'subprotocol',
    'abc.d-e_f',
  ],
  ['the header that Anthropic SDKs send', ['X-Api-Key', 'abc'], 'x-api-key', 'abc'],
  ['the header that Azure SDKs send', ['api-key', 'abc'], 'api-key', 'abc'],
  ['the longest token', ['authorization', `Bearer ${LONG}`], 'authorization', LONG],
  ['a header in another spelling is not one', ['x_api_key', 'evil', 'x-api-key', 'abc'], 'x-api-key', 'abc'],
  ['a cookie is not one', ['cookie', 'token=evil', 'authorization', 'Bearer abc'], 'authorization', 'abc'],
  ['a value is not a name', ['x-other', 'authorization', 'api-key', 'abc'], 'api-key', 'abc'],
  [
    'a subprotocol without a key is not one',
    ['sec-websocket-protocol', 'realtime', 'authorization', 'Bearer abc'],
    'authorization',
    'abc',
  ],
  ['no padding space is part of it', ['authorization', 'Bearer abc='], 'authorization', 'abc='],
]
for (const [name, headers, place, token] of accepted) {
  t.test(`accepted: ${name}`, async (t) => {
    const read = readCredential(headers)
    if (!read.ok || read.value.kind !== 'token') return t.fail('a token')
    t.equal(read.value.place, place)
    t.equal(read.value.token.reveal(), token)
    t.notMatch(JSON.stringify(read.value), token.slice(0, 10))
  })
}

const A = ['authorization', 'Bearer abc'] as const
const refused: readonly (readonly [string, readonly string[], string, string])[] = [
  ['none', [], 'missing_credentials', 'missing'],
  ['only a cookie', ['cookie', 'authorization=Bearer abc'], 'missing_credentials', 'missing'],
  ['only another spelling', ['x_api_key', 'a', 'api_key', 'a', 'x-apikey', 'a'], 'missing_credentials', 'missing'],
  ['only another scheme of proxies', ['proxy-authorization', 'Bearer a'], 'missing_credentials', 'missing'],
  ['two equal ones', [...A, ...A], 'ambiguous_credentials', 'ambiguous'],
  ['the second in another case', [...A, 'Authorization', 'Bearer def'], 'ambiguous_credentials', 'ambiguous'],
  ['the same in two places', [...A, 'x-api-key', 'abc'], 'ambiguous_credentials', 'ambiguous'],
  ['both kinds of key header', ['api-key', 'a', 'x-api-key', 'a'], 'ambiguous_credentials', 'ambiguous'],
  ['an empty one beside another', ['authorization', '', 'x-api-key', 'a'], 'ambiguous_credentials', 'ambiguous'],
  [
    'a subprotocol beside a header',
    [...A, 'sec-websocket-protocol', 'realtime, openai-insecure-api-key.abc'],
    'ambiguous_credentials',
    'ambiguous',
  ],
  [
    'two subprotocols',
    ['sec-websocket-protocol', 'openai-insecure-api-key.a, OpenAI-insecure-api-key.a'],
    'ambiguous_credentials',
    'ambiguous',
  ],
  [
    'a subprotocol in another spelling',
    ['sec-websocket-protocol', 'realtime, OpenAI-insecure-api-key.abc'],
    'invalid_api_key',
    'malformed',
  ],
  [
    'a subprotocol without a token',
    ['sec-websocket-protocol', 'realtime, openai-insecure-api-key.'],
    'invalid_api_key',
    'malformed',
  ],
  ['an empty header', ['authorization', ''], 'invalid_api_key', 'malformed'],
  ['a scheme without a token', ['authorization', 'Bearer'], 'invalid_api_key', 'malformed'],
  ['a scheme and a space', ['authorization', 'Bearer '], 'invalid_api_key', 'malformed'],
  ['a token without a scheme', ['authorization', 'abc.def.ghi'], 'invalid_api_key', 'malformed'],
  ['two tokens', ['authorization', 'Bearer abc def'], 'invalid_api_key', 'malformed'],
  ['two spaces', ['authorization', 'Bearer  abc'], 'invalid_api_key', 'malformed'],
  ['a tab', ['authorization', 'Bearer\tabc'], 'invalid_api_key', 'malformed'],
  ['two headers made one', ['authorization', 'Bearer abc, Bearer def'], 'invalid_api_key', 'malformed'],
  ['a scheme in the key header', ['x-api-key', 'Bearer abc'], 'invalid_api_key', 'malformed'],
  ['an empty key header', ['api-key', ''], 'invalid_api_key', 'malformed'],
  ['a token that is too long', ['authorization', `Bearer ${LONG}a`], 'invalid_api_key', 'malformed'],
  ['another scheme', ['authorization', 'Digest abc'], 'invalid_api_key', 'unsupported_scheme'],
  ['DPoP without a proof', ['authorization', 'DPoP abc'], 'invalid_api_key', 'malformed'],
  ['DPoP with two proofs', ['authorization', 'DPoP abc', 'dpop', 'p', 'DPoP', 'p'], 'invalid_api_key', 'malformed'],
  ['DPoP without a token', ['authorization', 'DPoP ', 'dpop', 'p'], 'invalid_api_key', 'malformed'],
  ['Basic that is no base64', ['authorization', 'Basic !!!'], 'invalid_api_key', 'malformed'],
  ['Basic without its padding', ['authorization', 'Basic YTpiYw'], 'invalid_api_key', 'malformed'],
  ['Basic without a colon', ['authorization', 'Basic YWJj'], 'invalid_api_key', 'malformed'],
  ['Basic that is no UTF-8', ['authorization', 'Basic Ov8='], 'invalid_api_key', 'malformed'],
  ['Basic with a control character', ['authorization', 'Basic YQo6Yg=='], 'invalid_api_key', 'malformed'],
  ['Basic without a value', ['authorization', 'Basic '], 'invalid_api_key', 'malformed'],
]
for (const [name, headers, code, reason] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const read = readCredential(headers)
    if (read.ok) return t.fail('a fault')
    t.match(read.fault, { code, reason, param: null })
    t.notMatch(JSON.stringify(read.fault), /abc|def/)
  })
}

t.test('Basic is read as a name and a password', async (t) => {
  const read = readCredential(['authorization', `basic ${BASIC}`])
  if (!read.ok || read.value.kind !== 'basic') return t.fail('a pair')
  t.equal(read.value.username, 'bob')
  t.equal(read.value.password.reveal(), 'pass word')
})

t.test('a token with a proof', (t) => {
  const headers = ['Host', 'x', 'authorization', 'dpop abc', 'DPoP', 'the.proof.itself']
  const request = { method: 'POST', target: '/v1/chat/completions?a=b' }
  const read = readCredential(headers, request)
  const dpop = { text: 'the.proof.itself', method: 'POST', path: '/v1/chat/completions' }
  t.match(read, { ok: true, value: { kind: 'token', proof: { certificate: null, isCounted: false, dpop } } })
  const again = readCredential(headers, request)
  const proofOf = (one: typeof read) => (one.ok && one.value.kind === 'token' ? one.value.proof?.dpop : undefined)
  t.equal(proofOf(again), proofOf(read), 'of one request there is one')
  t.not(proofOf(readCredential([...headers], request)), proofOf(read), 'of another request another')
  const bearer = readCredential(['authorization', 'Bearer abc', 'dpop', 'the.proof.itself'], request)
  t.equal(proofOf(bearer), undefined, 'beside a bearer it means nothing')
  t.end()
})
