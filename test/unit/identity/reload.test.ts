import t from 'tap'
import { type Identity, openIdentity } from '../../../src/identity/authenticate.ts'
import type { IssuerSettings } from '../../../src/model/identity-settings.ts'
import { bearer, goodClaims, issuerSettings, makeKey, NOW, outcome, quietPorts, token } from './forge.ts'
import { startJwksServer } from './jwks-server.ts'

const key = makeKey('ES256', 'es')
const keyless = { enabled: false }

async function scene(t: Parameters<typeof startJwksServer>[0]) {
  const server = await startJwksServer(t, [key.jwk])
  const ports = quietPorts({ now: NOW })
  const settings = issuerSettings('', {
    jwks: { kind: 'url', url: `${server.origin}/jwks`, refreshMs: 600_000, maxStaleMs: 600_000 },
  })
  const open = (issuers: IssuerSettings[], previous?: Identity) => {
    const identity = openIdentity({ issuers, apiKeys: keyless }, ports, previous)
    t.teardown(() => identity.close())
    return identity
  }
  const fetches = () => server.asked.entries.length
  return { settings, open, fetches, text: token(key, goodClaims()) }
}

t.test('an issuer that did not change goes on with its keys and its memory', async (t) => {
  const { settings, open, fetches, text } = await scene(t)
  const before = open([settings])
  await before.authenticate(bearer(text))
  const after = open([structuredClone(settings)], before)
  t.match(after.authenticate(bearer(text)), { cache: 'hit' })
  before.close()
  t.match(after.authenticate(bearer(text)), { cache: 'hit' }, 'also when the one before is closed')
  t.equal(fetches(), 1)
})

t.test('one that changed forgets everything at once', async (t) => {
  const { settings, open, fetches, text } = await scene(t)
  const before = open([settings])
  await before.authenticate(bearer(text))
  const after = open([{ ...settings, audience: ['elsewhere'] }], before)
  t.equal(outcome(await after.authenticate(bearer(text))), 'wrong_aud')
  t.equal(fetches(), 2)
  t.match(before.authenticate(bearer(text)), { cache: 'hit' }, 'requests that began before come to their end')
})

t.test('one that is gone is nobody, and comes back without its memory', async (t) => {
  const { settings, open, text } = await scene(t)
  const first = open([settings])
  await first.authenticate(bearer(text))
  const second = open([], first)
  t.equal(outcome(await second.authenticate(bearer(text))), 'wrong_iss')
  const third = open([settings], second)
  t.match(await third.authenticate(bearer(text)), { cache: 'miss' })
})

t.test('nobody owns a credential of a kind that is not there', async (t) => {
  const identity = openIdentity({ issuers: [], apiKeys: keyless }, quietPorts({ now: NOW }))
  t.teardown(() => identity.close())
  t.same(await identity.authenticate(bearer('sp_ABC')), {
    outcome: 'rejected',
    reason: 'unsupported_scheme',
    method: 'api_key',
  })
  const basic = { kind: 'basic', username: 'bob', password: bearer('x').token } as const
  t.same(await identity.authenticate(basic), { outcome: 'rejected', reason: 'unsupported_scheme', method: null })
  t.same(await identity.authenticate(bearer('opaque')), { outcome: 'rejected', reason: 'malformed', method: 'jwt' })
})
