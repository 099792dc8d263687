import { fingerprintOf } from '../fingerprint.ts'
import { LdapSource } from '../ldap/source.ts'
import type { MethodKind } from '../method.ts'

/** The users of directories, by `Authorization: Basic`. */
export const ldap: MethodKind = {
  name: 'ldap',
  plans: ({ ldap: entries = [] }) => {
    const directories = entries.map(({ name }) => name)
    return entries.map((settings) => ({
      // Whose a plain name is depends on all of them.
      fingerprint: fingerprintOf('ldap', directories, settings),
      open: (ports) => new LdapSource(settings, directories, ports),
    }))
  },
}
