import type { Problem } from '../model/problem.ts'
import type { Draft } from '../schema/draft.ts'
import { endpointFault, isLoopback, listenAddress } from './addresses.ts'
import type { Config } from './schema.ts'
import { needsPages, tokensIssuer, withoutSlash } from './tokens-settings.ts'

type Path = Problem['path']

/** What a schema cannot say of the proxy's own tokens. Touches no file. */
export function tokensProblems(config: Draft<Config>): Problem[] {
  const { identity } = config
  const base: Path = ['identity', 'tokens']
  const tokens = identity?.tokens
  const found: Problem[] = []
  const wrong = (path: Path, code: string, message: string, at: 'key' | 'value' = 'value') =>
    found.push({ path, at, severity: 'error', code, message })
  if (tokens?.issuer !== undefined) {
    const fault = endpointFault(tokens.issuer, false)
    // Nothing lets this one be plain: what it hands out would go over that line.
    if (fault?.code === 'insecure_url') {
      wrong([...base, 'issuer'], fault.code, '`issuer` is plain http beyond loopback; it must begin with `https://`')
    } else if (fault) wrong([...base, 'issuer'], fault.code, `\`issuer\` ${fault.message}`)
  } else if ((tokens !== undefined || needsPages(identity)) && isBeyondLoopback(config)) {
    const message =
      '`issuer` of `identity.tokens` must say by which URL people reach the proxy, for `listen.proxy` is beyond loopback'
    wrong(tokens === undefined ? ['identity'] : base, 'issuer_missing', message, 'key')
  }
  if (tokens?.previous !== undefined && tokens.key === undefined) {
    wrong([...base, 'previous'], 'incomplete', '`previous` means nothing without `key`', 'key')
  }
  const own = tokens === undefined && !needsPages(identity) && !identity?.local?.enabled ? null : tokensIssuer(config)
  for (const [index, entry] of (identity?.issuers ?? []).entries()) {
    if (own === null || entry?.issuer === undefined || withoutSlash(entry.issuer) !== own) continue
    const message = 'is the URL of the proxy’s own tokens; no other issuer may have it'
    wrong(['identity', 'issuers', index, 'issuer'], 'duplicate', `\`issuer\` ${message}`)
  }
  return found
}

function isBeyondLoopback({ listen }: Draft<Config>): boolean {
  const address = listenAddress(listen?.proxy ?? '')
  return address !== null && !isLoopback(address.host)
}
