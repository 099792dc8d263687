import type { StoredUser } from '../../model/accounts.ts'
import type { Principal } from '../../model/identity.ts'
import { LOCAL } from '../basic.ts'

/** A password is one factor, whatever else the user has: who shows another one signs in. */
export function principalOf(user: StoredUser, provenAtMs: number): Principal {
  return {
    id: user.name,
    issuer: LOCAL,
    method: 'local',
    name: user.display,
    email: user.email,
    groups: user.groups,
    roles: user.roles,
    workspaces: user.workspace === null ? [] : [user.workspace],
    claims: {},
    mfa: 'no',
    acr: undefined,
    authTime: Math.floor(provenAtMs / 1000),
    key: null,
    tokenId: null,
    expiresAt: null,
  }
}
