import { isIP } from 'node:net'
import { type JsonObject, ownValue } from '../../model/json.ts'
import { failed, ok, type Result } from '../../model/result.ts'
import type { FetchFailure, JsonFetcher } from './http-json.ts'

export type DiscoveryFailure = FetchFailure | 'issuer_mismatch' | 'insecure_url'

/**
 * What an issuer says of itself. OpenID Connect Discovery 1.0 sections 4.1 and 4.3: the metadata must be of exactly this
 * issuer. Does not check: anything else in it.
 */
export async function discovered(
  fetcher: JsonFetcher,
  issuer: string,
  signal: AbortSignal,
): Promise<Result<JsonObject, FetchFailure | 'issuer_mismatch'>> {
  const metadata = await fetcher.fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal)
  return metadata.ok && ownValue(metadata.value, 'issuer') !== issuer ? failed('issuer_mismatch') : metadata
}

/** The URL that the metadata of an issuer has under a name. */
export async function discoveredUrl(
  fetcher: JsonFetcher,
  { issuer, allowInsecure }: { readonly issuer: string; readonly allowInsecure: boolean },
  name: 'jwks_uri' | 'introspection_endpoint',
  signal: AbortSignal,
): Promise<Result<string, DiscoveryFailure>> {
  const metadata = await discovered(fetcher, issuer, signal)
  if (!metadata.ok) return metadata
  const url = ownValue(metadata.value, name)
  if (typeof url !== 'string') return failed('malformed')
  return isTrustworthy(url, allowInsecure) ? ok(url) : failed('insecure_url')
}

/** What comes over a line that anybody can write to is anybody's word. */
export function isTrustworthy(written: string, allowInsecure: boolean): boolean {
  const url = URL.parse(written)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  if (url.protocol === 'https:') return true
  if (url.protocol !== 'http:') return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return allowInsecure || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
