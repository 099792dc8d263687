import { createHmac } from 'node:crypto'
import { decodeJwt, SignJWT } from 'jose'
import t from 'tap'
import { newKey, type SignInIdp, type SigningKey } from '../../../support/sign-in-provider.ts'
import { oidcWorld, outcome, signIn } from './world.ts'

type Members = Readonly<Record<string, unknown>>
type Change = (claims: Members, idp: SignInIdp) => string | undefined | Promise<string | undefined>

const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function sign(claims: Members, key: SigningKey | undefined, header: Members = {}): Promise<string> {
  if (key === undefined) throw new Error('no key')
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header }).sign(key.privateKey)
}

const changed =
  (changes: Members, header?: Members): Change =>
  (claims, idp) => {
    const entries = Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined)
    return sign(Object.fromEntries(entries), idp.keys[0], header)
  }

const NOW = Math.floor(Date.now() / 1000)
const stranger = await newKey()

const hmac: Change = (claims, idp) => {
  const text = `${b64({ alg: 'HS256' })}.${b64(claims)}`
  return `${text}.${createHmac('sha256', idp.clientSecret).update(text).digest('base64url')}`
}

const twice: Change = async (claims, idp) => {
  const text = JSON.stringify(claims).replace('{', '{"sub":"bob",')
  const { CompactSign } = await import('jose')
  const [key] = idp.keys
  if (key === undefined) throw new Error('no key')
  return new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: 'ES256', kid: key.kid }).sign(key.privateKey)
}

type Row = readonly [name: string, change: Change, want: string]
const rows: readonly Row[] = [
  ['the twin: signed anew, with nothing changed', changed({}), 'signed-in'],
  ['of another issuer', changed({ iss: 'https://idp.example' }), 'wrong_iss'],
  [
    'of an issuer that differs by a slash',
    (claims, idp) => changed({ iss: `${claims.iss}/` })(claims, idp),
    'wrong_iss',
  ],
  ['of nobody', changed({ iss: undefined }), 'malformed'],
  ['for another client', changed({ aud: 'other' }), 'wrong_aud'],
  ['for us and others', (claims, idp) => changed({ aud: [claims.aud, 'other'] })(claims, idp), 'wrong_aud'],
  [
    'the twin: for us and others, and made for us',
    (claims, idp) => changed({ aud: [claims.aud, 'other'], azp: claims.aud })(claims, idp),
    'signed-in',
  ],
  ['made for somebody else', changed({ azp: 'other' }), 'wrong_aud'],
  ['of another sign-in', changed({ nonce: 'other' }), 'wrong_nonce'],
  ['of no sign-in', changed({ nonce: undefined }), 'malformed'],
  ['that is over', changed({ exp: NOW - 3600 }), 'expired'],
  ['that never ends', changed({ exp: undefined }), 'malformed'],
  ['of tomorrow', changed({ iat: NOW + 86_400 }), 'not_yet_valid'],
  ['that begins tomorrow', changed({ nbf: NOW + 86_400 }), 'not_yet_valid'],
  ['of another person than the access token', changed({ sub: 'bob' }), 'wrong_subject'],
  ['of a person with a line in their name', changed({ sub: 'alice\n' }), 'malformed'],
  ['of nobody in particular', changed({ sub: undefined }), 'malformed'],
  ['that says two things', twice, 'malformed'],
  ['that is an access token', changed({}, { typ: 'at+jwt' }), 'wrong_type'],
  ['that is a logout token', changed({ events: {} }), 'wrong_type'],
  ['with a key in its head', changed({}, { jwk: stranger.jwk }), 'malformed'],
  ['of a key that is unknown', (claims) => sign(claims, stranger), 'unknown_kid'],
  [
    'of a stranger in the name of a known key',
    (claims, idp) => sign(claims, stranger, { kid: idp.keys[0]?.kid }),
    'bad_signature',
  ],
  ['without a signature', (claims) => `${b64({ alg: 'none' })}.${b64(claims)}.`, 'malformed'],
  ['signed with the secret of the client', hmac, 'alg_not_allowed'],
  ['that is none', () => 'nothing', 'malformed'],
  ['that is not there', () => undefined, 'malformed'],
]

t.test('an ID token', async (t) => {
  const world = await oidcWorld(t)
  for (const [name, change, want] of rows) {
    world.idp.alter = async (route, body) => {
      if (route !== 'token') return body
      return { ...body, id_token: await change(decodeJwt(String(body.id_token)), world.idp) }
    }
    t.equal(outcome(await signIn(world)), want, name)
  }
})

type InfoRow = readonly [name: string, change: (body: Members) => Members, want: string, groups?: readonly string[]]
const infos: readonly InfoRow[] = [
  ['the twin: as it is', (body) => body, 'signed-in', ['analysts']],
  ['of another person', (body) => ({ ...body, sub: 'bob' }), 'wrong_subject'],
  ['of nobody', ({ sub: _, ...body }) => body, 'malformed'],
  [
    'that says how somebody signed in',
    (body) => ({ ...body, acr: 'gold', amr: ['mfa'], auth_time: 1, sid: 'x', iss: 'y' }),
    'signed-in',
    ['analysts'],
  ],
  [
    'that says more than the ID token, and other things',
    (body) => ({ ...body, name: 'Eve' }),
    'signed-in',
    ['analysts'],
  ],
]

t.test('an answer of the userinfo endpoint', async (t) => {
  const world = await oidcWorld(t)
  Object.assign(world.idp.next, { amr: ['pwd'] })
  for (const [name, change, want, groups] of infos) {
    world.idp.alter = (route, body) => (route === 'userinfo' ? change(body) : body)
    const result = await signIn(world)
    t.equal(outcome(result), want, name)
    if (result.outcome !== 'signed-in') continue
    const { principal, amr } = result.who
    t.same(principal.groups, groups)
    t.same(
      [principal.mfa, principal.acr, amr, principal.name],
      ['no', undefined, ['pwd'], 'Alice'],
      'the ID token holds',
    )
    t.same(Object.keys(principal.claims).sort(), ['department', 'email', 'groups', 'name', 'sub'])
  }
})
