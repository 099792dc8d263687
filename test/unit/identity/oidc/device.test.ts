import { decodeJwt, SignJWT } from 'jose'
import t from 'tap'
import { Secret } from '../../../../src/model/secret.ts'
import type { DeviceSignIn, Renewed, SignInFault, SignInProvider, SignInWish } from '../../../../src/model/sign-in.ts'
import { ANY, type OidcWorld, oidcWorld } from './world.ts'

type Members = Readonly<Record<string, unknown>>
type Polled = Awaited<ReturnType<DeviceSignIn['poll']>>

const said = (polled: Polled | SignInFault): string => ('reason' in polled ? polled.reason : polled.outcome)

function devicesOf({ device }: SignInProvider): DeviceSignIn {
  if (device === undefined) throw new Error('no sign-in by code')
  return device
}

/** A provider whose scopes ask for a refresh token. */
function offline(world: OidcWorld): SignInProvider {
  const { login } = world.settings
  return world.open({ login: { ...login, scopes: [...login.scopes, 'offline_access'] } })
}

async function startedWith(provider: SignInProvider, wish: SignInWish = ANY) {
  const started = await devicesOf(provider).begin(wish)
  if (!started.ok) throw new Error(started.fault.reason)
  return started.value
}

/** A whole sign-in by code. */
async function signedInWith(world: OidcWorld, provider: SignInProvider, wish: SignInWish = ANY): Promise<Polled> {
  const { verificationUriComplete, state } = await startedWith(provider, wish)
  await world.idp.browse(String(verificationUriComplete))
  return devicesOf(provider).poll(state)
}

async function renewable(world: OidcWorld, provider: SignInProvider): Promise<Renewed> {
  const polled = await signedInWith(world, provider)
  if (polled.outcome !== 'signed-in') throw new Error(said(polled))
  return polled
}

t.test('somebody types a code into the page of the issuer', async (t) => {
  const world = await oidcWorld(t)
  Object.assign(world.idp.next, { acr: 'gold', amr: ['pwd', 'otp'] })
  const provider = world.open()
  const { state, ...shown } = await startedWith(provider)
  t.match(shown, {
    userCode: /^[A-Z]{4}-[A-Z]{4}$/,
    verificationUri: `${world.idp.issuer}/device`,
    verificationUriComplete: `${world.idp.issuer}/device?user_code=${shown.userCode}`,
    interval: 5,
    expiresIn: 600,
  })
  t.same(await devicesOf(provider).poll(state), { outcome: 'pending' })
  await world.idp.browse(String(shown.verificationUriComplete))
  const polled = await devicesOf(provider).poll(state)
  if (polled.outcome !== 'signed-in') return t.fail(said(polled))
  t.match(polled.who, { principal: { id: 'alice', mfa: 'yes', groups: ['analysts'] }, subject: 'alice' })
  t.equal(polled.grant, null, 'nothing renews it where nothing was asked for')
  t.equal(said(await devicesOf(provider).poll(state)), 'sign_in_refused', 'once')
})

const GOLD: SignInWish = { acrValues: ['gold'], maxAge: null }
const wishes: readonly (readonly [name: string, wish: SignInWish, acr: string, want: string])[] = [
  ['a strength that is given', GOLD, 'gold', 'signed-in'],
  ['a strength that is not given', GOLD, 'silver', 'sign_in_too_weak'],
  ['a recent sign-in', { ...ANY, maxAge: 60 }, 'silver', 'signed-in'],
]
for (const [name, wish, acr, want] of wishes) {
  t.test(`by code with ${name}`, async (t) => {
    const world = await oidcWorld(t)
    world.idp.next.acr = acr
    t.equal(said(await signedInWith(world, world.provider, wish)), want)
  })
}

t.test('the person says no', async (t) => {
  const world = await oidcWorld(t)
  world.idp.next.refuses = 'access_denied'
  const { verificationUriComplete, state } = await startedWith(world.provider)
  // The page that says so is an error page.
  await world.idp.browse(String(verificationUriComplete)).catch(() => null)
  t.equal(said(await devicesOf(world.provider).poll(state)), 'sign_in_denied')
})

t.test('a code whose time is over', async (t) => {
  const world = await oidcWorld(t)
  let ahead = 0
  const provider = world.open({}, { clock: () => Date.now() + ahead })
  const { state } = await startedWith(provider)
  ahead = 601_000
  t.same(await devicesOf(provider).poll(state), { outcome: 'expired' })
})

const ANSWERS: readonly (readonly [error: string, want: string])[] = [
  ['authorization_pending', 'pending'],
  ['slow_down', 'slow_down'],
  ['expired_token', 'expired'],
  ['access_denied', 'sign_in_denied'],
  ['invalid_grant', 'sign_in_refused'],
  ['invalid_client', 'client_refused'],
]
t.test('what the token endpoint says', async (t) => {
  const world = await oidcWorld(t)
  const { state } = await startedWith(world.provider)
  for (const [error, want] of ANSWERS) {
    world.idp.instead = (_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
      return true
    }
    t.equal(said(await devicesOf(world.provider).poll(state)), want, error)
  }
  for (const name of ['name', 'code', 'startedAt', 'until', 'acrValues']) {
    const { [name]: _, ...partial } = state
    t.equal(said(await devicesOf(world.provider).poll(partial)), 'wrong_state', `without ${name}`)
  }
})

const SHOWN: readonly (readonly [name: string, change: Members, want: string | null])[] = [
  ['as it is', {}, null],
  ['without a whole address', { verification_uri_complete: undefined }, null],
  ['a code that commands a terminal', { user_code: 'A\u001b[2J' }, 'malformed'],
  ['a code without end', { user_code: 'A'.repeat(65) }, 'malformed'],
  ['an address that is a script', { verification_uri: 'javascript:alert(1)' }, 'malformed'],
  ['a whole address that is a script', { verification_uri_complete: 'javascript:alert(1)' }, 'malformed'],
  ['an address in plain http', { verification_uri: 'http://idp.example/device' }, 'malformed'],
]
t.test('what is shown of an answer', async (t) => {
  const world = await oidcWorld(t)
  for (const [name, change, want] of SHOWN) {
    world.idp.alter = (route, body) => (route === 'device_authorization' ? { ...body, ...change } : body)
    const started = await devicesOf(world.provider).begin(ANY)
    t.equal(started.ok ? null : started.fault.reason, want, name)
  }
  world.idp.alter = (_, body) => ({ ...body, interval: 9999, expires_in: 1e9 })
  t.match(await startedWith(world.provider), { interval: 60, expiresIn: 3600 }, 'waits are bounded')
})

t.test('an issuer without sign-in by code', async (t) => {
  const world = await oidcWorld(t)
  world.idp.alter = (route, body) =>
    route === 'discovery' ? { ...body, device_authorization_endpoint: undefined } : body
  const started = await devicesOf(world.provider).begin(ANY)
  t.match(started, { ok: false, fault: { outcome: 'rejected', reason: 'sign_in_refused', message: /browser/ } })
})

t.test('a sign-in is renewed, and the refresh token rotates', async (t) => {
  const world = await oidcWorld(t)
  const provider = offline(world)
  const first = await renewable(world, provider)
  if (first.grant === null || provider.renew === undefined) return t.fail('nothing to renew it with')
  t.equal(JSON.stringify(first.grant), '"[secret]"', 'it prints nowhere')
  const second = await provider.renew(first.grant)
  if (second.outcome !== 'signed-in' || second.grant === null) return t.fail(said(second))
  t.not(second.grant.reveal(), first.grant.reveal())
  t.same(second.who.principal, first.who.principal, 'the same person, who signed in at the same time')
  const third = await provider.renew(second.grant)
  t.equal(third.outcome, 'signed-in')
  t.equal(said(await provider.renew(first.grant)), 'sign_in_refused', 'one that was used is void')
  t.equal(said(await provider.renew(second.grant)), 'sign_in_refused', 'and with it all that came of it')
  for (const forged of ['', 'x', '{}', '{"token":"a"}']) {
    t.equal(said(await provider.renew(new Secret(forged))), 'malformed')
  }
})

const RENEWALS: readonly (readonly [name: string, change: (claims: Members) => Members | null, want: string])[] = [
  ['the twin: signed anew', (claims) => claims, 'signed-in'],
  ['about another person', (claims) => ({ ...claims, sub: 'bob' }), 'wrong_subject'],
  ['of another issuer', (claims) => ({ ...claims, iss: 'https://idp.example' }), 'wrong_iss'],
  ['for another client', (claims) => ({ ...claims, aud: 'other' }), 'wrong_aud'],
  ['of another sign-in', (claims) => ({ ...claims, nonce: 'n' }), 'wrong_nonce'],
  ['without an ID token', () => null, 'malformed'],
]
t.test('a renewal', async (t) => {
  const world = await oidcWorld(t)
  const provider = offline(world)
  for (const [name, change, want] of RENEWALS) {
    world.idp.alter = null
    const { grant } = await renewable(world, provider)
    if (grant === null || provider.renew === undefined) return t.fail('nothing to renew it with')
    world.idp.alter = async (route, body) => {
      if (route !== 'token') return body
      const claims = change(decodeJwt(String(body.id_token)))
      const [key] = world.idp.keys
      if (claims === null || key === undefined) return { ...body, id_token: undefined }
      const head = { alg: 'ES256', kid: key.kid }
      return { ...body, id_token: await new SignJWT(claims).setProtectedHeader(head).sign(key.privateKey) }
    }
    t.equal(said(await provider.renew(grant)), want, name)
  }
})

t.test('a renewal makes nobody fresher', async (t) => {
  const world = await oidcWorld(t)
  const provider = offline(world)
  const first = await renewable(world, provider)
  const { authTime } = first.who.principal
  if (first.grant === null || provider.renew === undefined || authTime === undefined) return t.fail('nothing to renew')
  const times: readonly (readonly [now: number | undefined, then: number | undefined, want: number | undefined])[] = [
    [authTime, authTime, authTime],
    [authTime + 60, authTime, authTime],
    [authTime - 60, authTime, authTime - 60],
    [undefined, authTime, undefined],
    [authTime, undefined, undefined],
  ]
  let { token } = JSON.parse(first.grant.reveal()) as { token: string }
  for (const [now, then, want] of times) {
    world.idp.alter = async (route, body) => {
      const [key] = world.idp.keys
      if (route !== 'token' || key === undefined) return body
      const { auth_time: _, ...claims } = decodeJwt(String(body.id_token))
      const changed = now === undefined ? claims : { ...claims, auth_time: now }
      const head = { alg: 'ES256', kid: key.kid }
      return { ...body, id_token: await new SignJWT(changed).setProtectedHeader(head).sign(key.privateKey) }
    }
    const renewed = await provider.renew(new Secret(JSON.stringify({ token, subject: 'alice', authTime: then })))
    if (renewed.outcome !== 'signed-in') return t.fail(renewed.reason)
    t.equal(renewed.who.principal.authTime, want)
    token = (JSON.parse(renewed.grant?.reveal() ?? '{}') as { token: string }).token
  }
})
