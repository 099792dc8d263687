import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t from 'tap'
import { startIdentityProvider } from '../../../src/demo/identity-provider.ts'

const provider = await startIdentityProvider()
t.teardown(() => provider.close())

const read = async <Document>(path: string): Promise<Document> =>
  (await fetch(provider.issuer + path)).json() as Promise<Document>

t.test('its metadata names itself and its keys', async (t) => {
  const metadata = await read<{ issuer: string; jwks_uri: string }>('/.well-known/openid-configuration')
  t.equal(metadata.issuer, provider.issuer)
  t.equal(metadata.jwks_uri, `${provider.issuer}/jwks`)
  const keys = await read<JSONWebKeySet>('/jwks')
  t.notOk(
    keys.keys.some((key: object) => 'd' in key),
    'no private key is published',
  )
})

const rows = [
  ['alice', ['staff', 'analysts'], ['pwd', 'otp', 'mfa']],
  ['bob', ['staff'], ['pwd']],
  ['carol', ['guests'], ['pwd']],
] as const

t.test('its access tokens verify and say who somebody is', async (t) => {
  const jwks = createLocalJWKSet(await read('/jwks'))
  for (const [person, groups, amr] of rows) {
    const token = await provider.token(person)
    const { payload, protectedHeader } = await jwtVerify(token, jwks, {
      issuer: provider.issuer,
      audience: 'sallyport',
      algorithms: ['ES256'],
    })
    t.equal(protectedHeader.typ, 'at+jwt')
    t.match(payload, { sub: person, groups, amr, auth_time: Number, jti: String })
    t.equal(Number(payload.exp) - Number(payload.iat), 3600, 'good for an hour')
  }
})

t.test('a wrong secret gets no token', async (t) => {
  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'alice', client_secret: 'x' }),
  })
  t.equal(response.status, 401)
})
