import { createServer } from 'node:http'
import { generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { type IdentityProvider, type SigningKey, startIdentityProvider } from '../support/identity-provider.ts'
import { listening } from '../support/loopback.ts'
import { rawRequest } from '../support/raw-client.ts'
import { startTraffic } from '../support/traffic.ts'
import { Log } from '../support/within.ts'
import { ALICE, allows, chatBytes, endInOrder, type Refusal, refuses, startWorld } from '../support/world.ts'

const refused: Refusal = { status: 401, code: 'invalid_api_key', action: 'authentication-failed' }

async function keyNamed(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('ES256')
  return { kid, alg: 'ES256', privateKey, jwk: {} }
}

t.test('a new key costs one fetch, however many tokens name it at once', async (t) => {
  const world = await startWorld(t)
  const { proxy, idp } = world
  const old = chatBytes(await idp.mint())
  await allows(t, world, 'a token of the first key', old)
  const fetched = idp.keyFetches
  await idp.rotate({ keep: true })
  const minted = await Promise.all(Array.from({ length: 50 }, () => idp.mint()))
  const answers = await Promise.all(minted.map((token) => rawRequest(proxy.port, chatBytes(token))))
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]), '50 tokens that nobody has seen before')
  t.equal(idp.keyFetches, fetched + 1, 'one fetch')
  await allows(t, world, 'and the first key is good for as long as it is published', old)
  await endInOrder(t, world)
})

t.test('a key that is gone takes its tokens with it, those that were seen before, too', async (t) => {
  const world = await startWorld(t)
  const { idp } = world
  const old = chatBytes(await idp.mint())
  await allows(t, world, 'a token of the first key', old)
  const { decision } = await allows(t, world, 'again', old)
  t.equal(decision.get('sallyport.auth.cache'), 'hit', 'it was remembered')
  await idp.rotate()
  await allows(t, world, 'a token of the new key', chatBytes(await idp.mint()))
  await refuses(t, world, 'the token of the first key', old, refused)
  await endInOrder(t, world)
})

t.test('a flood of unknown keys costs one fetch and nobody else anything', async (t) => {
  const world = await startWorld(t)
  const { proxy, idp } = world
  const good = chatBytes(await world.token())
  await allows(t, world, 'a good token before', good)
  const fetched = idp.keyFetches
  const flood = await Promise.all(
    Array.from({ length: 200 }, async (_, index) =>
      chatBytes(await idp.mint({}, { key: await keyNamed(`k${index}`) })),
    ),
  )
  let next = 0
  const strangers = startTraffic(proxy.port, 8, () => flood[next++ % flood.length] ?? good)
  const staff = startTraffic(proxy.port, 2, () => good)
  await proxy.audit.action('authentication-failed', 400)
  await Promise.all([strangers.stop(), staff.stop()])
  t.same(new Set(strangers.answers.map(({ status, code }) => `${status} ${code}`)), new Set(['401 invalid_api_key']))
  t.same(new Set(staff.answers.map(({ status }) => status)), new Set([200]), 'good tokens meanwhile')
  t.equal(idp.keyFetches, fetched + 1, 'one fetch within the cooldown')
  await endInOrder(t, world)
})

/** The address at which an issuer publishes its keys, and what stands there. */
interface Publisher {
  readonly url: string
  answer: PublishedAnswer
  readonly served: Log<PublishedAnswer>
}

interface PublishedAnswer {
  readonly status: number
  readonly body: string
  readonly headers?: { readonly [name: string]: string }
}

async function startPublisher(t: Test, first: PublishedAnswer): Promise<Publisher> {
  const server = createServer((_, response) => {
    const { answer } = publisher
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body)
    publisher.served.push(answer)
  })
  const { origin, close } = await listening(server)
  t.teardown(close)
  const url = `${origin}/keys`
  const publisher = { url, answer: first, served: new Log<PublishedAnswer>() }
  return publisher
}

const publicKeys = (idp: IdentityProvider) =>
  idp.keys.map(({ jwk: { kty, crv, x, y, n, e, kid, alg, use } }) => ({ kty, crv, x, y, n, e, kid, alg, use }))
const document = (...keys: readonly object[]) => ({ status: 200, body: JSON.stringify({ keys }) })

/** Answers that bring no key: what is known goes on, nothing is taken over, and the event says why. */
const poisons: readonly (readonly [
  name: string,
  make: (keys: readonly object[]) => PublishedAnswer,
  reason: string,
])[] = [
  ['an error', () => ({ status: 500, body: '{}' }), 'bad_status'],
  ['no JSON', () => ({ status: 200, body: '<html>' }), 'malformed'],
  ['a list', (keys) => ({ status: 200, body: JSON.stringify(keys) }), 'malformed'],
  ['no keys', () => document(), 'no_usable_keys'],
  ['a symmetric key', () => document({ kty: 'oct', k: 'c2VjcmV0', kid: 'es256-1', alg: 'HS256' }), 'no_usable_keys'],
  ['keys past any size', (keys) => document(...keys, { kty: 'EC', filler: 'x'.repeat(2 ** 21) }), 'too_large'],
  ['keys elsewhere', () => ({ status: 302, body: '', headers: { location: 'http://127.0.0.1:9/' } }), 'redirect'],
  [
    'keys twice in one object',
    (keys) => ({ status: 200, body: `{"keys":[],"keys":${JSON.stringify(keys)}}` }),
    'malformed',
  ],
]

const SECRET = 'a secret that everybody can read in the key set'
const SYMMETRIC = { kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), kid: 'shared', alg: 'HS256' }

t.test('a poisoned key set changes nothing', async (t) => {
  const idp = await startIdentityProvider()
  t.teardown(() => idp.close())
  const good = document(...publicKeys(idp))
  const publisher = await startPublisher(t, good)
  const world = await startWorld(t, {
    issuers: [
      { name: 'corp', issuer: idp.issuer, audience: ['sallyport'], jwks: { url: publisher.url, refresh: '100ms' } },
    ],
  })
  const { audit } = world.proxy
  await allows(t, world, 'a good token', chatBytes(await idp.mint()))
  for (const [index, [name, make, reason]] of poisons.entries()) {
    publisher.answer = make(publicKeys(idp))
    const failed = await audit.action('jwks-failed', index + 1)
    t.same([failed.get('event.reason'), failed.get('sallyport.auth.issuer')], [reason, 'corp'], name)
    await allows(t, world, `${name}: the known keys go on`, chatBytes(await idp.mint()))
    publisher.answer = good
    await audit.action('jwks-refreshed', index + 2)
  }
  publisher.answer = document(...publicKeys(idp), SYMMETRIC)
  await publisher.served.until((all) => all.filter((answer) => answer === publisher.answer)[1], 'two fetches of it')
  await allows(t, world, 'good keys beside a symmetric one', chatBytes(await idp.mint()))
  const shared = new SignJWT({ groups: ['analysts'] }).setProtectedHeader({
    alg: 'HS256',
    kid: 'shared',
    typ: 'at+jwt',
  })
  const claims = shared.setIssuer(idp.issuer).setAudience('sallyport').setSubject(ALICE).setExpirationTime('5m')
  const forged = await claims.sign(Buffer.from(SECRET))
  await refuses(t, world, 'a token of that one', chatBytes(forged), refused)
  await endInOrder(t, world)
})
