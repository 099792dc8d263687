import t from 'tap'
import { type IdentityReport, openIdentity } from '../../../src/identity/authenticate.ts'
import { startIdentityProvider } from '../../support/identity-provider.ts'
import { Log } from '../../support/within.ts'
import { bearer, issuerSettings, outcome, quietPorts } from './forge.ts'

t.test('a real OpenID provider: discovery, its own tokens, rotation, an outage', async (t) => {
  const provider = await startIdentityProvider({ alice: { groups: ['analysts'] } })
  t.teardown(() => provider.close())
  const settings = issuerSettings('', {
    issuer: provider.issuer,
    jwks: { kind: 'discover', refreshMs: 600_000, maxStaleMs: 600_000 },
  })
  const reports = new Log<IdentityReport>()
  const ports = quietPorts({ now: 0 }, { clock: Date.now, report: (report) => reports.push(report) })
  const identity = openIdentity({ issuers: [settings], apiKeys: { enabled: false } }, ports)
  t.teardown(() => identity.close())
  const ask = async (text: string) => identity.authenticate(bearer(text))

  const token = await provider.token('alice')
  t.match(await ask(token), { outcome: 'verified', principal: { id: 'alice', groups: ['analysts'], issuer: 'corp' } })
  t.match(identity.authenticate(bearer(token)), { cache: 'hit' })

  await provider.rotate({ keep: true })
  t.equal(outcome(await ask(await provider.token('alice'))), 'verified', 'a new key is fetched')
  t.equal(outcome(await ask(token)), 'verified', 'the old one is still published')
  t.equal(provider.keyFetches, 2)

  await provider.stop()
  t.equal(outcome(await ask(await provider.mint({ jti: 'late' }))), 'verified', 'known keys outlive an outage')
  t.same(
    reports.entries.map(({ kind }) => kind),
    ['jwks-refreshed', 'jwks-refreshed'],
  )
})
