import t from 'tap'
import { readToken } from '../../../src/identity/jwt/token.ts'

/** What was parsed before stays alive, or else the engine forgets what misleads it (nodejs/node#63785). */
const kept: unknown[] = []

const HEADER = '{"alg":"ES256","typ":"at+jwt","kid":"k"}'
const token = (header: string, payload: string) =>
  readToken([header, payload, 's'].map((part) => Buffer.from(part).toString('base64url')).join('.'))

t.test('no header parameter hides behind an escape, whatever was parsed before', async (t) => {
  for (const [name, escaped, before] of [
    ['crit', 'cri\\u0074', 'cri\\\\'],
    ['crit', '\\u0063rit', '\\\\u00'],
    ['b64', 'b6\\u0034', 'b6\\\\'],
    ['jku', 'jk\\u0075', 'jk\\\\'],
    ['jwk', '\\u006awk', '\\\\u0'],
  ] as const) {
    kept.push(JSON.parse(`{"alg":"","${before}":[]}`))
    t.match(token(`{"alg":"ES256","${escaped}":["x"]}`, '{}'), { ok: false, fault: 'malformed' }, `${name}: ${escaped}`)
    t.match(token(`{"alg":"ES256","x${escaped}":["x"]}`, '{}'), { ok: true }, `x${name}: ${escaped}`)
  }
})

t.test('a claim under an escaped key is that claim, whatever was parsed before', async (t) => {
  const rows = [
    ['aud', '{"iss":"i","au\\\\":0}', '{"iss":"i","au\\u0064":"sallyport"}', { iss: 'i', aud: 'sallyport' }],
    ['exp', '{"sub":"s","\\\\u0":0}', '{"sub":"s","\\u0065xp":1}', { sub: 's', exp: 1 }],
    [
      'a claim whose slashes are escaped, as PHP does',
      '{"jti":"j","https:\\\\/\\\\/example.org":0}',
      '{"jti":"j","https:\\/\\/example.org\\/g":["a"]}',
      { jti: 'j', 'https://example.org/g': ['a'] },
    ],
  ] as const
  for (const [name, before, payload, claims] of rows) {
    kept.push(JSON.parse(before))
    const read = token(HEADER, payload)
    t.strictSame(read.ok && read.value.payload, claims, name)
  }
})

t.test('a time that is no number is no token', async (t) => {
  t.match(token(HEADER, '{"exp":1e999}'), { ok: false, fault: 'malformed' })
  t.match(token(HEADER, '{"exp":1e9}'), { ok: true })
})
