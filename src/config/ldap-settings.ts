import { resolve } from 'node:path'
import type { LdapServer, LdapSettings } from '../model/identity-settings.ts'
import type { Secret } from '../model/secret.ts'
import { durationMs } from '../model/units.ts'
import type { LdapConfig } from './ldap-schema.ts'

/** Settings of a directory whose config has no problems; `password` is that of `bind_dn`. */
export function ldapSettings(entry: LdapConfig, base: string, password: Secret | null): LdapSettings {
  const { claims, timeouts, bind_dn: dn } = entry
  return {
    name: entry.name,
    servers: serverUrls(entry.url).map((url) => checkedServer(url)),
    startTls: entry.start_tls,
    ca: entry.ca === undefined ? null : resolve(base, entry.ca.file),
    bind: dn === undefined || password === null ? null : { dn, password },
    base: entry.base,
    groupBase: entry.group_base ?? entry.base,
    userFilter: entry.user_filter,
    groupFilter: entry.group_filter,
    nestedGroups:
      typeof entry.nested_groups === 'string' ? entry.nested_groups : entry.nested_groups ? 'detect' : 'off',
    claims: {
      id: claims.id,
      name: claims.name,
      email: claims.email,
      groups: typeof claims.groups === 'string' ? [claims.groups] : claims.groups,
      workspace: claims.workspace ?? null,
    },
    attributes: entry.attributes,
    timeouts: {
      connectMs: durationMs(timeouts.connect),
      operationMs: durationMs(timeouts.operation),
      totalMs: durationMs(timeouts.total),
      idleMs: durationMs(timeouts.idle),
    },
    maxConnections: entry.max_connections,
    maxWaiting: entry.max_waiting,
    cacheMs: durationMs(entry.cache),
  }
}

function serverUrls(url: string | readonly string[]): readonly string[] {
  return typeof url === 'string' ? [url] : url
}

/** Reads `ldap://host`, `ldaps://host:port`; null for what is neither. */
export function ldapServer(written: string): LdapServer | null {
  const parts = /^(ldaps?):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([1-9][0-9]{0,4}))?\/?$/i.exec(written)
  if (parts === null) return null
  const [, scheme = '', bracketed, plain = '', digits] = parts
  const secure = scheme.toLowerCase() === 'ldaps'
  const port = digits === undefined ? (secure ? 636 : 389) : Number(digits)
  return port > 65_535 ? null : { secure, host: bracketed ?? plain, port }
}

function checkedServer(url: string): LdapServer {
  const server = ldapServer(url)
  if (server === null) throw new Error('settings of an unchecked config')
  return server
}

/** The name under which the secret of a directory is kept among those of upstreams, which never has a colon. */
export function ldapSecretName(name: string): string {
  return `ldap:${name}`
}
