import t from 'tap'
import { fingerprintOf } from '../../../src/identity/fingerprint.ts'
import { Secret } from '../../../src/model/secret.ts'

const settings = (secret: string) => ({ name: 'corp', login: { clientSecret: new Secret(secret), scopes: ['openid'] } })

t.test('settings that differ in a secret alone are others', async (t) => {
  const one = fingerprintOf('oidc', settings('first'))
  t.equal(one, fingerprintOf('oidc', settings('first')))
  t.not(one, fingerprintOf('oidc', settings('second')))
  t.not(one, fingerprintOf('saml', settings('first')))
})

t.test('a fingerprint tells no secret', async (t) => {
  t.match(fingerprintOf(settings('first')), /^[0-9a-f]{64}$/)
})
