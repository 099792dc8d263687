import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { namesIn, readTemplate } from '../model/ldap-filter.ts'
import { normalName } from '../model/ldap-name.ts'
import type { Problem } from '../model/problem.ts'
import type { Draft } from '../schema/draft.ts'
import { isLoopback } from './addresses.ts'
import type { LdapConfig } from './ldap-schema.ts'
import { ldapServer } from './ldap-settings.ts'

type Path = Problem['path']
type Found = Pick<Problem, 'path' | 'code' | 'message' | 'at'>

/** What a schema cannot say of one directory. `base` is the place of its entry. Touches no file. */
export function ldapProblems(entry: Draft<LdapConfig>, base: Path): Found[] {
  return [
    ...serverProblems(entry, base),
    ...templateProblems(entry, base),
    ...(['base', 'group_base'] as const).flatMap((key) => {
      const name = entry[key]
      if (name === undefined || normalName(name) !== null) return []
      return [
        { path: [...base, key], code: 'invalid_dn', message: `\`${key}\` must be a DN such as \`dc=example,dc=org\`` },
      ]
    }),
    ...accountProblems(entry, base),
  ]
}

function serverProblems(entry: Draft<LdapConfig>, base: Path): Found[] {
  const { url, start_tls: startTls, allow_insecure: insecure } = entry
  const places: [Path, string | undefined][] =
    typeof url === 'object' ? url.map((one, index) => [[...base, 'url', index], one]) : [[[...base, 'url'], url]]
  return places.flatMap(([path, written]): Found[] => {
    if (written === undefined) return []
    if (/^[a-z]+:\/\/[^/?#]*@/i.test(written)) {
      const message = 'must not hold a user or a password; they belong to `bind_dn` and `bind_password`'
      return [{ path, code: 'plain_secret', message }]
    }
    const server = ldapServer(written)
    if (server === null) {
      const message = 'must be `ldaps://host` or `ldap://host`, with or without a port and nothing behind it'
      return [{ path, code: 'invalid_url', message }]
    }
    if (server.secure && startTls) {
      const message = '`ldaps://` has TLS from the first byte; take `start_tls` away, or write `ldap://`'
      return [{ path: [...base, 'start_tls'], code: 'tls_twice', message }]
    }
    if (server.secure || startTls || insecure || isLoopback(server.host)) return []
    const message =
      'is plain ldap beyond loopback; use `ldaps://` or `start_tls: true`, or `allow_insecure: true` on a network that you trust'
    return [{ path, code: 'insecure_url', message }]
  })
}

function templateProblems(entry: Draft<LdapConfig>, base: Path): Found[] {
  return (['user_filter', 'group_filter'] as const).flatMap((key): Found[] => {
    const text = entry[key]
    if (text === undefined) return []
    const path = [...base, key]
    const template = readTemplate(text)
    if (!template.ok) return [{ path, code: 'invalid_filter', message: `\`${key}\` ${template.fault}` }]
    const names = namesIn(template.value)
    if (key === 'user_filter') {
      const others = [...names].filter((name) => name !== 'username')
      if (names.has('username') && others.length === 0) return []
      const message = names.has('username')
        ? `\`${key}\` may have no place but \`{username}\``
        : `\`${key}\` must have a place for the name that was given: \`{username}\``
      return [{ path, code: 'invalid_filter', message }]
    }
    if (names.size > 0 && !names.has('username')) return []
    const message = names.has('username')
      ? `\`${key}\` cannot speak of \`{username}\`, which people write as they like; name an attribute of the user: \`{uid}\``
      : `\`${key}\` must have a place for the user: \`{dn}\`, or an attribute such as \`{uid}\``
    return [{ path, code: 'invalid_filter', message }]
  })
}

function accountProblems({ bind_dn: dn, bind_password: password }: Draft<LdapConfig>, base: Path): Found[] {
  if (dn !== undefined && !/[=@\\]/.test(dn)) {
    const message = '`bind_dn` must be a DN (Active Directory takes `user@domain`, too)'
    return [{ path: [...base, 'bind_dn'], code: 'invalid_dn', message }]
  }
  if ((dn === undefined) === (password === undefined)) return []
  // Told of what is absent: where that was read and is not sound, that has been told already.
  const [absent, other] = dn === undefined ? ['bind_dn', 'bind_password'] : ['bind_password', 'bind_dn']
  return [{ path: [...base, absent], code: 'incomplete', message: `\`${other}\` means nothing without \`${absent}\`` }]
}

/** What is wrong with a file of certificates; null when nothing is. */
export async function certificatesFault(file: string): Promise<{ code: string; message: string } | null> {
  const blocks = (await readFile(file, 'latin1')).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  try {
    for (const block of blocks ?? []) new X509Certificate(block)
    if (blocks !== null) return null
  } catch {
    // Said below.
  }
  return { code: 'invalid_certificates', message: 'must hold certificates (PEM), and nothing that is none' }
}
