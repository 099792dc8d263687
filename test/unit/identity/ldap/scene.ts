import type { Test } from 'tap'
import { type Identity, type IdentityReport, openIdentity } from '../../../../src/identity/authenticate.ts'
import type { Credential, Principal, Verification } from '../../../../src/model/identity.ts'
import type { LdapSettings } from '../../../../src/model/identity-settings.ts'
import { Secret } from '../../../../src/model/secret.ts'
import { type Entries, SERVICE, Slapd, type SlapdOptions, SUFFIX } from '../../../support/slapd.ts'

export const basic = (username: string, password: string): Credential => ({
  kind: 'basic',
  username,
  password: new Secret(password),
})

/** As a config would have it that says little. */
export function ldapSettings(port: number, more: Partial<LdapSettings> = {}): LdapSettings {
  return {
    name: 'corp',
    servers: [{ secure: false, host: '127.0.0.1', port }],
    startTls: false,
    ca: null,
    bind: { dn: SERVICE.dn, password: new Secret(SERVICE.password) },
    base: SUFFIX,
    groupBase: SUFFIX,
    userFilter: '(uid={username})',
    groupFilter: '(member={dn})',
    nestedGroups: 'detect',
    claims: { id: 'dn', name: 'cn', email: 'mail', groups: ['cn'], workspace: null },
    attributes: [],
    timeouts: { connectMs: 2000, operationMs: 2000, totalMs: 5000, idleMs: 30_000 },
    maxConnections: 4,
    maxWaiting: 16,
    cacheMs: 60_000,
    ...more,
  }
}

export async function startSlapd(t: Test, entries: Entries, options?: SlapdOptions): Promise<Slapd> {
  const slapd = new Slapd(entries, options)
  t.teardown(() => slapd.close())
  await slapd.start()
  return slapd
}

/** An identity of these directories, with a clock that the test moves on. */
export function openDirectories(t: Test, ...settings: readonly LdapSettings[]) {
  const clock = { skipMs: 0 }
  const reports: IdentityReport[] = []
  const now = () => Date.now() + clock.skipMs
  const ports = { clock: now, keys: null, report: (report: IdentityReport) => void reports.push(report) }
  const identity: Identity = openIdentity({ issuers: [], apiKeys: { enabled: false }, ldap: settings }, ports)
  t.teardown(() => identity.close())
  const verify = async (username: string, password: string, client?: string): Promise<Verification> =>
    identity.authenticate(basic(username, password), client)
  const known = async (username: string, password: string, client?: string): Promise<Principal> => {
    const verification = await verify(username, password, client)
    if (verification.outcome !== 'verified') throw new Error(`${username}: ${verification.reason}`)
    return verification.principal
  }
  const why = async (username: string, password: string, client?: string): Promise<string> => {
    const verification = await verify(username, password, client)
    return verification.outcome === 'verified' ? 'verified' : verification.reason
  }
  return { identity, clock, now, reports, verify, known, why }
}
