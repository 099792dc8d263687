import t from 'tap'
import { type Identity, openIdentity } from '../../../../src/identity/authenticate.ts'
import type { LdapSettings } from '../../../../src/model/identity-settings.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { startScriptedLdap } from '../../../support/ldap-server.ts'
import { SERVICE, SUFFIX } from '../../../support/slapd.ts'
import { basic, ldapSettings } from './scene.ts'

const ALICE = `uid=alice,ou=people,${SUFFIX}`

t.test('across a reload', async (t) => {
  const server = await startScriptedLdap((request) => {
    if (request.kind === 'search') return { entries: request.filter === '(uid=alice)' ? [{ dn: ALICE }] : [] }
    if (request.kind !== 'bind') return {}
    return request.dn === SERVICE.dn || request.password === 'right' ? {} : { code: 49 }
  })
  t.teardown(() => server.close())
  const ports = { clock: Date.now, keys: null, report: () => undefined }
  const open = (ldap: readonly LdapSettings[], previous?: Identity) => {
    const identity = openIdentity({ issuers: [], apiKeys: { enabled: false }, ldap }, ports, previous)
    t.teardown(() => identity.close())
    return identity
  }
  const settings = ldapSettings(server.port)
  const ask = async (identity: Identity, username: string, password: string, client: string) =>
    identity.authenticate(basic(username, password), client)
  const first = open([settings])
  t.match(await ask(first, 'alice', 'right', '10.0.0.1'), { outcome: 'verified', cache: 'miss' })
  const same = open([structuredCloneOf(settings)], first)
  t.match(await ask(same, 'alice', 'right', '10.0.0.1'), { cache: 'hit' }, 'one that did not change remembers')
  const rotated = open([{ ...settings, bind: { dn: SERVICE.dn, password: new Secret('another') } }], same)
  t.match(await ask(rotated, 'alice', 'right', '10.0.0.1'), { cache: 'miss' }, 'another secret is another directory')
  for (let guess = 0; guess < 5; guess++) await ask(rotated, 'alice', `wrong-${guess}`, '10.0.0.2')
  const changed = open([{ ...settings, cacheMs: 1000 }], rotated)
  t.match(await ask(changed, 'bob', 'x', '10.0.0.2'), { reason: 'throttled' }, 'guesses are not forgotten')
  const none = open([], changed)
  t.match(
    await ask(none, 'alice', 'right', '10.0.0.1'),
    { reason: 'unsupported_scheme' },
    'and one that is gone is nobody',
  )
})

function structuredCloneOf(settings: LdapSettings): LdapSettings {
  return {
    ...settings,
    claims: { ...settings.claims },
    bind: { dn: SERVICE.dn, password: new Secret(SERVICE.password) },
  }
}
