import { join } from 'node:path'
import t, { type Test } from 'tap'
import { verifyIdToken } from '../../../../src/identity/oidc/id-token.ts'
import type { LoginIssuer } from '../../../../src/identity/oidc/ports.ts'
import { IssuerSignatures } from '../../../../src/identity/oidc/signatures.ts'
import { openOneTime } from '../../../../src/identity/one-time.ts'
import type { SignInWish } from '../../../../src/model/sign-in.ts'
import { folder, goodClaims, issuerSettings, makeKey, NOW, NOW_S, token, without, writeKeys } from '../forge.ts'

type Members = Readonly<Record<string, unknown>>

const CLIENT = 'client-1'
const ANY: SignInWish = { acrValues: [], maxAge: null }
const key = makeKey('ES256', 'k1')
const rsa = makeKey('RS256', 'k2')

/** Our own look at an ID token, without the library before it. */
function verifier(t: Test) {
  const file = writeKeys(join(folder(t), 'jwks.json'), [key.jwk, rsa.jwk])
  const login = { clientId: CLIENT, clientSecret: null, scopes: ['openid'], claimsFrom: 'id_token' } as const
  const settings: LoginIssuer = { ...issuerSettings(file), algorithms: ['ES256'], login }
  const ports = { clock: () => NOW, url: 'https://proxy.example', oneTime: openOneTime(() => NOW), revoker: null }
  const signatures = new IssuerSignatures(settings, ports)
  t.teardown(() => signatures.close())
  return async (text: string, wish: SignInWish = ANY, nonce: string | null = 'n-1') => {
    const checks = { nonce, wish, startedAt: NOW_S - 120 }
    const result = await verifyIdToken(text, checks, settings, signatures, NOW)
    return result.ok ? 'good' : result.fault
  }
}

const good = (more: Members = {}) => goodClaims({ aud: CLIENT, nonce: 'n-1', auth_time: NOW_S - 60, ...more })
const JWT = { alg: 'ES256', kid: 'k1', typ: 'JWT' }

type Row = readonly [name: string, claims: Members, want: string]
const rows: readonly Row[] = [
  ['as it should be', good(), 'good'],
  ['of another issuer', good({ iss: 'https://idp.example/realms/other' }), 'wrong_iss'],
  ['of a list of issuers', good({ iss: ['https://idp.example/realms/main'] }), 'wrong_iss'],
  ['for another client', good({ aud: 'client-2' }), 'wrong_aud'],
  ['for the audience of access tokens', good({ aud: 'sallyport' }), 'wrong_aud'],
  ['for nobody', without(good(), 'aud'), 'wrong_aud'],
  ['for us in a list', good({ aud: [CLIENT] }), 'good'],
  ['for us and others', good({ aud: [CLIENT, 'client-2'] }), 'wrong_aud'],
  ['for us and others, made for us', good({ aud: [CLIENT, 'client-2'], azp: CLIENT }), 'good'],
  ['made for somebody else', good({ azp: 'client-2' }), 'wrong_aud'],
  ['that is over', good({ exp: NOW_S - 30 }), 'expired'],
  ['that is over within the skew', good({ exp: NOW_S - 29 }), 'good'],
  ['without an end', without(good(), 'exp'), 'claim_missing'],
  ['without a beginning', without(good(), 'iat'), 'claim_missing'],
  ['of the future', good({ iat: NOW_S + 31 }), 'not_yet_valid'],
  ['that is not valid yet', good({ nbf: NOW_S + 31 }), 'not_yet_valid'],
  ['with a time in words', good({ exp: 'tomorrow' }), 'malformed'],
  ['of another sign-in', good({ nonce: 'n-2' }), 'wrong_nonce'],
  ['of no sign-in', without(good(), 'nonce'), 'wrong_nonce'],
  ['of nobody', without(good(), 'sub'), 'claim_missing'],
  ['of a number', good({ sub: 7 }), 'malformed'],
  ['of an empty name', good({ sub: '' }), 'malformed'],
  ['that is an event', good({ events: {} }), 'wrong_type'],
]
t.test('an ID token', async (t) => {
  const verify = verifier(t)
  for (const [name, claims, want] of rows) t.equal(await verify(token(key, claims, JWT)), want, name)
})

t.test('where no nonce was sent', async (t) => {
  const verify = verifier(t)
  t.equal(await verify(token(key, without(good(), 'nonce'), JWT), ANY, null), 'good')
  t.equal(await verify(token(key, good(), JWT), ANY, null), 'wrong_nonce')
})

t.test('its head and its signature', async (t) => {
  const verify = verifier(t)
  const stranger = makeKey('ES256', 'k1')
  t.equal(await verify(token(key, good(), { ...JWT, typ: 'at+jwt' })), 'wrong_type')
  t.equal(await verify(token(key, good(), { ...JWT, crit: ['exp'] })), 'malformed')
  t.equal(await verify(token(key, good(), { ...JWT, kid: 'k9' })), 'unknown_kid')
  t.equal(await verify(token(stranger, good(), JWT)), 'bad_signature')
  t.equal(await verify(token(rsa, good(), { alg: 'RS256', kid: 'k2' })), 'alg_not_allowed', 'not as configured')
  t.equal(await verify(token(key, good(), { ...JWT, kid: 'k2' })), 'alg_not_allowed', 'a key of another kind')
  t.equal(await verify(token(key, good(), { alg: 'none' })), 'alg_not_allowed')
  t.equal(
    await verify(token(key, good(), { alg: 'ES256' })),
    'good',
    'the twin: without a key id there is one that fits',
  )
})

type WishRow = readonly [name: string, wish: Partial<SignInWish>, claims: Members, want: string]
const wishes: readonly WishRow[] = [
  ['an acr that was asked for', { acrValues: ['gold', 'silver'] }, { acr: 'silver' }, 'good'],
  ['another acr', { acrValues: ['gold'] }, { acr: 'silver' }, 'sign_in_too_weak'],
  ['no acr', { acrValues: ['gold'] }, {}, 'sign_in_too_weak'],
  ['an acr in a list', { acrValues: ['gold'] }, { acr: ['gold'] }, 'sign_in_too_weak'],
  // It began 120 s ago, and the clocks may differ by 30.
  ['a sign-in since it was asked for', { maxAge: 0 }, { auth_time: NOW_S - 60 }, 'good'],
  ['a sign-in of just before, within the skew', { maxAge: 0 }, { auth_time: NOW_S - 150 }, 'good'],
  ['a sign-in of before', { maxAge: 0 }, { auth_time: NOW_S - 151 }, 'sign_in_too_weak'],
  ['a sign-in that is recent enough', { maxAge: 600 }, { auth_time: NOW_S - 750 }, 'good'],
  ['a sign-in that is too old', { maxAge: 600 }, { auth_time: NOW_S - 751 }, 'sign_in_too_weak'],
  ['no time of the sign-in', { maxAge: 600 }, { auth_time: undefined }, 'sign_in_too_weak'],
  ['a time in words', { maxAge: 600 }, { auth_time: 'now' }, 'sign_in_too_weak'],
]
t.test('what was asked for', async (t) => {
  const verify = verifier(t)
  for (const [name, wish, claims, want] of wishes) {
    t.equal(await verify(token(key, good(claims), JWT), { ...ANY, ...wish }), want, name)
  }
})
