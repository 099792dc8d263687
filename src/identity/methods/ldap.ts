import { hash } from 'node:crypto'
import { LdapSource } from '../ldap/source.ts'
import type { MethodKind } from '../method.ts'

/** The users of directories, by `Authorization: Basic`. */
export const ldap: MethodKind = {
  name: 'ldap',
  plans: ({ ldap: entries = [] }) => {
    const directories = entries.map(({ name }) => name)
    return entries.map((settings) => ({
      // Whose a plain name is depends on all of them; a secret is not written down by itself.
      fingerprint: `ldap ${JSON.stringify([directories, settings, secretMark(settings.bind?.password.reveal())])}`,
      open: (ports) => new LdapSource(settings, directories, ports),
    }))
  },
}

function secretMark(secret: string | undefined): string {
  return secret === undefined ? '' : hash('sha256', secret)
}
