import { generateKeyPair } from 'jose'
import t, { type Test } from 'tap'
import type { SigningKey } from '../support/identity-provider.ts'
import { polled } from '../support/proxy.ts'
import { requestBytes } from '../support/raw-client.ts'
import {
  ALICE,
  allows,
  CHAT,
  chatBody,
  endInOrder,
  JSON_TYPE,
  refuses,
  sent,
  startWorld,
  type World,
} from '../support/world.ts'

const withHeaders = (...headers: string[]) => requestBytes(CHAT, ['Host: x', JSON_TYPE, ...headers], chatBody())
const bearer = (token: string) => withHeaders(`Authorization: Bearer ${token}`)
const FAILED = 'authentication-failed'

t.test('a credential in each of its places', async (t) => {
  const world = await startWorld(t)
  const token = await world.token()
  const key = await createKey(world, '--group', 'analysts')
  const lines: readonly (readonly [name: string, line: string])[] = [
    ['a bearer token', `Authorization: Bearer ${token}`],
    ['a bearer token, its scheme in small letters', `authorization: bearer ${token}`],
    ['a token in x-api-key', `X-Api-Key: ${token}`],
    ['a token in api-key', `api-key: ${token}`],
    ['an API key as a bearer token', `Authorization: Bearer ${key.key}`],
    ['an API key in x-api-key', `x-api-key: ${key.key}`],
    ['an API key in api-key', `api-key: ${key.key}`],
  ]
  for (const [name, line] of lines) {
    const { decision } = await allows(t, world, name, withHeaders(line))
    const method = line.includes(key.key) ? 'api_key' : 'jwt'
    t.equal(decision.get('sallyport.auth.method'), method, `${name}: ${method}`)
    t.equal(decision.get('user.id'), method === 'jwt' ? ALICE : 'ci', name)
  }
  for (const [first, one] of lines.entries()) {
    for (const other of lines.slice(first)) {
      const name = `two at once: ${one[0]}, ${other[0]}`
      await refuses(t, world, name, withHeaders(one[1], other[1]), {
        status: 400,
        code: 'ambiguous_credentials',
        action: FAILED,
      })
    }
  }
  const nowhere: readonly (readonly [name: string, ...lines: string[]])[] = [
    ['none'],
    ['in a cookie', `Cookie: authorization=${token}; api_key=${key.key}`],
    ['in a proxy header', `Proxy-Authorization: Bearer ${token}`],
    ['in a header with underscores', `x_api_key: ${key.key}`],
    ['in the header of another vendor', `x-goog-api-key: ${key.key}`],
  ]
  for (const [name, ...headers] of nowhere) {
    const { answer } = await refuses(t, world, name, withHeaders(...headers), {
      status: 401,
      code: 'missing_credentials',
      action: FAILED,
      reason: 'missing',
    })
    t.match(answer.header('www-authenticate'), /^Bearer realm="sallyport"/, `${name}: says how`)
  }
  const query = requestBytes(
    `POST /v1/chat/completions?api_key=${key.key} HTTP/1.1`,
    ['Host: x', JSON_TYPE],
    chatBody(),
  )
  await refuses(t, world, 'in the query', query, { status: 401, code: 'missing_credentials', action: FAILED })
  await endInOrder(t, world)
})

async function createKey(world: World, ...options: string[]): Promise<{ id: string; key: string }> {
  const { stdout, stderr } = await world.proxy.command('keys', 'create', '--owner', 'ci', ...options, '--json')
  if (stdout === '') throw new Error(stderr)
  const created = JSON.parse(stdout) as { id: string; key: string }
  world.secrets.add(created.key)
  return created
}

t.test('API keys from creation to revocation', async (t) => {
  const world = await startWorld(t)
  const { proxy } = world
  const key = await createKey(world, '--group', 'analysts')
  const { decision } = await allows(t, world, 'a key works as soon as it is made', bearer(key.key))
  t.equal(decision.get('sallyport.auth.key_id'), key.id, 'the event names it')
  const other = await createKey(world, '--group', 'interns')
  await refuses(t, world, 'a key of a group that may not', bearer(other.key), { status: 403, code: 'policy_denied' })
  const damaged = `${key.key.slice(0, -1)}${key.key.endsWith('A') ? 'B' : 'A'}`
  const rejected = { status: 401, code: 'invalid_api_key', action: FAILED }
  await refuses(t, world, 'a key with one letter changed', bearer(damaged), rejected)
  await refuses(t, world, 'the id of a key', bearer(key.id), rejected)
  t.equal((await proxy.command('keys', 'revoke', key.id)).code, 0, 'revoked')
  await polled(async () => (await sent(world, bearer(key.key))).answer.status === 401, 'the revocation', 31_000)
  await refuses(t, world, 'a revoked key', bearer(key.key), { ...rejected, reason: 'revoked' })
  await endInOrder(t, world)
})

/** Another key under the name of the provider's own. */
const stranger = async (kid: string): Promise<SigningKey> => {
  const { privateKey } = await generateKeyPair('ES256')
  return { kid, alg: 'ES256', privateKey, jwk: {} }
}

/** Each row is the good token of the twin but for one fact. */
const tokens: readonly (readonly [name: string, make: (world: World) => Promise<string>, reason: string])[] = [
  ['expired', ({ idp }) => idp.mint({ exp: Math.floor(Date.now() / 1000) - 60 }), 'expired'],
  ['not valid yet', ({ idp }) => idp.mint({ nbf: Math.floor(Date.now() / 1000) + 120 }), 'not_yet_valid'],
  ['for somebody else', ({ idp }) => idp.mint({ aud: 'another' }), 'wrong_aud'],
  ['without an audience', ({ idp }) => idp.mint({}, { without: ['aud'] }), 'claim_missing'],
  ['without an end', ({ idp }) => idp.mint({}, { without: ['exp'] }), 'claim_missing'],
  ['without a subject', ({ idp }) => idp.mint({}, { without: ['sub'] }), 'claim_missing'],
  ['of an unknown issuer', ({ idp }) => idp.mint({ iss: 'http://127.0.0.1:9' }), 'wrong_iss'],
  ['of an issuer with a slash more', ({ idp }) => idp.mint({ iss: `${idp.issuer}/` }), 'wrong_iss'],
  [
    'signed by a stranger',
    async ({ idp }) => idp.mint({}, { key: await stranger(idp.keys[0]?.kid ?? '') }),
    'bad_signature',
  ],
  ['an ID token', ({ idp }) => idp.mint({ nonce: 'n', at_hash: 'x' }, { header: { typ: 'id+jwt' } }), 'wrong_type'],
]

async function rejects(t: Test, world: World, name: string, token: string, reason: string): Promise<void> {
  world.secrets.add(token)
  const { answer } = await refuses(t, world, name, bearer(token), {
    status: 401,
    code: 'invalid_api_key',
    action: FAILED,
    reason,
  })
  t.match(answer.header('www-authenticate'), /error="invalid_token"/, `${name}: and says so`)
  t.notMatch(answer.body.toString(), new RegExp(reason), `${name}: but not why`)
}

t.test('tokens that are wrong in one fact', async (t) => {
  const world = await startWorld(t)
  const { idp } = world
  for (const key of idp.keys) {
    const good = await idp.mint({}, { key })
    world.secrets.add(good)
    const { decision } = await allows(t, world, `a good token, ${key.alg}`, bearer(good))
    t.equal(decision.get('sallyport.auth.issuer'), 'corp')
  }
  for (const [name, make, reason] of tokens) await rejects(t, world, name, await make(world), reason)
  const good = await idp.mint()
  world.secrets.add(good)
  const [head = '', payload = '', signature = ''] = good.split('.')
  const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')
  await allows(t, world, 'the twin of those below', bearer(good))
  const mangled: readonly (readonly [string, string, string])[] = [
    ['unsigned', `${none}.${payload}.`, 'malformed'],
    ['without its signature', `${head}.${payload}.`, 'malformed'],
    ['with padding', `${good}==`, 'malformed'],
    ['twice the same', `${good}.${good}`, 'malformed'],
    ['with a changed claim', `${head}.${changed}.${signature}`, 'bad_signature'],
  ]
  for (const [name, token, reason] of mangled) await rejects(t, world, name, token, reason)
  await endInOrder(t, world)
})
