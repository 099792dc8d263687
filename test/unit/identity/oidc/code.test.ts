import t from 'tap'
import { Secret } from '../../../../src/model/secret.ts'
import type { SignInWish } from '../../../../src/model/sign-in.ts'
import type { NextSignIn } from '../../../support/sign-in-provider.ts'
import { ANY, begun, oidcWorld, outcome, pageRequest, signIn } from './world.ts'

t.test('somebody signs in', async (t) => {
  const world = await oidcWorld(t)
  Object.assign(world.idp.next, { acr: 'gold', amr: ['pwd', 'otp'] })
  const result = await signIn(world)
  if (result.outcome !== 'signed-in') return t.fail(result.reason)
  const { principal, session, ...who } = result.who
  const { authTime, ...caller } = principal
  t.same(caller, {
    id: 'alice',
    issuer: 'corp',
    method: 'jwt',
    name: 'Alice',
    email: 'alice@example.org',
    groups: ['analysts'],
    roles: [],
    workspaces: ['finance'],
    claims: {
      sub: 'alice',
      name: 'Alice',
      email: 'alice@example.org',
      groups: ['analysts'],
      department: 'finance',
    },
    mfa: 'yes',
    acr: 'gold',
  })
  t.equal(typeof authTime, 'number', 'when they signed in')
  t.match(session, /^.{10,}$/, 'in which session')
  t.same(who, { amr: ['pwd', 'otp'], subject: 'alice', notAfter: null })
})

t.test('what the browser is sent with', async (t) => {
  const world = await oidcWorld(t)
  const { location, state } = await begun(
    world.open({ login: { ...world.settings.login, scopes: ['openid', 'offline_access'] } }),
  )
  const { origin, pathname, searchParams } = new URL(location)
  const { state: sent, nonce, code_challenge: challenge, ...rest } = Object.fromEntries(searchParams)
  t.equal(`${origin}${pathname}`, `${world.idp.issuer}/auth`)
  t.same(rest, {
    client_id: world.idp.clientId,
    code_challenge_method: 'S256',
    redirect_uri: 'http://127.0.0.1:9/auth/oidc/corp/callback',
    response_type: 'code',
    scope: 'openid',
  })
  for (const value of [sent, nonce, challenge]) t.match(value, /^[\w-]{43}$/, 'nobody guesses it')
  t.notOk(location.includes(String(state.verifier)), 'the verifier stays')
  const again = new URL((await begun(world.provider)).location).searchParams
  t.strictNotSame([again.get('state'), again.get('nonce')], [sent, nonce], 'no two are alike')
})

const GOLD: SignInWish = { acrValues: ['gold', 'platinum'], maxAge: null }
type WishRow = readonly [name: string, wish: SignInWish, how: Partial<NextSignIn>, sent: object, want: string]
const wishes: readonly WishRow[] = [
  ['nothing is asked for', ANY, {}, { acr_values: null, max_age: null, prompt: null }, 'signed-in'],
  ['a strength is asked for, and given', GOLD, { acr: 'gold' }, { acr_values: 'gold platinum' }, 'signed-in'],
  ['a strength is asked for, and another one given', GOLD, { acr: 'silver' }, {}, 'sign_in_too_weak'],
  ['a strength is asked for, and none given', GOLD, {}, {}, 'sign_in_too_weak'],
  ['a fresh sign-in is asked for', { ...ANY, maxAge: 0 }, {}, { max_age: '0', prompt: 'login' }, 'signed-in'],
  ['a recent sign-in is asked for', { ...ANY, maxAge: 60 }, {}, { max_age: '60', prompt: null }, 'signed-in'],
]
for (const [name, wish, how, sent, want] of wishes) {
  t.test(name, async (t) => {
    const world = await oidcWorld(t)
    Object.assign(world.idp.next, how)
    const { location, state } = await begun(world.provider, wish)
    const { searchParams } = new URL(location)
    for (const [key, value] of Object.entries(sent)) t.equal(searchParams.get(key), value, key)
    const answer = pageRequest(await world.idp.browse(location))
    t.equal(outcome(await world.provider.complete(answer, state)), want)
  })
}

t.test('a session of before is used again, unless a fresh sign-in is asked for', async (t) => {
  const world = await oidcWorld(t)
  const jar = new Map<string, string>()
  world.idp.next.account = 'alice'
  const who = async (maxAge: number | null) => {
    const result = await signIn(world, { acrValues: [], maxAge }, jar)
    return result.outcome === 'signed-in' ? result.who.principal.id : result.reason
  }
  t.equal(await who(null), 'alice')
  world.idp.next.account = 'bob'
  t.equal(await who(3600), 'alice', 'nobody is asked')
  t.equal(await who(0), 'bob', 'bob is asked, and it is he')
})

t.test('claims that only the userinfo endpoint has', async (t) => {
  const world = await oidcWorld(t, { claimsInIdToken: false })
  const result = await signIn(world)
  if (result.outcome !== 'signed-in') return t.fail(result.reason)
  t.same([result.who.principal.groups, result.who.principal.email], [['analysts'], 'alice@example.org'])
  const { login } = world.settings
  const alone = await signIn({ idp: world.idp, provider: world.open({ login: { ...login, claimsFrom: 'id_token' } }) })
  if (alone.outcome !== 'signed-in') return t.fail(alone.reason)
  t.same([alone.who.principal.id, alone.who.principal.groups], ['alice', undefined], 'unknown, where it is not asked')
})

type ClientRow = readonly [name: string, client: object, login: object, want: string]
const clients: readonly ClientRow[] = [
  ['with a secret in the header', {}, {}, 'signed-in'],
  ['with another secret', {}, { clientSecret: new Secret('wrong') }, 'client_refused'],
  ['with another name', {}, { clientId: 'nobody' }, 'not begun'],
  [
    'without a secret',
    { token_endpoint_auth_method: 'none', client_secret: undefined },
    { clientSecret: null },
    'signed-in',
  ],
  ['without the secret that it has', {}, { clientSecret: null }, 'client_refused'],
  ['with PAR', { require_pushed_authorization_requests: true }, {}, 'signed-in'],
]
for (const [name, client, login, want] of clients) {
  t.test(`a client ${name}`, async (t) => {
    const world = await oidcWorld(t, {
      client: client as never,
      more: (configuration) => ({
        ...configuration,
        features: {
          ...configuration.features,
          pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: name === 'with PAR' },
        },
      }),
    })
    const provider = world.open({ login: { ...world.settings.login, ...login } })
    const result = await signIn({ idp: world.idp, provider }).then(outcome, () => 'not begun')
    t.equal(result, want)
    t.equal(world.idp.asked.includes('/request'), name === 'with PAR')
  })
}

t.test('a secret that can only be posted is posted', async (t) => {
  const methods = { clientAuthMethods: ['client_secret_post'] } as object
  const world = await oidcWorld(t, {
    client: { token_endpoint_auth_method: 'client_secret_post' },
    more: (configuration) => ({ ...configuration, ...methods }),
  })
  t.equal(outcome(await signIn(world)), 'signed-in')
})

t.test('keys rotate', async (t) => {
  const world = await oidcWorld(t)
  t.equal(outcome(await signIn(world)), 'signed-in')
  const [old] = world.idp.keys
  await world.idp.rotate()
  t.not(world.idp.keys[0]?.kid, old?.kid)
  t.equal(outcome(await signIn(world)), 'signed-in', 'with a key that was not there before')
})
