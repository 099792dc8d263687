import t from 'tap'
import type { SignInOutcome } from '../../../../src/model/sign-in.ts'
import { begun, loginIssuer, oidcWorld, outcome, PROXY, pageRequest, signIn } from './world.ts'

/** The way back of a browser with one parameter changed; null takes it away. */
function withParameter(url: URL, name: string, value: string | null): URL {
  const other = new URL(url)
  if (value === null) other.searchParams.delete(name)
  else other.searchParams.set(name, value)
  return other
}

type Row = readonly [name: string, parameter: string, value: string | null, want: string]
const rows: readonly Row[] = [
  ['the twin: nothing is changed', 'x', 'y', 'signed-in'],
  ['another state', 'state', 'other', 'wrong_state'],
  ['no state', 'state', null, 'wrong_state'],
  ['another issuer', 'iss', 'https://evil.example', 'wrong_iss'],
  ['no issuer, though it names itself always', 'iss', null, 'wrong_iss'],
  ['an empty issuer', 'iss', '', 'wrong_iss'],
  ['another code', 'code', 'other', 'sign_in_refused'],
  ['no code', 'code', null, 'malformed'],
  ['a token beside the code', 'id_token', 'e30.e30.e30', 'malformed'],
  ['an error beside the code', 'error', 'access_denied', 'sign_in_denied'],
  ['an answer in a token', 'response', 'e30.e30.e30', 'malformed'],
]
for (const [name, parameter, value, want] of rows) {
  t.test(`an answer arrives with ${name}`, async (t) => {
    const { idp, provider } = await oidcWorld(t)
    const { location, state } = await begun(provider)
    const answer = withParameter(await idp.browse(location), parameter, value)
    const tokens = idp.asked.filter((path) => path === '/token').length
    const result = await provider.complete(pageRequest(answer), state)
    t.equal(outcome(result), want)
    const isAsked = idp.asked.filter((path) => path === '/token').length > tokens
    t.equal(isAsked, ['signed-in', 'sign_in_refused'].includes(want), 'the code goes on only where it is ours')
  })
}

t.test('an answer comes twice', async (t) => {
  const { idp, provider } = await oidcWorld(t)
  const { location, state } = await begun(provider)
  const answer = pageRequest(await idp.browse(location))
  t.equal(outcome(await provider.complete(answer, state)), 'signed-in')
  t.equal(outcome(await provider.complete(answer, state)), 'sign_in_refused')
})

t.test('the answer of one browser arrives in another', async (t) => {
  const { idp, provider } = await oidcWorld(t)
  const [attacker, victim] = [await begun(provider), await begun(provider)]
  const answer = await idp.browse(attacker.location)
  t.equal(outcome(await provider.complete(pageRequest(answer), victim.state)), 'wrong_state')
  const forged = withParameter(answer, 'state', String(victim.state.state))
  t.equal(outcome(await provider.complete(pageRequest(forged), victim.state)), 'sign_in_refused', 'its code is bound')
  const again = await begun(provider)
  const own = pageRequest(await idp.browse(again.location))
  t.equal(outcome(await provider.complete(own, again.state)), 'signed-in', 'the twin: each its own')
})

t.test('a state that another provider wrote, or nobody', async (t) => {
  const { idp, provider, open } = await oidcWorld(t)
  const other = await begun(open({ name: 'other' }))
  const { location, state } = await begun(provider)
  const answer = pageRequest(await idp.browse(location))
  const sent = { ...other.state, state: state.state ?? '' }
  t.equal(outcome(await provider.complete(answer, sent)), 'wrong_state')
  for (const name of ['state', 'nonce', 'verifier', 'startedAt', 'acrValues']) {
    const { [name]: _, ...partial } = state
    t.equal(outcome(await provider.complete(answer, partial)), 'wrong_state', `without ${name}`)
  }
  t.equal(outcome(await provider.complete(answer, {})), 'wrong_state')
  t.equal(outcome(await provider.complete(answer, state)), 'signed-in', 'the twin')
})

t.test('mix-up: an issuer that is not honest sends the browser to one that is', async (t) => {
  const honest = await oidcWorld(t)
  const evil = await oidcWorld(t, { name: 'evil' })
  evil.idp.alter = (route, body) =>
    route === 'discovery' ? { ...body, authorization_endpoint: `${honest.idp.issuer}/auth` } : body
  const settings = loginIssuer(evil.idp, { name: 'evil' })
  const login = { ...settings.login, clientId: honest.idp.clientId }
  const provider = evil.open({ ...settings, login })
  const { location, state } = await begun(provider)
  // The honest issuer sends people back to where its client is registered; the attacker has that end at its own.
  const toHonest = withParameter(new URL(location), 'redirect_uri', `${PROXY}/auth/oidc/corp/callback`)
  const answer = await honest.idp.browse(toHonest.href)
  t.ok(answer.searchParams.get('code'), 'the honest issuer gave a code')
  t.equal(outcome(await provider.complete(pageRequest(answer), state)), 'wrong_iss')
  t.notOk(evil.idp.asked.includes('/token'), 'the other one never sees the code')
  t.equal(outcome(await signIn(honest)), 'signed-in', 'the twin')
})

const ERRORS = [
  ['access_denied', 'sign_in_denied'],
  ['login_required', 'sign_in_refused'],
  ['interaction_required', 'sign_in_refused'],
  ['unmet_authentication_requirements', 'sign_in_too_weak'],
  ['temporarily_unavailable', 'provider_unavailable'],
  ['server_error', 'provider_unavailable'],
  ['unauthorized_client', 'client_refused'],
  ['invalid_scope', 'client_refused'],
  ['constructor', 'sign_in_refused'],
] as const
for (const [error, want] of ERRORS) {
  t.test(`the issuer answers ${error}`, async (t) => {
    const world = await oidcWorld(t)
    world.idp.next.refuses = error
    const result: SignInOutcome = await signIn(world)
    t.equal(outcome(result), want)
    t.notMatch(JSON.stringify(result), /<b>/, 'its own words are not repeated')
    delete world.idp.next.refuses
    t.equal(outcome(await signIn(world)), 'signed-in', 'the twin')
  })
}
