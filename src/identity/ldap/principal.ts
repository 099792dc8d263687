import type { Principal } from '../../model/identity.ts'
import type { LdapSettings } from '../../model/identity-settings.ts'
import type { Person } from './directory.ts'
import { firstText, textsOf } from './entry.ts'

/**
 * The caller that a user of a directory is. A password is one factor. Nobody signs in but by the request itself: it is as
 * recent as the trial of the password that it rests on.
 */
export function principalOf(
  { entry, id }: Person,
  groups: readonly string[] | undefined,
  { name, claims, attributes }: Pick<LdapSettings, 'name' | 'claims' | 'attributes'>,
  provenAtMs: number,
): Principal {
  return {
    id,
    issuer: name,
    method: 'ldap',
    name: firstText(entry, claims.name) ?? null,
    email: firstText(entry, claims.email) ?? null,
    groups,
    roles: [],
    workspaces: claims.workspace === null ? [] : textsOf(entry, claims.workspace),
    claims: Object.fromEntries(
      attributes.flatMap((attribute) => {
        const [value, second] = textsOf(entry, attribute)
        if (value === undefined) return []
        return [[attribute, second === undefined ? value : textsOf(entry, attribute)]]
      }),
    ),
    mfa: 'no',
    acr: undefined,
    authTime: Math.floor(provenAtMs / 1000),
    key: null,
    tokenId: null,
    expiresAt: null,
  }
}
