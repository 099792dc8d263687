import type { Problem } from '../model/problem.ts'
import { endpointFault, isNetwork, listenAddress } from './addresses.ts'
import type { Config } from './schema.ts'

type Path = Problem['path']

const wrong = (path: Path, code: string, message: string, at: 'key' | 'value' = 'value'): Problem => ({
  path,
  at,
  severity: 'error',
  code,
  message,
})

/** What a schema cannot say: names that must differ, addresses, URLs, and at least one way in. Touches no file. */
export function crossCheck(config: Config): Problem[] {
  const { issuers, api_keys: keys } = config.identity
  const found = [...listenProblems(config), ...issuerProblems(config), ...upstreamProblems(config)]
  if (issuers.length === 0 && !keys.enabled) {
    const message = '`identity` names nobody who may call; add an issuer or `api_keys: { enabled: true }`'
    found.push(wrong(['identity'], 'no_identity', message, 'key'))
  }
  return found
}

function listenProblems({ listen }: Config): Problem[] {
  const found: Problem[] = []
  const form = 'must be `host:port` with a port up to 65535, and brackets around an IPv6 address'
  const proxy = listenAddress(listen.proxy)
  const admin = listenAddress(listen.admin)
  if (!proxy) found.push(wrong(['listen', 'proxy'], 'invalid_address', `\`proxy\` ${form}`))
  if (!admin) found.push(wrong(['listen', 'admin'], 'invalid_address', `\`admin\` ${form}`))
  if (proxy && admin && proxy.port !== 0 && proxy.port === admin.port) {
    found.push(wrong(['listen', 'admin'], 'same_port', '`admin` must not have the port of `proxy`; choose another one'))
  }
  for (const [index, range] of listen.trusted_proxies.entries()) {
    if (isNetwork(range)) continue
    const message = 'must be an address or a CIDR range such as `10.0.0.0/8`'
    found.push(wrong(['listen', 'trusted_proxies', index], 'invalid_network', message))
  }
  return found
}

function issuerProblems({ identity: { issuers } }: Config): Problem[] {
  const base: Path = ['identity', 'issuers']
  const found = [...repeated(issuers, base, 'name'), ...repeated(issuers, base, 'issuer')]
  for (const [index, { issuer, jwks, name, allow_insecure: insecure }] of issuers.entries()) {
    if (name === 'api_keys') {
      found.push(
        wrong(
          [...base, index, 'name'],
          'reserved_name',
          '`api_keys` is how events name our own keys; choose another name',
        ),
      )
    }
    const fault = endpointFault(issuer, insecure)
    if (fault) found.push(wrong([...base, index, 'issuer'], fault.code, `\`issuer\` ${fault.message}`))
    if (jwks.url === undefined) continue
    const keysFault = endpointFault(jwks.url.replace(/\?[^#]*$/, ''), insecure)
    if (keysFault) found.push(wrong([...base, index, 'jwks', 'url'], keysFault.code, `\`url\` ${keysFault.message}`))
    if (jwks.file !== undefined) {
      found.push(
        wrong([...base, index, 'jwks', 'file'], 'two_key_sets', '`file` and `url` exclude each other; keep one', 'key'),
      )
    }
  }
  return found
}

function upstreamProblems({ upstreams }: Config): Problem[] {
  const found = repeated(upstreams, ['upstreams'], 'name')
  for (const [index, { url, allow_insecure: insecure }] of upstreams.entries()) {
    const fault = endpointFault(url, insecure)
    if (fault) found.push(wrong(['upstreams', index, 'url'], fault.code, `\`url\` ${fault.message}`))
  }
  return found
}

function repeated<Key extends string>(list: readonly { [key in Key]: string }[], base: Path, key: Key): Problem[] {
  const seen = new Set<string>()
  return list.flatMap((entry, index) => {
    if (!seen.has(entry[key])) {
      seen.add(entry[key])
      return []
    }
    return [wrong([...base, index, key], 'duplicate', `another entry has this \`${key}\`; each one needs its own`)]
  })
}
