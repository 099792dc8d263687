import t from 'tap'
import { makeKey, NOW_S, token as signed, without } from '../forge.ts'
import { ACTIVE, introspection, openScene, type Said, startLyingServer } from './scene.ts'

const GOOD = 'verified alice'
const GONE = 'introspection_unavailable'

t.test('what an answer must say, and what it may', async (t) => {
  const server = await startLyingServer(t)
  const issuer = { issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) }
  const { said } = openScene(t, [issuer])
  const but = (more: object): Said => ({ ...ACTIVE, ...more })
  const table: readonly (readonly [name: string, answer: Said, outcome: string])[] = [
    ['a good answer', ACTIVE, GOOD],
    ['`active` is a word', but({ active: 'true' }), 'inactive'],
    ['`active` is a number', but({ active: 1 }), 'inactive'],
    ['`active` is null', but({ active: null }), 'inactive'],
    ['`active` is absent', without(ACTIVE, 'active'), 'inactive'],
    ['`active` is false', but({ active: false }), 'inactive'],
    ['`Active` is another name', { ...without(ACTIVE, 'active'), Active: true }, 'inactive'],
    ['no audience', without(ACTIVE, 'aud'), 'claim_missing'],
    ['another audience', but({ aud: 'sallyport2' }), 'wrong_aud'],
    ['an audience of another type', but({ aud: { 0: 'sallyport' } }), 'wrong_aud'],
    ['no audience at all', but({ aud: [] }), 'wrong_aud'],
    ['ours among several', but({ aud: ['other', 'sallyport'] }), GOOD],
    ['its issuer', but({ iss: server.origin }), GOOD],
    ['another issuer', but({ iss: `${server.origin}/` }), 'wrong_iss'],
    ['an issuer of another type', but({ iss: [server.origin] }), 'wrong_iss'],
    ['no expiry', without(ACTIVE, 'exp'), GOOD],
    ['expired', but({ exp: NOW_S - 31 }), 'expired'],
    ['expired within the skew', but({ exp: NOW_S - 29 }), GOOD],
    ['an expiry in words', but({ exp: String(NOW_S + 300) }), 'malformed'],
    ['an expiry of null', but({ exp: null }), 'malformed'],
    ['not yet valid', but({ nbf: NOW_S + 31 }), 'not_yet_valid'],
    ['issued in the future', but({ iat: NOW_S + 31 }), 'not_yet_valid'],
    ['issued in the future, without expiry', { ...without(ACTIVE, 'exp'), iat: NOW_S + 31 }, 'not_yet_valid'],
    ['a bearer token', but({ token_type: 'Bearer' }), GOOD],
    ['one bound to a key that is not named', but({ token_type: 'DPoP' }), 'wrong_type'],
    [
      'one bound to a certificate alone',
      but({ token_type: 'dpop', cnf: { 'x5t#S256': 'a'.repeat(43) } }),
      'wrong_type',
    ],
    ['one bound to a key', but({ token_type: 'DPoP', cnf: { jkt: 'a'.repeat(43) } }), 'proof_missing'],
    ['an access token by its use', but({ token_use: 'access_token' }), GOOD],
    ['a refresh token by its type', but({ token_type: 'refresh_token' }), 'wrong_type'],
    ['a refresh token by its use', but({ token_use: 'refresh_token' }), 'wrong_type'],
    ['a refresh token of Keycloak', but({ typ: 'Refresh', token_type: 'Bearer' }), 'wrong_type'],
    ['an ID token', but({ nonce: 'n' }), 'wrong_type'],
    ['bound to a key of another type', but({ cnf: { kid: 'x' } }), 'wrong_type'],
    ['no subject', without(ACTIVE, 'sub'), 'claim_missing'],
    ['an empty subject', but({ sub: '' }), 'malformed'],
    ['a subject of another type', but({ sub: 7 }), 'malformed'],
    ['a subject that breaks lines', but({ sub: 'alice\n' }), 'malformed'],
    ['`active` twice', `{"active":false,${JSON.stringify(ACTIVE).slice(1)}`, GONE],
    ['an answer in an answer', JSON.stringify([ACTIVE]), GONE],
    ['something behind it', `${JSON.stringify(ACTIVE)} {}`, GONE],
    ['a byte order mark', `\ufeff${JSON.stringify(ACTIVE)}`, GONE],
    ['nothing', '', GONE],
  ]
  for (const [index, [name, answer, outcome]] of table.entries()) {
    server.says.set(`token-${index}`, answer)
    t.equal(await said(`token-${index}`), outcome, name)
  }
})

t.test('what is no answer', async (t) => {
  const server = await startLyingServer(t)
  const body = JSON.stringify(ACTIVE)
  const json = { 'content-type': 'application/json' }
  const padded = (length: number) => `${' '.repeat(length - body.length)}${body}`
  const table: readonly (readonly [name: string, answer: Said, outcome: string, told: string | null])[] = [
    ['plain JSON', (to) => to.writeHead(200, json).end(body), GOOD, null],
    ['HTML', (to) => to.writeHead(200, { 'content-type': 'text/html' }).end(body), GONE, 'malformed'],
    ['no type', (to) => to.writeHead(200).end(body), GONE, 'malformed'],
    [
      'two types',
      (to) => to.writeHead(200, { 'content-type': 'application/json, text/html' }).end(body),
      GONE,
      'malformed',
    ],
    [
      'a signed answer',
      (to) => to.writeHead(200, { 'content-type': 'application/token-introspection+jwt' }).end(body),
      GONE,
      'malformed',
    ],
    ['compressed', (to) => to.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(body), GONE, 'malformed'],
    ['a redirect', (to) => to.writeHead(307, { ...json, location: '/elsewhere' }).end(body), GONE, 'redirect'],
    ['created', (to) => to.writeHead(201, json).end(body), GONE, 'bad_status'],
    ['an error', (to) => to.writeHead(500, json).end(body), GONE, 'bad_status'],
    ['who asks is not known', (to) => to.writeHead(401, json).end(body), GONE, 'client_refused'],
    ['as large as may be', (to) => to.writeHead(200, json).end(padded(1024 * 1024)), GOOD, null],
    ['larger', (to) => to.writeHead(200, json).end(padded(1024 * 1024 + 1)), GONE, 'too_large'],
    [
      'cut off',
      (to) => to.writeHead(200, { ...json, 'content-length': '9999' }).write(body, () => to.destroy()),
      GONE,
      'unreachable',
    ],
    ['a reset', (to) => to.destroy(), GONE, 'unreachable'],
    ['too slow', () => undefined, GONE, 'timeout'],
    ['too slow to its end', (to) => to.writeHead(200, json).write(body.slice(0, 9)), GONE, 'timeout'],
  ]
  for (const [name, answer, outcome, told] of table) {
    const issuer = { issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) }
    const { said, reports } = openScene(t, [issuer], { fetchLimitMs: told === 'timeout' ? 150 : 5000 })
    server.says.set('opaque', answer)
    t.equal(await said('opaque'), outcome, name)
    const events = told === null ? [] : [{ kind: 'introspection-failed', issuer: 'corp', reason: told }]
    t.same(reports, events, `${name}: told`)
  }
  t.notOk(
    server.asked.entries.some(({ form }) => form === ''),
    'no redirect was followed',
  )
})

t.test('how it is asked', async (t) => {
  const server = await startLyingServer(t)
  const client = introspection(null, { clientId: 'a client:1', prefix: null })
  const { said, verify } = openScene(t, [{ issuer: server.origin, introspection: client }])
  server.says.set('a+b/c~d==', { ...ACTIVE, name: 'Alice', amr: ['pwd', 'otp'], acr: 'gold', jti: 'j1' })
  t.match(await verify('a+b/c~d=='), {
    outcome: 'verified',
    cache: 'miss',
    principal: {
      id: 'alice',
      issuer: 'corp',
      method: 'jwt',
      name: 'Alice',
      groups: ['analysts'],
      mfa: 'yes',
      acr: 'gold',
      expiresAt: NOW_S + 300,
    },
  })
  t.same(server.asked.entries, [
    {
      token: 'a+b/c~d==',
      authorization: `Basic ${Buffer.from('a+client%3A1:s3cret').toString('base64')}`,
      form: 'token=a%2Bb%2Fc%7Ed%3D%3D&token_type_hint=access_token',
    },
  ])
  t.equal(await said('other'), 'inactive')
})

t.test('whose a token is follows from its form alone', async (t) => {
  const server = await startLyingServer(t)
  const other = await startLyingServer(t)
  const { said } = openScene(t, [
    { name: 'rest', issuer: server.origin, introspection: introspection(`${server.origin}/introspect`) },
    { name: 'acme', issuer: other.origin, introspection: introspection(`${other.origin}/i`, { prefix: 'acme_' }) },
    { name: 'plain', issuer: 'https://plain.example' },
  ])
  const key = makeKey('ES256', 'es')
  const jwt = signed(key, { ...ACTIVE, iss: server.origin })
  for (const text of [jwt, `${jwt}=`, 'acme_1', 'token', 'a.b', 'a.b.c.d', 'a.b.c', 'sp_key', 'ek_secret']) {
    server.says.set(text, ACTIVE)
    other.says.set(text, { ...ACTIVE, sub: 'bob' })
  }
  t.equal(await said('token'), GOOD)
  t.equal(await said('a.b'), GOOD)
  t.equal(await said('a.b.c.d'), GOOD)
  t.equal(await said('acme_1'), 'verified bob')
  t.equal(await said('acme_2'), 'inactive', 'no second try')
  t.equal(await said(jwt), 'unknown_kid', 'a JWT is verified here')
  t.equal(await said(`${jwt}=`), 'malformed', 'and so is what is nearly one')
  t.equal(await said('a.b.c'), 'malformed')
  t.equal(await said('sp_key'), 'unsupported_scheme', 'our own keys')
  t.equal(await said('ek_secret'), 'malformed', 'our own secrets')
  t.equal(await said('tok\u00e9n'), 'malformed')
  t.same(
    server.asked.entries.map(({ token }) => token),
    ['token', 'a.b', 'a.b.c.d'],
  )
  t.same(
    other.asked.entries.map(({ token }) => token),
    ['acme_1', 'acme_2'],
  )
})
