import type { Problem } from '../model/problem.ts'
import { magnitude } from '../model/units.ts'
import type { Draft } from '../schema/draft.ts'
import { endpointFault, isNetwork, listenAddress } from './addresses.ts'
import { dpopProblems } from './dpop.ts'
import { introspectionProblems } from './introspection.ts'
import { ldapProblems } from './ldap-check.ts'
import { loginProblems } from './login-check.ts'
import { passthroughProblems } from './passthrough.ts'
import { samlProblems } from './saml-check.ts'
import type { Config } from './schema.ts'
import { scimProblems } from './scim-check.ts'
import { storeProblems } from './store.ts'
import { tokensProblems } from './tokens-check.ts'
import { voucherNameProblems } from './voucher-names.ts'

type Path = Problem['path']

const wrong = (path: Path, code: string, message: string, at: 'key' | 'value' = 'value'): Problem => ({
  path,
  at,
  severity: 'error',
  code,
  message,
})

/** What a schema cannot say: names that must differ, addresses, URLs, and at least one way in. Touches no file. */
export function crossCheck(config: Draft<Config>): Problem[] {
  const found = listenProblems(config.listen ?? {})
  for (const { path, code, message } of voucherNameProblems(config.identity)) found.push(wrong(path, code, message))
  found.push(...issuerProblems(config), ...upstreamProblems(config))
  found.push(...directoryProblems(config), ...providerProblems(config), ...scimProblems(config))
  found.push(...passthroughProblems(config), ...storeProblems(config), ...tokensProblems(config))
  const { issuers, ldap, saml, api_keys: keys, local, mtls, dpop } = config.identity ?? {}
  for (const { path, code, message } of dpopProblems(dpop)) found.push(wrong(path, code, message))
  if (mtls !== undefined && config.listen?.tls?.client_ca === undefined) {
    const message = '`mtls` needs `listen.tls.client_ca`: the authorities of client certificates'
    found.push(wrong(['identity', 'mtls'], 'client_ca_missing', message, 'key'))
  }
  const isNobody = [issuers, ldap, saml].every((list) => list?.length === 0) && mtls === undefined
  if (isNobody && keys?.enabled === false && local?.enabled === false) {
    const message =
      '`identity` names nobody who may call; add an issuer, a directory, `local` or `api_keys: { enabled: true }`'
    found.push(wrong(['identity'], 'no_identity', message, 'key'))
  }
  return found
}

function listenProblems(listen: Draft<Config['listen']>): Problem[] {
  const found: Problem[] = []
  const form = 'must be `host:port` with a port up to 65535, and brackets around an IPv6 address'
  const proxy = listenAddress(listen.proxy ?? '')
  const admin = listenAddress(listen.admin ?? '')
  if (!proxy && listen.proxy !== undefined) {
    found.push(wrong(['listen', 'proxy'], 'invalid_address', `\`proxy\` ${form}`))
  }
  if (!admin && listen.admin !== undefined) {
    found.push(wrong(['listen', 'admin'], 'invalid_address', `\`admin\` ${form}`))
  }
  if (proxy && admin && proxy.port !== 0 && proxy.port === admin.port) {
    found.push(wrong(['listen', 'admin'], 'same_port', '`admin` must not have the port of `proxy`; choose another one'))
  }
  for (const [index, range] of (listen.trusted_proxies ?? []).entries()) {
    if (range === undefined || isNetwork(range)) continue
    const message = 'must be an address or a CIDR range such as `10.0.0.0/8`'
    found.push(wrong(['listen', 'trusted_proxies', index], 'invalid_network', message))
  }
  return found
}

function issuerProblems({ identity }: Draft<Config>): Problem[] {
  const base: Path = ['identity', 'issuers']
  const issuers = identity?.issuers ?? []
  const found = repeated(issuers, base, 'issuer')
  for (const [index, entry] of issuers.entries()) {
    const { issuer, jwks, allow_insecure: insecure = false } = entry ?? {}
    found.push(...urlProblems([...base, index, 'issuer'], issuer, insecure))
    found.push(...urlProblems([...base, index, 'jwks', 'url'], jwks?.url, insecure))
    if (jwks?.url !== undefined && jwks.file !== undefined) {
      const message = '`file` and `url` exclude each other; keep one'
      found.push(wrong([...base, index, 'jwks', 'file'], 'two_key_sets', message, 'key'))
    }
    for (const problem of loginProblems(entry ?? {}, [...base, index])) found.push(wrong(...problem))
    const { refresh, max_stale: stale } = jwks ?? {}
    if (refresh !== undefined && stale !== undefined && magnitude(stale) < magnitude(refresh)) {
      const message = `\`max_stale\` (${stale}) must be no shorter than \`refresh\` (${refresh})`
      found.push(wrong([...base, index, 'jwks', 'max_stale'], 'stale_before_refresh', message))
    }
  }
  for (const { path, code, message, at } of introspectionProblems(issuers, base)) {
    found.push(wrong(path, code, message, at))
  }
  return found
}

function directoryProblems({ identity }: Draft<Config>): Problem[] {
  return [...(identity?.ldap ?? []).entries()].flatMap(([index, entry]) => {
    const found = ldapProblems(entry ?? {}, ['identity', 'ldap', index])
    return found.map(({ path, code, message, at }) => wrong(path, code, message, at))
  })
}

function providerProblems({ identity }: Draft<Config>): Problem[] {
  return [...(identity?.saml ?? []).entries()].flatMap(([index, entry]) => {
    const found = samlProblems(entry ?? {}, ['identity', 'saml', index])
    return found.map(({ path, code, message, at }) => wrong(path, code, message, at))
  })
}

function upstreamProblems({ upstreams = [] }: Draft<Config>): Problem[] {
  const found = repeated(upstreams, ['upstreams'], 'name')
  for (const [index, entry] of upstreams.entries()) {
    found.push(...urlProblems(['upstreams', index, 'url'], entry?.url, entry?.allow_insecure ?? false))
    for (const [place, model] of (entry?.models ?? []).entries()) {
      if (!model?.startsWith('@')) continue
      const message = 'sets of models belong to policies; name the models themselves, or write a pattern'
      found.push(wrong(['upstreams', index, 'models', place], 'set_in_upstream', message))
    }
  }
  return found
}

function urlProblems(path: Path, url: string | undefined, insecure: boolean): Problem[] {
  const fault = url === undefined ? null : endpointFault(url, insecure)
  return fault ? [wrong(path, fault.code, `\`${path.at(-1)}\` ${fault.message}`)] : []
}

type Named<Key extends string> = { readonly [key in Key]?: string | undefined } | undefined

function repeated<Key extends string>(list: readonly Named<Key>[], base: Path, key: Key): Problem[] {
  const seen = new Set<string>()
  return list.flatMap((entry, index) => {
    const name = entry?.[key]
    if (name === undefined) return []
    if (seen.has(name))
      return [wrong([...base, index, key], 'duplicate', `another entry has this \`${key}\`; each one needs its own`)]
    seen.add(name)
    return []
  })
}
