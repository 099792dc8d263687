import { LocalUsers } from '../local/users.ts'
import type { MethodKind } from '../method.ts'

/** Users of the store, by `Authorization: Basic`. */
export const local: MethodKind = {
  name: 'local',
  plans: ({ local, ldap = [] }) => {
    if (local?.enabled !== true) return []
    const directories = ldap.map(({ name }) => name)
    // Whose a plain name is depends on them.
    const fingerprint = `local ${JSON.stringify(directories)}`
    return [{ fingerprint, open: (ports) => new LocalUsers(directories, ports) }]
  },
}
