import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import type { SignInFault } from '../../../../src/model/sign-in.ts'
import { ANY, begun, type OidcWorld, oidcWorld, outcome, pageRequest, signIn } from './world.ts'

type Members = Readonly<Record<string, unknown>>
type Instead = (request: IncomingMessage, response: ServerResponse) => boolean

const at =
  (path: string, answer: (response: ServerResponse) => unknown): Instead =>
  (request, response) => {
    if (!request.url?.startsWith(path)) return false
    answer(response)
    return true
  }
const METADATA = '/.well-known/openid-configuration'
const json = (body: string) => (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(body)
const HUGE = json(`{"a":"${'a'.repeat(2 ** 21)}"}`)
const ELSEWHERE = (response: ServerResponse) => response.writeHead(302, { location: '/elsewhere' }).end()

const DOWN: readonly (readonly [name: string, instead: Instead])[] = [
  ['never answers', at(METADATA, () => undefined)],
  ['sends too much', at(METADATA, HUGE)],
  ['sends somewhere else', at(METADATA, ELSEWHERE)],
  ['is broken', at(METADATA, (response) => response.writeHead(500).end('{}'))],
  ['shows a page', at(METADATA, (response) => response.end('<html></html>'))],
  ['hangs up', at(METADATA, (response) => response.destroy())],
]

/** A clock that can be moved past every rest between attempts. */
function clocked(world: OidcWorld) {
  let ahead = 0
  const provider = world.open({}, { clock: () => Date.now() + ahead, fetchLimitMs: 1500 })
  return { provider, rest: () => (ahead += 2000) }
}

async function faultOf(provider: OidcWorld['provider']): Promise<SignInFault | null> {
  const result = await provider.begin(ANY)
  return result.ok ? null : result.fault
}

for (const [name, instead] of DOWN) {
  t.test(`an issuer that ${name}`, async (t) => {
    const world = await oidcWorld(t)
    const { provider, rest } = clocked(world)
    world.idp.instead = instead
    t.match(await faultOf(provider), { outcome: 'unavailable', reason: 'provider_unavailable', retryAfterSeconds: 5 })
    t.notOk(world.idp.asked.includes('/elsewhere'), 'nobody goes elsewhere')
    world.idp.instead = null
    rest()
    t.equal(outcome(await signIn({ idp: world.idp, provider })), 'signed-in', 'it recovers')
  })
}

const LIES: readonly (readonly [name: string, change: (body: Members) => Members, want: string | null])[] = [
  ['as it is', (body) => body, null],
  ['of another issuer', (body) => ({ ...body, issuer: 'https://idp.example' }), 'provider_unavailable'],
  ['of an issuer with a slash more', (body) => ({ ...body, issuer: `${body.issuer}/` }), 'provider_unavailable'],
  ['without a token endpoint', ({ token_endpoint: _, ...body }) => body, 'provider_unavailable'],
  [
    'with a page in plain http',
    (body) => ({ ...body, authorization_endpoint: 'http://idp.example/auth' }),
    'provider_unavailable',
  ],
  [
    'with a page that is a script',
    (body) => ({ ...body, authorization_endpoint: 'javascript:alert(1)' }),
    'provider_unavailable',
  ],
  [
    'with tokens in plain http',
    (body) => ({ ...body, token_endpoint: 'http://idp.example/token' }),
    'provider_unavailable',
  ],
  [
    'with userinfo in plain http',
    (body) => ({ ...body, userinfo_endpoint: 'http://idp.example/me' }),
    'provider_unavailable',
  ],
  [
    'with a password in a URL',
    (body) => ({ ...body, token_endpoint: 'https://a:b@idp.example/token' }),
    'provider_unavailable',
  ],
  ['with a number for a URL', (body) => ({ ...body, token_endpoint: 1 }), 'provider_unavailable'],
]
t.test('metadata', async (t) => {
  const world = await oidcWorld(t)
  for (const [name, change, want] of LIES) {
    world.idp.alter = (route, body) => (route === 'discovery' ? change(body) : body)
    t.equal((await faultOf(world.open()))?.reason ?? null, want, name)
  }
})

const TOKENS: readonly (readonly [name: string, instead: Instead])[] = [
  ['never answers', at('/token', () => undefined)],
  ['sends too much', at('/token', HUGE)],
  ['sends somewhere else', at('/token', ELSEWHERE)],
  ['is broken', at('/token', (response) => response.writeHead(503).end())],
  ['shows a page', at('/token', (response) => response.end('<html></html>'))],
  ['says two things', at('/token', json('{"access_token":"a","access_token":"b","token_type":"bearer"}'))],
  ['has no userinfo', at('/me', (response) => response.writeHead(500).end())],
  ['does not take its own access token', at('/me', (response) => response.writeHead(401).end())],
  ['has no keys', at('/jwks', (response) => response.writeHead(500).end())],
]
for (const [name, instead] of TOKENS) {
  t.test(`an issuer that ${name} after the sign-in`, async (t) => {
    const world = await oidcWorld(t)
    const { provider } = clocked(world)
    const { location, state } = await begun(provider)
    const answer = pageRequest(await world.idp.browse(location))
    world.idp.instead = instead
    const result = await provider.complete(answer, state)
    t.equal(outcome(result), name === 'has no keys' ? 'jwks_unavailable' : 'provider_unavailable')
    t.equal(result.outcome, 'unavailable')
    t.notOk(world.idp.asked.includes('/elsewhere'), 'nobody goes elsewhere')
  })
}

t.test('an issuer that is stopped, and started again', async (t) => {
  const world = await oidcWorld(t)
  const { provider, rest } = clocked(world)
  t.same(world.idp.asked, [], 'nobody asks it before somebody wants to sign in')
  await world.idp.stop()
  t.equal((await faultOf(provider))?.reason, 'provider_unavailable')
  await world.idp.start()
  rest()
  t.equal(outcome(await signIn({ idp: world.idp, provider })), 'signed-in')
  await world.idp.stop()
  t.equal(await faultOf(provider), null, 'what it said of itself is known')
})

t.test('many people at once do not flood an issuer that does not answer', async (t) => {
  const world = await oidcWorld(t)
  const { provider } = clocked(world)
  world.idp.instead = at(METADATA, () => undefined)
  const faults = await Promise.all(Array.from({ length: 400 }, () => faultOf(provider)))
  t.same([...new Set(faults.map((fault) => fault?.reason))].sort(), ['busy', 'provider_unavailable'])
  const busy = faults.filter((fault) => fault?.reason === 'busy').length
  t.ok(busy >= 400 - 32, `${400 - busy} of the 64 places of all pages were held by one that does not answer`)
  t.ok(world.idp.asked.length <= 2, `it was asked ${world.idp.asked.length} times`)
})

t.test('nobody waits for minutes behind an issuer that does not answer', async (t) => {
  const world = await oidcWorld(t)
  let now = Date.now()
  const provider = world.open({}, { clock: () => now, fetchLimitMs: 10_000 })
  const { location, state } = await begun(provider)
  const answer = pageRequest(await world.idp.browse(location))
  const held: ServerResponse[] = []
  const reached = new Promise<void>((resolve) => {
    world.idp.instead = at('/token', (response) => held.push(response) === 16 && resolve())
  })
  const results = Promise.all(Array.from({ length: 100 }, () => provider.complete(answer, state)))
  await reached
  now += 10_000
  for (const response of held) response.destroy()
  const outcomes = (await results).map(outcome)
  t.equal(held.length, 16, 'who has waited too long does not ask any more')
  t.equal(outcomes.filter((reason) => reason === 'provider_unavailable').length, 16)
  t.equal(outcomes.filter((reason) => reason === 'busy').length, 84)
})

t.test('what is under way ends with the provider', async (t) => {
  const world = await oidcWorld(t)
  const provider = world.open({}, { fetchLimitMs: 60_000 })
  world.idp.instead = at(METADATA, () => provider.close())
  t.equal((await faultOf(provider))?.reason, 'provider_unavailable')
})
