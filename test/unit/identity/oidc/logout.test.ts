import { createServer } from 'node:http'
import { SignJWT } from 'jose'
import t from 'tap'
import type { Revoker, Route } from '../../../../src/model/sign-in.ts'
import { listening } from '../../../support/loopback.ts'
import { newKey, type SignInIdp, type SigningKey } from '../../../support/sign-in-provider.ts'
import { Log } from '../../../support/within.ts'
import { oidcWorld, outcome, PROXY, pageRequest, signIn } from './world.ts'

type Members = Readonly<Record<string, unknown>>
type Revoked = readonly [kind: string, issuer: string, value: string, by: string]

/** Writes down what is revoked; `fails` makes it impossible. */
function recorded() {
  const entries = new Log<Revoked>()
  const state = { fails: false }
  const add = async (...entry: Revoked) => {
    if (state.fails) throw new Error('the store is away')
    entries.push(entry)
  }
  const revoker: Revoker = {
    subject: (issuer, subject, by) => add('subject', issuer, subject, by),
    session: (issuer, session, by) => add('session', issuer, session, by),
    token: (issuer, token, _, by) => add('token', issuer, token, by),
  }
  return { entries, state, revoker }
}

function routeOf(routes: readonly Route[]): Route {
  const [route] = routes
  if (route === undefined) throw new Error('no route')
  return route
}

const post = (route: Route, form: Readonly<Record<string, string>>, now = Date.now()) =>
  route.handle({
    ...pageRequest(new URL(`${PROXY}${route.path}`)),
    method: 'POST',
    form: new Map(Object.entries(form)),
    now,
  })

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const NOW = Math.floor(Date.now() / 1000)
let count = 0

function logoutToken(
  idp: SignInIdp,
  changes: Members = {},
  header: Members = {},
  key: SigningKey | undefined = idp.keys[0],
) {
  const claims = {
    iss: idp.issuer,
    aud: idp.clientId,
    iat: NOW,
    exp: NOW + 120,
    jti: `logout-${++count}`,
    sub: 'alice',
    sid: 'session-1',
    events: { [EVENT]: {} },
    ...changes,
  }
  if (key === undefined) throw new Error('no key')
  const written = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
  return new SignJWT(written)
    .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'logout+jwt', ...header })
    .sign(key.privateKey)
}

const stranger = await newKey()
const SESSION = [['session', 'corp', 'session-1', 'corp']] as const
const SUBJECT = [['subject', 'corp', 'alice', 'corp']] as const

type Row = readonly [
  name: string,
  claims: Members,
  header: Members,
  want: readonly Revoked[] | string,
  key?: SigningKey,
]
const rows: readonly Row[] = [
  ['as it should be', {}, {}, SESSION],
  ['of a session alone', { sub: undefined }, {}, SESSION],
  ['of a person alone', { sid: undefined }, {}, SUBJECT],
  ['of nobody', { sid: undefined, sub: undefined }, {}, 'claim_missing'],
  ['for several clients, and ours', { aud: ['sallyport-client'] }, {}, SESSION],
  ['of an older issuer', {}, { typ: 'JWT' }, SESSION],
  ['without a type', {}, { typ: undefined }, SESSION],
  ['with its type in full', {}, { typ: 'application/logout+jwt' }, SESSION],
  ['that is an access token', {}, { typ: 'at+jwt' }, 'wrong_type'],
  ['that is a security event', {}, { typ: 'secevent+jwt' }, 'wrong_type'],
  ['of another issuer', { iss: 'https://idp.example' }, {}, 'wrong_iss'],
  ['for another client', { aud: 'other' }, {}, 'wrong_aud'],
  ['for nobody', { aud: undefined }, {}, 'wrong_aud'],
  ['that is over', { exp: NOW - 600 }, {}, 'expired'],
  ['that never ends', { exp: undefined }, {}, 'claim_missing'],
  ['of no time', { iat: undefined }, {}, 'claim_missing'],
  ['of an hour ago', { iat: NOW - 3600, exp: NOW + 3600 }, {}, 'expired'],
  ['of tomorrow', { iat: NOW + 86_400, exp: NOW + 90_000 }, {}, 'not_yet_valid'],
  ['that is an ID token', { events: undefined }, { typ: 'JWT' }, 'wrong_type'],
  ['with a nonce', { nonce: 'n' }, {}, 'wrong_type'],
  ['with an empty nonce', { nonce: '' }, {}, 'wrong_type'],
  ['of another event', { events: { 'http://schemas.openid.net/event/other': {} } }, {}, 'wrong_type'],
  ['of an event that is a word', { events: { [EVENT]: 'yes' } }, {}, 'wrong_type'],
  ['with events that are a list', { events: [EVENT] }, {}, 'wrong_type'],
  ['without a name of its own', { jti: undefined }, {}, 'claim_missing'],
  ['with an empty name', { jti: '' }, {}, 'malformed'],
  ['of a person that is a number', { sub: 1 }, {}, 'malformed'],
  ['of a session with a line in it', { sid: 'a\nb' }, {}, 'malformed'],
  ['with a key in its head', {}, { jwk: stranger.jwk }, 'malformed'],
  ['of a stranger', {}, {}, 'unknown_kid', stranger],
]

t.test('a logout token', async (t) => {
  const { idp, open } = await oidcWorld(t)
  for (const [name, claims, header, want, key] of rows) {
    const { entries, revoker } = recorded()
    const route = routeOf(open({}, { revoker }).routes)
    t.same([route.method, route.path, route.isCrossSite], ['POST', '/auth/oidc/corp/logout', true])
    const answer = await post(route, { logout_token: await logoutToken(idp, claims, header, key) })
    t.same(answer.headers.slice(0, 2), ['cache-control', 'no-store'])
    t.equal(answer.status, typeof want === 'string' ? 400 : 200, name)
    t.same(entries.entries, typeof want === 'string' ? [] : want, name)
    if (typeof want !== 'string') continue
    const { error, error_description: description } = JSON.parse(answer.body)
    t.same([error, description], ['invalid_request', `the logout token was not taken: ${want}`], name)
  }
})

t.test('a forged one, one without a signature, and what is none', async (t) => {
  const { idp, open } = await oidcWorld(t)
  const { entries, revoker } = recorded()
  const route = routeOf(open({}, { revoker }).routes)
  const good = await logoutToken(idp)
  const [, payload = '', signature = ''] = good.split('.')
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'logout+jwt' })).toString('base64url')
  const forged = await logoutToken(idp, {}, { kid: idp.keys[0]?.kid }, { ...stranger, kid: idp.keys[0]?.kid ?? '' })
  for (const token of [
    forged,
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    'x',
    '',
    `${good}.`,
    good.slice(1),
  ]) {
    t.equal((await post(route, { logout_token: token })).status, 400)
  }
  t.equal((await post(route, {})).status, 400)
  t.same(entries.entries, [])
  t.equal((await post(route, { logout_token: good })).status, 200, 'the twin')
})

t.test('what is refused is told of, and what is taken is not', async (t) => {
  const { idp, open } = await oidcWorld(t)
  const { revoker } = recorded()
  const told: string[] = []
  const logoutRefused = (issuer: string, reason: string) => void told.push(`${issuer} ${reason}`)
  const route = routeOf(open({}, { revoker, logoutRefused }).routes)
  const good = await logoutToken(idp)
  t.equal((await post(route, { logout_token: good })).status, 200)
  t.same(told, [])
  for (const token of [good, await logoutToken(idp, { aud: 'other' }), 'x']) await post(route, { logout_token: token })
  t.same(told, ['corp revoked', 'corp wrong_aud', 'corp malformed'])
})

t.test('a token that is played again', async (t) => {
  const { idp, open } = await oidcWorld(t)
  const { entries, state, revoker } = recorded()
  const route = routeOf(open({}, { revoker }).routes)
  const token = await logoutToken(idp)
  state.fails = true
  t.equal((await post(route, { logout_token: token })).status, 400, 'it could not be written down')
  state.fails = false
  const answers = await Promise.all([1, 2, 3].map(() => post(route, { logout_token: token })))
  t.same(answers.map(({ status }) => status).sort(), [200, 400, 400], 'once')
  t.equal(entries.entries.length, 1)
  t.equal((await post(route, { logout_token: await logoutToken(idp) })).status, 200, 'the twin: another one')
})

t.test('an issuer that does not name sessions in its ID tokens', async (t) => {
  const { idp, open } = await oidcWorld(t)
  idp.alter = (route, body) =>
    route === 'discovery' ? { ...body, backchannel_logout_session_supported: undefined } : body
  const { entries, revoker } = recorded()
  const route = routeOf(open({}, { revoker }).routes)
  t.equal((await post(route, { logout_token: await logoutToken(idp) })).status, 200)
  t.same(entries.entries, [...SESSION, ...SUBJECT], 'everything of the person ends')
})

t.test('a flood of forged tokens', async (t) => {
  const { idp, open } = await oidcWorld(t)
  const { entries, revoker } = recorded()
  const route = routeOf(open({}, { revoker }).routes)
  const forged = await logoutToken(idp, {}, {}, { ...stranger, kid: idp.keys[0]?.kid ?? '' })
  const answers = await Promise.all(Array.from({ length: 300 }, () => post(route, { logout_token: forged })))
  const said = answers.map(({ body }) => String(JSON.parse(body).error_description).replace(/^.*: /, ''))
  t.same([...new Set(said)].sort(), ['bad_signature', 'busy'])
  t.ok(said.filter((reason) => reason === 'bad_signature').length <= 66, 'few are looked at')
  t.same(entries.entries, [])
  t.equal((await post(route, { logout_token: await logoutToken(idp) })).status, 200, 'the twin, after it')
})

t.test('nothing to revoke with: no logout', async (t) => {
  const { open } = await oidcWorld(t)
  t.same(open().routes, [])
})

t.test('the provider itself tells that a session is over', async (t) => {
  const { entries, revoker } = recorded()
  let route: Route | null = null
  const statuses = new Log<number>()
  const proxy = await listening(
    createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
      const isThere = route !== null && request.method === route.method && request.url === route.path
      const answer = route !== null && isThere ? await post(route, form) : { status: 404, body: '' }
      statuses.push(answer.status)
      response.writeHead(answer.status).end(answer.body)
    }),
  )
  t.teardown(() => proxy.close())
  const world = await oidcWorld(t, { proxyUrl: proxy.origin })
  const provider = world.open({}, { revoker, url: proxy.origin })
  route = routeOf(provider.routes)
  const jar = new Map<string, string>()
  const result = await signIn({ idp: world.idp, provider }, undefined, jar)
  if (result.outcome !== 'signed-in') return t.fail(outcome(result))
  await world.idp.logOut(jar)
  t.equal(await statuses.until(([status]) => status, 'the logout'), 200)
  t.same(entries.entries, [['session', 'corp', result.who.session, 'corp']], 'the session that was signed in with')
})
