import { resolve } from 'node:path'
import type { TokenKeyFile, TokenSettings } from '../model/identity-settings.ts'
import { durationMs } from '../model/units.ts'
import type { Draft } from '../schema/draft.ts'
import { isLoopback, listenAddress } from './addresses.ts'
import type { Config } from './schema.ts'
import type { TokenKeyTexts } from './tokens-key.ts'

/** The parts of a config by which people sign in in a browser; those of them that are not built are not in its type. */
interface SigningIn {
  readonly issuers?: readonly ({ readonly name?: unknown; readonly login?: unknown } | undefined)[] | undefined
  readonly saml?: readonly unknown[] | undefined
  readonly local?: { readonly enabled?: boolean | undefined } | undefined
}

/** True where somebody can only sign in by the proxy's own pages: these have to have a URL. */
export function needsPages(identity: SigningIn | undefined): boolean {
  const { issuers = [], saml = [] } = identity ?? {}
  return saml.length > 0 || issuers.some((entry) => entry?.login !== undefined)
}

/**
 * The issuer's URL, without a slash at its end. `own`: that of the listener itself, once it listens (its port may be one
 * that is picked then). Null where there is none to be had: beyond loopback nobody knows by which name people reach it.
 */
export function tokensIssuer({ identity, listen }: Draft<Config>): string | 'own' | null {
  const written = identity?.tokens?.issuer
  if (written !== undefined) return withoutSlash(written)
  const address = listenAddress(listen?.proxy ?? '')
  if (address === null || !isLoopback(address.host)) return null
  if (address.port === 0) return 'own'
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${listen?.tls === undefined ? 'http' : 'https'}://${host}:${address.port}`
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

/** Null where nobody signs in by pages. `texts` are the keys as read; null where they are left unread. */
export function tokenSettings(config: Config, base: string, texts: TokenKeyTexts | null): TokenSettings | null {
  const { tokens, local } = config.identity
  if (tokens === undefined && !needsPages(config.identity) && !local.enabled) return null
  const issuer = tokensIssuer(config)
  // Users of the store sign in without pages, too.
  if (issuer === null) return null
  const { lifetime = '8h', key, previous = [] } = tokens ?? {}
  const fileOf = ({ file }: { readonly file: string }): TokenKeyFile => {
    const path = resolve(base, file)
    return { file: path, pem: texts?.get(path) ?? null }
  }
  return {
    issuer: issuer === 'own' ? null : issuer,
    lifetimeMs: durationMs(lifetime),
    keys: key === undefined ? { kind: 'store' } : { kind: 'files', files: [fileOf(key), ...previous.map(fileOf)] },
  }
}
