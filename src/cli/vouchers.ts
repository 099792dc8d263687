import type { Settings } from '../model/settings.ts'

/** Who may vouch for a caller, by the names that events give them. */
export function vouchers({ issuers, ldap, saml, local, mtls }: Settings): readonly string[] {
  const own = [...(local.enabled ? ['local'] : []), ...(mtls === undefined ? [] : ['mtls']), 'api_keys']
  return [...[...issuers, ...ldap, ...saml].map(({ name }) => name), ...own]
}
